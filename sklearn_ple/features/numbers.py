"""Scaling numbers: standard, robust with smooth clipping, quantile-normal; all weighted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Floats = NDArray[np.float64]
_N_QUANTILES = 1000
_EDGE = 1e-7


def weighted_quantiles(values: Floats, weight: Floats, at: Floats) -> Floats:
    """Quantiles of values (n,) at levels `at`, by the inverted weighted distribution function.

    A row of weight two counts as two rows, exactly.
    """
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weight[order])
    index = np.searchsorted(reached, at * reached[-1] * (1 - 1e-12), side="left")
    return values[order][np.minimum(index, len(values) - 1)]


@dataclass(frozen=True)
class Standard:
    """(x - mean) / standard deviation."""

    center: float
    scale: float

    @classmethod
    def fit(cls, values: Floats, weight: Floats) -> Standard:
        unit = np.abs(values).max() or 1.0
        small = values / unit
        center = float(np.average(small, weights=weight))
        scale = float(np.sqrt(np.average((small - center) ** 2, weights=weight)))
        return cls(center * unit, scale * unit if scale > 1e-12 else 1.0)

    def transform(self, values: Floats) -> Floats:
        return (values - self.center) / self.scale


@dataclass(frozen=True)
class Robust:
    """(x - median) / spread, then smoothly clipped to (-3, 3).

    The spread is the interquartile range over that of a normal distribution; where half the rows
    share one value, the standard deviation. The clip z / sqrt(1 + (z / 3)^2) is RealMLP's
    (Holzmueller et al., NeurIPS 2024, arXiv 2407.04491).
    """

    center: float
    scale: float

    @classmethod
    def fit(cls, values: Floats, weight: Floats) -> Robust:
        low, center, high = weighted_quantiles(values, weight, np.array([0.25, 0.5, 0.75]))
        spread = (high / 2 - low / 2) * 2 / 1.349
        return cls(float(center), float(spread) or Standard.fit(values, weight).scale)

    def transform(self, values: Floats) -> Floats:
        z = (values - self.center) / self.scale
        return z / np.hypot(1.0, z / 3)


@dataclass(frozen=True)
class QuantileNormal:
    """The normal quantile of the weighted training distribution function."""

    center: float
    references: Floats
    quantiles: Floats

    @classmethod
    def fit(cls, values: Floats, weight: Floats) -> QuantileNormal:
        n_quantiles = min(_N_QUANTILES, max(2, len(np.unique(values))))
        references = np.linspace(0, 1, n_quantiles)
        quantiles = weighted_quantiles(values, weight, references)
        return cls(float(weighted_quantiles(values, weight, np.array([0.5]))[0]), references, quantiles)

    def transform(self, values: Floats) -> Floats:
        # A value that many rows share has the middle of its share: the mean of both looks.
        up = np.interp(values, self.quantiles, self.references)
        down = 1 - np.interp(-values, -self.quantiles[::-1], self.references)
        return ndtri(((up + down) / 2).clip(_EDGE, 1 - _EDGE))


Scaler = Standard | Robust | QuantileNormal
