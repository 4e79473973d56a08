"""`Rows`: what a fit learns from, once it has been checked."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sklearn_ple.features import Columns
from sklearn_ple.tasks import Targets, TaskSet

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """Checked rows: features by column, labels by column, weights (n, n_tasks)."""

    columns: Columns
    targets: Targets
    weight: Floats

    def take(self, index: NDArray[np.intp]) -> Rows:
        """Some of the rows."""
        return Rows(self.columns.take(index), self.targets.take(index), self.weight[index])

    def where(self, kept: NDArray[np.bool_]) -> Rows:
        """The rows for which this is true."""
        return self if kept.all() else self.take(np.flatnonzero(kept))

    def weighed(self) -> Rows:
        """Rows that weigh something, with labels that do."""
        rows = self.where(np.asarray(self.weight.any(axis=1)))
        return replace(rows, targets=rows.targets.hide(rows.weight == 0))

    def in_order_of(self, task_set: TaskSet) -> Rows:
        """The same rows with labels and weights in the order of fitted tasks."""
        order = task_set.order(self.targets)
        return replace(self, targets=task_set.align(self.targets), weight=self.weight[:, order])
