"""A serving graph as an ONNX file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import torch

from sklearn_ple.export.graph import ServingGraph
from sklearn_ple.export.quiet import quietly
from sklearn_ple.export.signature import InputColumn, Signature
from sklearn_ple.export.torch_file import write_beside

Categories = Literal["codes", "text"]
METADATA_KEY = "sklearn_ple"


def write_onnx(
    graph: ServingGraph, path: str | Path, *, categories: Categories = "codes"
) -> Signature:
    """Write a graph as ONNX, and its signature into the metadata and as JSON beside it.

    Parameters
    ----------
    graph : ServingGraph
    path : str or Path
        Beside "model.onnx" lies "model.onnx.json".
    categories : {"codes", "text"}, default="codes"
        How categories that are text go in.

    Returns
    -------
    Signature

    Raises
    ------
    ImportError
        If onnx or onnxscript is not installed.
    ValueError
        If `categories` is neither "codes" nor "text".

    Notes
    -----
    The graph answers every row, see `ServingGraph`.
    """
    if categories not in ("codes", "text"):
        raise ValueError(f"categories must be 'codes' or 'text', got {categories!r}.")
    try:
        import onnx
        import onnxscript  # noqa: F401  only whether it is there: torch translates with it
    except ImportError as error:
        raise ImportError(
            "to_onnx needs onnx and onnxscript: pip install onnx onnxscript"
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
    """The model, whose inputs and outputs have the signature's names and nothing else has."""
    signature = graph.signature
    inputs = {_in_or_out(each.input): each.input for each in signature.inputs}
    outputs = {_in_or_out(each.output): each.output for each in signature.outputs}
    program = graph.program
    with quietly():
        translated = torch.onnx.export(
            program, input_names=[*inputs], output_names=[*outputs], dynamo=True, verbose=False
        )
    assert translated is not None
    model = translated.model_proto
    ours = inputs | outputs
    _rename(model.graph, {name: f"{name}:inside" for name in ours.values()})
    _rename(model.graph, ours)
    return model


def _in_or_out(name: str) -> str:
    """A name that the exporter gives to nothing."""
    return f"{name}:outside"


def _rename(graph: Any, names: dict[str, str]) -> None:
    """Give values of a graph other names."""
    for values in (graph.input, graph.output, graph.initializer, graph.value_info):
        for value in values:
            value.name = names.get(value.name, value.name)
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]


def _read_text(model: Any, signature: Signature) -> None:
    """Let text come in where the graph reads codes, by a table of levels in front."""
    from onnx import TensorProto, helper

    texts = {each.input: each for each in signature.inputs if each.kind == "text"}
    for node in model.graph.node:
        node.input[:] = [_codes_of(name) if name in texts else name for name in node.input]
    for value in model.graph.input:
        if value.name in texts:
            value.type.tensor_type.elem_type = TensorProto.STRING
    for column in texts.values():
        model.graph.node.insert(0, _table_of_levels(column))
    if texts:
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
