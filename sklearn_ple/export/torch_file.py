"""A serving graph as a file of `torch.export`."""

from __future__ import annotations

from pathlib import Path

from sklearn_ple.export.graph import ServingGraph
from sklearn_ple.export.quiet import quietly
from sklearn_ple.export.signature import Signature

SIGNATURE_FILE = "signature.json"


def write_torch_export(graph: ServingGraph, path: str | Path) -> Signature:
    """Write a graph for `torch.export.load`, and its signature inside and as JSON beside it.

    Parameters
    ----------
    graph : ServingGraph
    path : str or Path
        Beside "model.pt2" lies "model.pt2.json".

    Returns
    -------
    Signature

    Notes
    -----
    The graph answers every row, see `ServingGraph`.
    """
    from torch.export import save  # slow to import

    text = graph.signature.to_json()
    program = graph.program
    with quietly():
        save(program, path, extra_files={SIGNATURE_FILE: text})
    write_beside(text, path)
    return graph.signature


def write_beside(signature: str, path: str | Path) -> None:
    """Write a signature beside a model: "model.onnx" has "model.onnx.json"."""
    Path(f"{path}.json").write_text(signature, encoding="utf-8")
