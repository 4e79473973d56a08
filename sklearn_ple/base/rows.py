"""`Rows`: what a fit learns from, once it has been checked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sklearn_ple.features import Columns
from sklearn_ple.tasks import Targets

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
