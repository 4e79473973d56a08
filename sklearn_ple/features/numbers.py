"""Scaling numbers: standard, robust with smooth clipping, quantile-normal; all weighted.

A scaler holds arrays over columns and works on a whole matrix; NaN stays NaN.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Floats = NDArray[np.float64]
Columns = Sequence[tuple[Floats, Floats]]
_N_QUANTILES = 1000
_NO_SPREAD = 1e-12  # of the size of the values: what rounding leaves of none
EDGE = 1e-7


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

    center: Floats
    scale: Floats

    @classmethod
    def fit(cls, columns: Columns) -> Standard:
        """Learn from the present values and weights of each column."""
        means, scales = zip(*(_mean_and_deviation(*column) for column in columns), strict=True)
        return cls(np.array(means), np.array(scales))

    def transform(self, numbers: Floats) -> Floats:
        """Scale (n, p); overwrites its input."""
        numbers -= self.center
        numbers /= self.scale
        return numbers


@dataclass(frozen=True)
class Robust:
    """(x - median) / spread, then smoothly clipped to (-3, 3).

    The spread is the interquartile range over that of a normal distribution; where half the rows
    share one value, but for rounding, the standard deviation. The clip z / sqrt(1 + (z / 3)^2) is
    RealMLP's (Holzmueller et al., NeurIPS 2024, arXiv 2407.04491).
    """

    center: Floats
    scale: Floats

    @classmethod
    def fit(cls, columns: Columns) -> Robust:
        """Learn from the present values and weights of each column."""
        centers, scales = zip(*(_median_and_spread(*column) for column in columns), strict=True)
        return cls(np.array(centers), np.array(scales))

    def transform(self, numbers: Floats) -> Floats:
        """Scale and clip (n, p); overwrites its input."""
        numbers -= self.center
        numbers /= self.scale
        numbers /= np.hypot(1.0, numbers / 3)
        return numbers


@dataclass(frozen=True)
class QuantileNormal:
    """The normal quantile of the weighted training distribution function, on a grid of levels.

    There are as many levels, evenly from 0 to 1, as the column has distinct values, but no more
    than 1,000. A value has the middle of the levels whose quantile it is: with 1,000 distinct
    values and more, that of its share of the rows. The fewer they are, the less do shares count:
    the distinct quantiles are spread about evenly, and the least and the greatest, unless they have
    a step's share and more, lie at -5.2 and 5.2, as in scikit-learn's `QuantileTransformer`. Of two
    values they always do.
    """

    center: Floats
    quantiles: list[Floats]

    @classmethod
    def fit(cls, columns: Columns) -> QuantileNormal:
        """Learn from the present values and weights of each column."""
        middle = np.array([0.5])
        return cls(
            np.array([weighted_quantiles(*column, middle)[0] for column in columns]),
            [_quantile_grid(*column) for column in columns],
        )

    def transform(self, numbers: Floats) -> Floats:
        """Map (n, p) to normal quantiles; overwrites its input."""
        for j, quantiles in enumerate(self.quantiles):
            levels = np.linspace(0, 1, len(quantiles))
            values = numbers[:, j]
            # Where quantiles repeat, the middle of their levels: the mean of both looks.
            up = np.interp(values, quantiles, levels)
            down = 1 - np.interp(-values, -quantiles[::-1], levels)
            numbers[:, j] = ndtri(((up + down) / 2).clip(EDGE, 1 - EDGE))
        return numbers


Scaler = Standard | Robust | QuantileNormal


def _mean_and_deviation(values: Floats, weight: Floats) -> tuple[float, float]:
    unit = np.abs(values).max() or 1.0
    small = values / unit
    mean = float(np.average(small, weights=weight))
    deviation = float(np.sqrt(np.average((small - mean) ** 2, weights=weight)))
    return mean * unit, deviation * unit if deviation > _NO_SPREAD else 1.0


def _median_and_spread(values: Floats, weight: Floats) -> tuple[float, float]:
    low, median, high = weighted_quantiles(values, weight, np.array([0.25, 0.5, 0.75]))
    spread = (high / 2 - low / 2) * 2 / 1.349
    # Beside the quartiles and not the largest value, which a code for a gap would be.
    if spread <= _NO_SPREAD * max(abs(low), abs(high)):
        return float(median), _mean_and_deviation(values, weight)[1]
    return float(median), float(spread)


def _quantile_grid(values: Floats, weight: Floats) -> Floats:
    n_quantiles = min(_N_QUANTILES, max(2, len(np.unique(values))))
    return weighted_quantiles(values, weight, np.linspace(0, 1, n_quantiles))
