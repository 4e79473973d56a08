"""A fitted model as one graph, raw columns in and predictions out: `torch.export` and ONNX."""

from sklearn_ple.export.graph import ServingGraph
from sklearn_ple.export.onnx_file import write_onnx
from sklearn_ple.export.signature import InputColumn, Output, Signature
from sklearn_ple.export.steps import AffineMap, StepMap
from sklearn_ple.export.torch_file import write_torch_export

__all__ = [
    "AffineMap",
    "InputColumn",
    "Output",
    "ServingGraph",
    "Signature",
    "StepMap",
    "write_onnx",
    "write_torch_export",
]
