"""`ServingGraph`: a fitted model as one module, from raw columns to predictions."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from sklearn_ple.export.quiet import quietly
from sklearn_ple.export.reading import ColumnReader
from sklearn_ple.export.signature import Signature
from sklearn_ple.export.tables import fix_tables
from sklearn_ple.features import FeatureTable
from sklearn_ple.nn import MultiTaskModule
from sklearn_ple.tasks import Task, TaskSet

if TYPE_CHECKING:
    from torch.export import ExportedProgram


class ServingGraph(nn.Module):
    """Columns of X in, a prediction for every task out.

    It holds copies of all that was fitted: scales, knots and levels, the network, what calibration
    does, links and units. Scales and knots work in float64, the network in the dtype that it was
    trained in, calibration, coupling and links in float64 again.

    Parameters
    ----------
    module : MultiTaskModule
        Fitted; it is copied.
    tasks : TaskSet
    signature : Signature
        The names of what comes in and goes out.
    calibration : dict of int to nn.Module
        By a task's position, what is done to its tower's outputs (n, n_raw).

    Raises
    ------
    TypeError
        If a task can't be computed in torch, or the encoder was not prepared by a `FeatureTable`.

    Notes
    -----
    A graph raises no errors: it answers every row. `predict` refuses infinite numbers and, with
    ``numeric_encoding="standard"``, those too large for the network's precision even after scaling;
    `Signature.arrays` refuses the former; for the latter the answer, mostly NaN, means nothing.
    """

    def __init__(
        self,
        module: MultiTaskModule,
        tasks: TaskSet,
        signature: Signature,
        calibration: Mapping[int, nn.Module],
    ) -> None:
        super().__init__()
        features = module.encoder.features
        if not isinstance(features, FeatureTable):
            raise TypeError(
                f"The encoder's inputs were prepared by {features!r}, which has no form in torch; "
                f"only a FeatureTable has."
            )
        for task in tasks:
            _check_task(task)
        network = copy.deepcopy(module).cpu().eval().requires_grad_(False)
        dtype = next(network.parameters()).dtype
        self.signature = signature
        self.reader = ColumnReader(features, dtype)
        fix_tables(network.encoder, self.reader.sources)
        self.coupling = network.coupling.double()
        self.network = MultiTaskModule(network.encoder, network.routing, network.towers)
        self.calibration = nn.ModuleDict({str(k): each for k, each in calibration.items()})
        self.tasks = TaskSet(tuple(_with_exact_numbers(task) for task in tasks))
        self.eval()
        _unregister_empty_buffers(self)

    def forward(self, columns: dict[str, Tensor]) -> dict[str, Tensor]:
        """Numbers (n,) in float64 and codes (n,) in int64 to (n, n_classes) or (n,) by name."""
        by_position = {i: columns[each.input] for i, each in enumerate(self.signature.inputs)}
        towers = self.network(**self.reader(by_position)).double()
        parts = [
            self.calibration[str(k)](part) if str(k) in self.calibration else part
            for k, part in enumerate(self.tasks.split(towers))
        ]
        raw = self.coupling(torch.cat(parts, dim=1))
        outputs = zip(self.signature.outputs, self.tasks, self.tasks.split(raw), strict=True)
        return {output.output: _predicted(task, part) for output, task, part in outputs}

    @cached_property
    def program(self) -> ExportedProgram:
        """The same as operators alone, for any number of rows.

        Strictly, that is from its bytecode: only so may a module ask for `len` of a batch, which
        must be a number to all of Python but that compiler.
        """
        from torch.export import Dim, export  # slow to import

        dtypes = {"number": torch.float64, "code": torch.int64}
        example = {e.input: torch.zeros(3, dtype=dtypes[e.kind]) for e in self.signature.inputs}
        shapes = ({name: {0: Dim("rows")} for name in example},)
        with torch.no_grad(), quietly():
            return export(self, (example,), dynamic_shapes=shapes, strict=True)


def _unregister_empty_buffers(graph: nn.Module) -> None:
    """Keep them as mere attributes: `torch.export.save` fails where it meets several."""
    for module in graph.modules():
        for name, buffer in list(module.named_buffers(recurse=False)):
            if buffer.numel() == 0:
                delattr(module, name)
                setattr(module, name, buffer)


def _with_exact_numbers(task: Task) -> Task:
    """A copy whose learned numbers are tensors: ONNX would round Python's to float32."""
    exact = copy.copy(task)
    for name, value in vars(task).items():
        if name.endswith("_") and isinstance(value, float):
            setattr(exact, name, torch.tensor(value, dtype=torch.float64))
    return exact


def _predicted(task: Task, raw: Tensor) -> Tensor:
    """Probabilities (n, n_classes), or means (n,) in the labels' unit."""
    activated = task.activate(raw)
    if task.is_classification:
        return activated
    decode: Any = task.decode  # plain arithmetic, which tensors know, too
    return decode(activated)


def _check_task(task: Task) -> None:
    """Raise TypeError unless a task's predictions are tensors made of tensors.

    Tried on tensors without content, which nothing but torch can compute with.
    """
    raw = torch.empty(5, task.n_raw, dtype=torch.float64, device="meta")
    why: Exception | None = None
    try:
        predicted = _predicted(task, raw)
        fits = isinstance(predicted, Tensor) and predicted.is_meta
    except Exception as error:  # whatever a task of the user's own raises
        fits, why = False, error
    if not fits:
        raise TypeError(
            f"Task {task.name_!r}, a {type(task).__name__}, can't be exported: its `activate` and "
            f"`decode` must give a tensor for a tensor. Arithmetic and torch's functions do, "
            f"NumPy's do not."
        ) from why
