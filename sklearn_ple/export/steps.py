"""What calibration does to raw outputs, in torch."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from sklearn_ple.export.segments import Segments
from sklearn_ple.tasks import Task


class AffineMap(nn.Module):
    """Raw outputs (n, n_raw) times a slope, plus a shift for each.

    Parameters
    ----------
    slope : float
    shift : ndarray of shape (n_raw,)
    """

    slope: Tensor
    shift: Tensor

    def __init__(self, slope: float, shift: NDArray) -> None:
        super().__init__()
        self.register_buffer("slope", torch.tensor(slope, dtype=torch.float64))
        self.register_buffer("shift", torch.from_numpy(shift))

    def forward(self, raw: Tensor) -> Tensor:
        return raw * self.slope + self.shift


class StepMap(nn.Module):
    """Probabilities through nondecreasing lines, and back to raw outputs.

    Parameters
    ----------
    task : Task
        A classification whose raw outputs are log-odds (two classes) or log-probabilities.
    lines : sequence of (ndarray, ndarray)
        Knots, probabilities before and after, between which it is interpolated: of the second
        class, or of each.
    """

    values: Tensor
    low: Tensor
    high: Tensor

    def __init__(self, task: Task, lines: Sequence[tuple[NDArray, NDArray]]) -> None:
        super().__init__()
        self.task = task
        self.n_columns = len(lines)
        self.segments = Segments([at for at, _ in lines])
        values = torch.cat([torch.from_numpy(after) for _, after in lines]).double()
        rises = torch.cat([values.diff(), values.new_zeros(1)])
        self.register_buffer("values", torch.stack([values, rises], dim=1))
        for name, end in (("low", 0), ("high", -1)):
            ends = torch.tensor([float(at[end]) for at, _ in lines], dtype=torch.float64)
            self.register_buffer(name, ends)

    def forward(self, raw: Tensor) -> Tensor:
        p = self.task.activate(raw)
        shares = self._stepped(p[:, 1:] if self.n_columns == 1 else p)
        if self.n_columns == 1:
            return torch.log(shares) - torch.log(1 - shares)
        return torch.log(shares / shares.sum(1, keepdim=True))

    def _stepped(self, p: Tensor) -> Tensor:
        inside = torch.minimum(torch.maximum(p, self.low), self.high)
        rows, fraction = self.segments(inside)
        value, rise = functional.embedding(rows, self.values).unbind(-1)
        return value + rise * fraction
