"""A serving graph as a file of `torch.export`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch

from sklearn_ple.export.graph import ServingGraph
from sklearn_ple.export.quiet import quietly
from sklearn_ple.export.signature import Signature

if TYPE_CHECKING:
    from torch.export import ExportedProgram

SIGNATURE_FILE = "signature.json"


def traced(graph: ServingGraph) -> ExportedProgram:
    """A graph as operators alone, for any number of rows."""
    from torch.export import Dim, export  # slow to import

    example = graph.example()
    rows = Dim("rows")
    shapes = ({name: {0: rows} for name in example},)
    with torch.no_grad(), quietly():
        return export(graph, (example,), dynamic_shapes=shapes, strict=False)


def write_torch_export(graph: ServingGraph, path: str | Path) -> Signature:
    """Write a graph for `torch.export.load`, and its signature inside and as JSON beside it."""
    from torch.export import save

    text = graph.signature.to_json()
    program = traced(graph)
    with quietly():
        save(program, path, extra_files={SIGNATURE_FILE: text})
    write_beside(text, path)
    return graph.signature


def write_beside(signature: str, path: str | Path) -> None:
    """Write a signature beside a model: "model.onnx" has "model.onnx.json"."""
    Path(f"{path}.json").write_text(signature, encoding="utf-8")
