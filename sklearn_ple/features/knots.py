"""Where a piecewise-linear encoding has its knots, and where a value lies between them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sklearn_ple.features.numbers import Floats, weighted_quantiles

_BELOW, _ABOVE = -2.0, 3.0


def choose_knots(values: Floats, weight: Floats, n_quantiles: int, n_distinct: int) -> Floats:
    """Knots for one feature, ascending and distinct.

    Every distinct value if there are at most `n_distinct`; else weighted quantiles of the rows,
    which lie where most rows are, together with quantiles of the distinct values, which keep apart
    rare exact amounts (a column that is mostly zero has all its information there).

    Parameters
    ----------
    values, weight : ndarray of shape (n,)
        Present values and their weights.
    n_quantiles, n_distinct : int
        How many knots of each sort.
    """
    distinct = np.unique(values)
    if len(distinct) <= n_distinct:
        return distinct
    of_rows = weighted_quantiles(values, weight, np.linspace(0, 1, n_quantiles))
    of_values = distinct[np.linspace(0, len(distinct) - 1, n_distinct).round().astype(int)]
    return np.union1d(of_rows, of_values)


def locate(values: Floats, knots: Floats) -> tuple[NDArray[np.int32], Floats]:
    """The bin of each value (n,) and how far into it the value lies.

    Beyond the outer knots the fraction goes on, linearly, to two bins below and, counted from the
    last bin's start, three above.
    """
    if len(knots) == 1:
        return np.zeros(len(values), dtype=np.int32), np.zeros(len(values))
    last = len(knots) - 2
    bins = np.searchsorted(knots, values, side="right") - 1
    bins = bins.clip(0, last)
    fractions = (values - knots[bins]) / (knots[bins + 1] - knots[bins])
    low = np.where(bins == 0, _BELOW, 0.0)
    high = np.where(bins == last, _ABOVE, 1.0)
    return bins.astype(np.int32), fractions.clip(low, high)
