"""Counts: Poisson deviance with a log link."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sklearn_ple.tasks.numbers import quantile_strata, to_numbers
from sklearn_ple.tasks.task import Floats, Task


@dataclass
class Count(Task):
    """A non-negative target whose mean is exp(raw output).

    The loss is half the Poisson deviance, y log(y / mu) - y + mu, which differs from the
    negative log-likelihood by a constant of y alone and is zero for a perfect prediction.

    Examples
    --------
    >>> import numpy as np
    >>> task = Count().fit("visits", np.array([0.0, 2.0, 4.0]), np.ones(3))
    >>> np.exp(task.baseline_)
    array([2.])
    """

    kind: ClassVar[str] = "count"
    is_classification: ClassVar[bool] = False

    @property
    def n_raw(self) -> int:
        return 1

    def fit_labels(self, labels: NDArray, weight: Floats) -> None:
        values = self.encode(labels)
        mean = np.average(values, weights=weight)
        self.baseline_ = np.log([max(mean, 1e-6)])

    def encode(self, column: NDArray) -> Floats:
        values = to_numbers(column, self.name_)
        if (negative := values < 0).any():
            raise ValueError(
                f"Task {self.name_!r} is a count but has negative labels, such as "
                f"{values[negative][0]:g} ({negative.sum()} in all). A missing label is NaN; what "
                f"may be negative is a 'regression'."
            )
        return values

    def losses(self, raw: Tensor, target: Tensor) -> Tensor:
        # For y > 0 as y (exp(d) - 1 - d) with d = log(mu / y): exact where mu is close to y.
        log_mean, positive = raw[..., 0], target > 0
        scale = torch.where(positive, target, 1.0)
        d = log_mean - scale.log()
        return torch.where(positive, scale * (torch.expm1(d) - d), torch.exp(log_mean))

    def activate(self, raw: Tensor) -> Tensor:
        return torch.exp(raw[:, 0])

    def decode(self, activated: Floats) -> NDArray:
        return activated

    def strata(self, encoded: Floats) -> NDArray[np.int64]:
        return quantile_strata(encoded)
