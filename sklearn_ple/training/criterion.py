"""`MultiTaskLoss`: equation 9, one loss per task over that task's own sample space."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sklearn_ple.tasks import Task, TaskSet
from sklearn_ple.weighting import LossWeighting


@dataclass(frozen=True)
class _Group:
    """Tasks of one kind, whose losses are one call."""

    task: Task
    columns: list[int]
    labels: slice | list[int]
    raw: slice | list[int]


class MultiTaskLoss(nn.Module):
    """Losses of all tasks from raw outputs, and the one number that is minimised.

    For task k with weights w (zero outside the sample space) the loss is

        L_k = sum_i w_ik l_k(raw_i, y_ik) / sum_i w_ik

    (Tang et al., RecSys 2020, equation 9), where l_k is the kind's loss over its null deviance:
    1 is the best constant predictor (for Huber's loss, at most 1), 0 a perfect one, whatever the
    kind or the unit. A task without labels in the batch has loss 0 and no gradient.

    Parameters
    ----------
    task_set : TaskSet
    weighting : LossWeighting
    task_weights : ndarray of shape (n_tasks,)
    """

    scale: Tensor
    task_weights: Tensor
    baseline: Tensor
    order: Tensor | None

    def __init__(
        self, task_set: TaskSet, weighting: LossWeighting, task_weights: NDArray[np.float64]
    ) -> None:
        super().__init__()
        self.weighting = weighting
        self.n_tasks = len(task_set)
        self.groups = _group(task_set)
        for i, group in enumerate(self.groups):
            self._keep_index(f"labels_{i}", group.labels)
            self._keep_index(f"raw_{i}", group.raw)
        order = torch.tensor([column for group in self.groups for column in group.columns])
        sorted_already = bool((order.diff() > 0).all())
        self.register_buffer("order", None if sorted_already else order.argsort(), persistent=False)
        null = np.array([task.null_deviance_ or 1.0 for task in task_set])
        self.register_buffer("scale", torch.from_numpy(1 / null))
        self.register_buffer("task_weights", torch.from_numpy(task_weights))
        self.register_buffer("baseline", torch.from_numpy(task_set.baseline))

    def forward(self, raw: Tensor, y: tuple[Tensor, Tensor]) -> Tensor:
        """Raw outputs (b, n_raw) and labels with weights, each (b, task), to a scalar."""
        return self.combine(self.task_losses(raw, *y))

    def combine(self, losses: Tensor) -> Tensor:
        """Losses (task,) to the scalar that is minimised."""
        return self.weighting(losses * self.task_weights)

    def backward(
        self, losses: Tensor, penalty: Tensor | None, parameters: list[nn.Parameter]
    ) -> Tensor:
        """Losses (task,) to gradients of the network's parameters, and the scalar minimised."""
        return self.weighting.backward(losses * self.task_weights, penalty, parameters)

    def task_losses(self, raw: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
        """Equation 9: raw (b, n_raw), labels and weights (b, task) to (task,)."""
        return weighted_means(*self.loss_sums(raw, labels, weights))

    def loss_sums(self, raw: Tensor, labels: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        """Equation 9's numerator and denominator, each (task,), of raw (b, n_raw)."""
        return (weights * self.row_losses(raw, labels, weights > 0)).sum(0), weights.sum(0)

    def row_losses(self, raw: Tensor, labels: Tensor, inside: Tensor) -> Tensor:
        """Loss of every label (b, task); zero, with zero gradient, where not `inside`."""
        per_group = []
        for i, group in enumerate(self.groups):
            own = self._columns(raw, group.raw, f"raw_{i}")
            target = self._columns(labels, group.labels, f"labels_{i}")
            counts = self._columns(inside, group.labels, f"labels_{i}")
            own = own.reshape(len(raw), len(group.columns), -1)
            own = torch.where(counts[..., None], own, 0.0)
            target = torch.where(counts, target, 0.0)
            per_group.append(torch.where(counts, group.task.losses(own, target), 0.0))
        losses = torch.cat(per_group, dim=1) if len(per_group) > 1 else per_group[0]
        if self.order is not None:
            losses = losses.index_select(1, self.order)
        return losses * self.scale

    def _keep_index(self, name: str, columns: slice | list[int]) -> None:
        """Positions that are no slice, on the module's device: a step must not copy them."""
        if isinstance(columns, list):
            self.register_buffer(name, torch.tensor(columns), persistent=False)

    def _columns(self, table: Tensor, columns: slice | list[int], name: str) -> Tensor:
        if isinstance(columns, slice):
            return table[:, columns]
        return table.index_select(1, getattr(self, name))


def masked_mean(losses: Tensor, weights: Tensor) -> Tensor:
    """Weighted means over rows; zero where all weights are.

    Parameters
    ----------
    losses, weights : Tensor of shape (b, n_tasks)

    Returns
    -------
    Tensor of shape (n_tasks,)
    """
    return weighted_means((weights * losses).sum(0), weights.sum(0))


def weighted_means(sums: Tensor, weights: Tensor) -> Tensor:
    """Weighted sums of losses over sums of weights, each (task,); zero where there is no weight."""
    return sums / torch.where(weights > 0, weights, 1.0)


def _group(task_set: TaskSet) -> list[_Group]:
    by_key: dict[Hashable, list[int]] = {}
    for k, task in enumerate(task_set):
        by_key.setdefault(task.loss_key(), []).append(k)
    groups = []
    for columns in by_key.values():
        raw = [r for k in columns for r in range(*task_set.slices[k].indices(task_set.n_raw))]
        task = task_set.tasks[columns[0]]
        groups.append(_Group(task, columns, _as_slice(columns), _as_slice(raw)))
    return groups


def _as_slice(index: list[int]) -> slice | list[int]:
    """A slice, which is a view and not a copy, where the positions are in a row."""
    start, stop = index[0], index[-1] + 1
    return slice(start, stop) if index == list(range(start, stop)) else index
