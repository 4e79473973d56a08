"""Regression: a real number, standardised inside and given back in its own unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sklearn_ple.tasks.numbers import quantile_strata, to_numbers
from sklearn_ple.tasks.task import Floats, Task


@dataclass
class Regression(Task):
    """A real-valued target.

    Parameters
    ----------
    loss : {"squared", "huber"}, default="squared"
        Squared error, or Huber's loss, which is linear beyond `delta`.
    delta : float, default=1.0
        Where Huber's loss turns linear, in standard deviations of the training labels.

    Raises
    ------
    ValueError
        If `loss` is neither, or `delta` is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> task = Regression().fit("price", np.array([1.0, 3.0, np.nan]), np.ones(3))
    >>> task.encode(np.array([1.0, 3.0, np.nan]))
    array([-1.,  1., nan])
    """

    loss: Literal["squared", "huber"] = "squared"
    delta: float = 1.0

    kind: ClassVar[str] = "regression"
    is_classification: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.loss not in ("squared", "huber"):
            raise ValueError(f"loss must be 'squared' or 'huber', got {self.loss!r}.")
        if not self.delta > 0:
            raise ValueError(f"delta must be positive, got {self.delta}.")

    @property
    def n_raw(self) -> int:
        return 1

    def fit_labels(self, labels: NDArray, weight: Floats) -> None:
        values = to_numbers(labels, self.name_)
        # In units of the largest, since squares overflow; a power of two changes no digit.
        exponent = int(np.frexp(np.abs(values).max())[1])
        small = np.ldexp(values, -exponent)
        mean = np.average(small, weights=weight)
        deviation = np.sqrt(np.average((small - mean) ** 2, weights=weight))
        constant = deviation <= 1e-12 * np.abs(small).max()
        self.scale_ = 1.0 if constant else float(np.ldexp(deviation, exponent))
        # Of a constant, the mean itself may be a rounding error away.
        self.mean_ = float(values[0]) if constant else float(np.ldexp(mean, exponent))
        self.baseline_ = np.zeros(1)

    def encode(self, column: NDArray) -> Floats:
        return (to_numbers(column, self.name_) - self.mean_) / self.scale_

    def losses(self, raw: Tensor, target: Tensor) -> Tensor:
        if self.loss == "huber":
            return 2 * torch.nn.functional.huber_loss(
                raw[..., 0], target, reduction="none", delta=self.delta
            )
        return (raw[..., 0] - target) ** 2

    def deviance(self, raw: Tensor, target: Tensor) -> Tensor:
        return (raw[..., 0] - target) ** 2

    def activate(self, raw: Tensor) -> Tensor:
        return raw[:, 0]

    def decode(self, activated: Floats) -> NDArray:
        return activated * self.scale_ + self.mean_

    def strata(self, encoded: Floats) -> NDArray[np.int64]:
        return quantile_strata(encoded)
