"""A serving graph as an ONNX file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import torch

from sklearn_ple.export.graph import ServingGraph
from sklearn_ple.export.quiet import quietly
from sklearn_ple.export.signature import InputColumn, Signature
from sklearn_ple.export.torch_file import traced, write_beside

Categories = Literal["codes", "text"]
METADATA_KEY = "sklearn_ple"


def write_onnx(
    graph: ServingGraph, path: str | Path, *, categories: Categories = "codes"
) -> Signature:
    """Write a graph as ONNX, and its signature into the metadata and as JSON beside it.

    Raises
    ------
    ImportError
        If onnx or onnxscript is not installed.
    ValueError
        If `categories` is neither "codes" nor "text".
    """
    if categories not in ("codes", "text"):
        raise ValueError(f"categories must be 'codes' or 'text', got {categories!r}.")
    try:
        import onnx
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "to_onnx needs onnx and onnxscript: pip install sklearn-ple[onnx]."
        ) from error
    model = _translated(graph)
    signature = graph.signature
    if categories == "text":
        signature = signature.with_text()
        _read_text(model, signature)
    onnx.helper.set_model_props(model, {METADATA_KEY: signature.to_json()})
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    write_beside(signature.to_json(), path)
    return signature


def _translated(graph: ServingGraph) -> Any:
    signature = graph.signature
    program = traced(graph)
    with quietly():
        translated = torch.onnx.export(
            program,
            input_names=[each.input for each in signature.inputs],
            output_names=[each.output for each in signature.outputs],
            dynamo=True,
            verbose=False,
        )
    assert translated is not None
    return translated.model_proto


def _read_text(model: Any, signature: Signature) -> None:
    """Let text come in where the graph reads codes, by a table of levels in front."""
    from onnx import TensorProto, helper

    nodes = []
    inputs = {each.name: each for each in model.graph.input}
    for column in signature.inputs:
        if column.kind == "text":
            nodes.append(_table_of_levels(column))
            for node in model.graph.node:
                node.input[:] = [_codes_of(n) if n == column.input else n for n in node.input]
            inputs[column.input].type.tensor_type.elem_type = TensorProto.STRING
    for node in reversed(nodes):
        model.graph.node.insert(0, node)
    if nodes:
        model.opset_import.append(helper.make_opsetid("ai.onnx.ml", 3))


def _codes_of(name: str) -> str:
    return f"{name}:codes"


def _table_of_levels(column: InputColumn) -> Any:
    from onnx import helper

    levels = column.levels or []
    return helper.make_node(
        "LabelEncoder",
        [column.input],
        [_codes_of(column.input)],
        domain="ai.onnx.ml",
        keys_strings=[*levels, column.missing_text],
        values_int64s=[*range(len(levels)), -1],
        default_int64=len(levels),
    )
