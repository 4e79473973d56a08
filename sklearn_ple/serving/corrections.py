"""What calibration does to the outputs of towers, and to the decision between two classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sklearn_ple.nn import Coupling
from sklearn_ple.tasks import Classification, Task, TaskSet
from sklearn_ple.tasks.whole_vectors import filled_up

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Affine:
    """Raw outputs times a positive slope, plus a shift for each."""

    slope: float
    shift: Floats

    def apply(self, raw: Tensor, task: Task) -> Tensor:
        """Raw outputs (n, task.n_raw) to calibrated ones."""
        return raw * self.slope + torch.from_numpy(self.shift)


@dataclass(frozen=True, eq=False)
class Isotonic:
    """Probabilities through nondecreasing lines: of the second class, or of each and normalised.

    Attributes
    ----------
    lines : tuple of (ndarray, ndarray)
        Knots of each line: probabilities before and after.
    """

    lines: tuple[tuple[Floats, Floats], ...]

    def apply(self, raw: Tensor, task: Task) -> Tensor:
        """Raw outputs (n, task.n_raw) to calibrated ones."""
        assert isinstance(task, Classification)
        p = task.activate(raw).numpy()
        if len(self.lines) == 1:
            second = np.interp(p[:, 1], *self.lines[0])
            shares = np.stack([1 - second, second])
        else:
            each = [np.interp(p[:, k], *line) for k, line in enumerate(self.lines)]
            shares = np.stack(each) / np.sum(each, axis=0)
        return torch.from_numpy(np.ascontiguousarray(task.log_odds(shares).T))


RawMap = Affine | Isotonic


def corrected(
    towers: Tensor, maps: Mapping[int, RawMap], task_set: TaskSet, coupling: Coupling
) -> Tensor:
    """Outputs of the towers (n, n_raw) to calibrated raw outputs.

    Parameters
    ----------
    towers : Tensor of shape (n, n_raw)
        In float64.
    maps : dict of int to RawMap
        What is done to the outputs of each calibrated task's tower.
    task_set : TaskSet
    coupling : Coupling
        What comes after, in float64.
    """
    parts = task_set.split(filled_up(towers))
    for k, each in maps.items():
        parts[k] = each.apply(parts[k], task_set.tasks[k])
    with torch.no_grad():
        raw: Tensor = coupling(torch.cat(parts, dim=1))
    return raw[: len(towers)]


def decided(
    activated: Sequence[NDArray],
    predictions: Sequence[NDArray],
    thresholds: Mapping[int, float],
    task_set: TaskSet,
) -> list[NDArray]:
    """Predictions (n,) a task, with those that thresholds of probabilities decide in place."""
    answers = list(predictions)
    for k, threshold in thresholds.items():
        classes = task_set.tasks[k].classes_
        assert classes is not None
        answers[k] = classes[(activated[k][:, 1] >= threshold).astype(int)]
    return answers
