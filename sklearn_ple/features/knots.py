"""Where a piecewise-linear encoding has its knots, and where a value lies between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sklearn_ple.features.numbers import Floats, weighted_quantiles

BELOW, ABOVE = -2.0, 3.0


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


@dataclass(frozen=True)
class KnotRows:
    """The knots of all features end to end, to place a whole matrix of values at once.

    Attributes
    ----------
    knots : list of ndarray
        Of each feature, ascending and distinct.
    first, last : ndarray of shape (p,)
        Rows at which each feature's first and last bins start.
    left, width, low, high : ndarray of shape (n_knots,)
        Of the bin that starts at a row: its left end, how wide it is, and what fractions of it
        there are at least and at most.
    """

    knots: list[Floats]
    first: NDArray[np.intp]
    last: NDArray[np.intp]
    left: Floats
    width: Floats
    low: Floats
    high: Floats

    @classmethod
    def of(cls, knots: list[Floats]) -> KnotRows:
        """Lay the knots of all features end to end."""
        counts = np.array([len(each) for each in knots], dtype=np.intp)
        first = np.cumsum(counts) - counts
        last = first + np.maximum(counts - 2, 0)
        left = np.concatenate(knots)
        width = np.ones(len(left))
        low, high = np.zeros(len(left)), np.ones(len(left))
        for start, each in zip(first, knots, strict=True):
            width[start : start + len(each) - 1] = np.diff(each)
        low[first], high[last] = BELOW, ABOVE
        alone = first[counts == 1]
        low[alone] = high[alone] = 0.0
        return cls(knots, first, last, left, width, low, high)

    def locate(self, values: Floats) -> tuple[NDArray[np.intp], Floats]:
        """The row at which each value's bin starts and how far into it the value lies, (n, p).

        Beyond the outer knots the fraction goes on, linearly, to two bins below and, counted from
        the last bin's start, three above. A feature with one knot is always at it.
        """
        rows = np.empty(values.shape, dtype=np.intp)
        for j, each in enumerate(self.knots):
            rows[:, j] = np.searchsorted(each, values[:, j], side="right")
        rows += self.first - 1
        rows = rows.clip(self.first, self.last)
        with np.errstate(over="ignore"):
            fractions = (values - self.left[rows]) / self.width[rows]
        return rows, fractions.clip(self.low[rows], self.high[rows])
