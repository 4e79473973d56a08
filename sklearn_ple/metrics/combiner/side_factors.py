"""Factors of a combined score that come from columns of X, a video's length, say."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sklearn_ple.metrics.combiner.task_scores import log_at_least

Floats = NDArray[np.float64]
Transform: TypeAlias = Literal["log", "sigmoid"] | Callable[[Floats], Floats]


class SideFactor(ABC):
    """A non-negative function f of a column."""

    @abstractmethod
    def log(self, values: Floats, eps: float) -> Floats:
        """log max(f(values), eps), shape (n,)."""


class _Log(SideFactor):
    """f(v) = log(1 + v)."""

    def log(self, values: Floats, eps: float) -> Floats:
        if (values < 0).any():
            raise ValueError(f"log(1 + v) needs v >= 0, got {values.min():.3g}.")
        return log_at_least(np.log1p(values), eps)


@dataclass(frozen=True)
class _Sigmoid(SideFactor):
    """f(v) = 1 / (1 + exp(-(v - centre) / scale))."""

    centre: float
    scale: float

    def log(self, values: Floats, eps: float) -> Floats:
        exact = -np.logaddexp(0, -(values - self.centre) / self.scale)
        return np.maximum(exact, np.log(eps))


@dataclass(frozen=True)
class _Given(SideFactor):
    """A function of the user's."""

    function: Callable[[Floats], Floats]

    def log(self, values: Floats, eps: float) -> Floats:
        factor = np.asarray(self.function(values), dtype=np.float64)
        if factor.shape != values.shape:
            raise ValueError(
                f"the function must give one number per row, shape {values.shape}, but gave "
                f"{factor.shape}."
            )
        if not np.isfinite(factor).all() or (factor < 0).any():
            raise ValueError("the function must give finite numbers that are not negative.")
        return log_at_least(factor, eps)


def fit_factor(transform: Transform, values: Floats) -> SideFactor:
    """The factor that `transform` says, on the scale of these values."""
    if callable(transform):
        return _Given(transform)
    if transform == "log":
        return _Log()
    if transform != "sigmoid":
        raise ValueError(f"{transform!r} is no transform; there are 'log', 'sigmoid', functions.")
    low, centre, high = np.quantile(values, [0.25, 0.5, 0.75])
    scale = (high - low) or values.std() or 1.0
    return _Sigmoid(float(centre), float(scale))
