"""What calibration should do to raw outputs: a slope and a shift, or any nondecreasing steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.isotonic import IsotonicRegression
from torch import Tensor

from sklearn_ple.nn import Coupling
from sklearn_ple.serving.corrections import Affine, Isotonic
from sklearn_ple.tasks import TaskSet

Floats = NDArray[np.float64]

# Normal priors of log slope and shift, worth less than a handful of labels: they keep both finite
# where held-out labels are separable or lack a class.
LOG_SLOPE_SPREAD, SHIFT_SPREAD = 2.0, 5.0


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Rows to calibrate on.

    Attributes
    ----------
    towers : Tensor of shape (n, n_raw)
        Raw outputs before the coupling, float64.
    encoded : ndarray of shape (n, n_tasks)
        Labels as numbers.
    weight : ndarray of shape (n, n_tasks)
        Zero without a label; of mean 1 over each task's labels.
    task_set : TaskSet
    coupling : Coupling
        In float64, on the CPU.
    """

    towers: Tensor
    encoded: Floats
    weight: Floats
    task_set: TaskSet
    coupling: Coupling

    def rows(self, k: int) -> NDArray[np.intp]:
        """Rows in which task k has a label."""
        return np.flatnonzero(self.weight[:, k] > 0)

    def coupled_tasks(self) -> set[int]:
        """Tasks whose outputs depend on other tasks' towers, or other tasks' on theirs.

        Read off the derivatives at the median row: those of a task by itself are the identity.
        """
        row = self.towers.median(dim=0).values
        derivatives = torch.autograd.functional.jacobian(lambda r: self.coupling(r[None])[0], row)
        crossing = derivatives != torch.eye(len(row), dtype=row.dtype)
        return {
            k
            for k, part in enumerate(self.task_set.slices)
            if bool(crossing[part].any() | crossing[:, part].any())
        }


def fit_isotonic(held_out: HeldOut, k: int) -> Isotonic:
    """Steps for a classification that depends on no other task.

    No probability goes beyond 1 / (n + 2) and its complement, which is all that n labels can tell;
    certainty would cost an infinite log loss at the first exception.
    """
    task, rows = held_out.task_set.tasks[k], held_out.rows(k)
    codes, weight = held_out.encoded[rows, k], held_out.weight[rows, k]
    p = task.activate(held_out.towers[rows][:, held_out.task_set.slices[k]]).numpy()
    least = 1 / (len(rows) + 2)
    options = {"y_min": least, "y_max": 1 - least, "out_of_bounds": "clip"}
    columns = [1] if p.shape[1] == 2 else range(p.shape[1])
    fitted = [
        IsotonicRegression(**options).fit(p[:, j], codes == j, sample_weight=weight)
        for j in columns
    ]
    return Isotonic(tuple((each.X_thresholds_, each.y_thresholds_) for each in fitted))


def fit_affine(
    held_out: HeldOut, shifted: Mapping[int, bool], judged: Sequence[int]
) -> dict[int, Affine]:
    """Slopes, and shifts where wanted, that minimise the deviance of held-out labels.

    Parameters
    ----------
    held_out : HeldOut
    shifted : dict of int to bool
        The tasks to calibrate, and whether they get a shift.
    judged : sequence of int
        The tasks whose deviance counts: these, and all that are coupled with them.
    """
    n_raw = [task.n_raw for task in held_out.task_set]
    sizes = [1 + n_raw[k] * with_shift for k, with_shift in shifted.items()]
    weigher = _Deviance(held_out, judged)

    def maps(theta: Tensor) -> dict[int, tuple[Tensor, Tensor]]:
        each = zip(shifted, torch.split(theta, sizes), strict=True)
        return {k: (own[:1].exp(), own[1:]) for k, own in each}

    def objective(values: Floats) -> tuple[float, Floats]:
        theta = torch.from_numpy(values).requires_grad_()
        total = weigher(maps(theta))
        for own in torch.split(theta, sizes):
            log_slope, shift = own[0] / LOG_SLOPE_SPREAD, own[1:] / SHIFT_SPREAD
            total = total + (log_slope**2 + shift.square().sum()) / 2
        (gradient,) = torch.autograd.grad(total / weigher.n_labels, theta)
        return float(total.detach()) / weigher.n_labels, gradient.numpy()

    options: dict[str, Any] = {"ftol": 1e-15, "gtol": 1e-9, "maxiter": 500}
    found = minimize(objective, np.zeros(sum(sizes)), jac=True, method="L-BFGS-B", options=options)
    fitted = {}
    for k, (slope, shift) in maps(torch.from_numpy(found.x)).items():
        fitted[k] = Affine(float(slope), shift.numpy() if shifted[k] else np.zeros(n_raw[k]))
    return fitted


class _Deviance:
    """Weighted sum of the deviances of some tasks, by slopes and shifts of some."""

    def __init__(self, held_out: HeldOut, judged: Sequence[int]) -> None:
        self.held_out = held_out
        self.labels = []
        for k in judged:
            rows = torch.from_numpy(held_out.rows(k))
            target, weight = (
                torch.from_numpy(table[:, k])[rows] for table in (held_out.encoded, held_out.weight)
            )
            self.labels.append((k, rows, target[:, None], weight))
        self.n_labels = sum(len(rows) for _, rows, _, _ in self.labels)

    def __call__(self, maps: Mapping[int, tuple[Tensor, Tensor]]) -> Tensor:
        slices, parts = self.held_out.task_set.slices, []
        for k, part in enumerate(slices):
            own = self.held_out.towers[:, part]
            if k in maps:
                slope, shift = maps[k]
                own = own * slope + shift if len(shift) else own * slope
            parts.append(own)
        raw = self.held_out.coupling(torch.cat(parts, dim=1))
        total = raw.new_zeros(())
        for k, rows, target, weight in self.labels:
            task = self.held_out.task_set.tasks[k]
            deviance = task.deviance(raw[rows][:, slices[k]][:, None], target)[:, 0]
            total = total + weight @ deviance
        return total
