"""`ValueDigest`: the distribution of a column of numbers, in one pass and bounded memory."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_ple.sources.bins import Bins

Floats = NDArray[np.float64]
MOST_DISTINCT, N_BINS, N_SAMPLED = 16_384, 2_048, 4_096


class ValueDigest:
    """Weighted numbers, exactly while there are few distinct ones, and then as a sketch.

    The sketch is a mergeable quantile summary: numbers are sorted and put into groups of equal
    weight; two summaries of the same level make one of the next. It draws nothing, so the same rows
    in the same order always give the same, and takes weights as they are: the reasons for which
    it is not a KLL sketch. Weight, mean and variance are kept exactly by it. Beside it, a sample of
    the distinct numbers is kept: those whose hashes are least.

    Parameters
    ----------
    most_distinct : int
        Distinct numbers up to which everything is exact.
    n_bins : int
        Groups of a summary.

    Attributes
    ----------
    is_exact : bool
    """

    def __init__(self, most_distinct: int = MOST_DISTINCT, n_bins: int = N_BINS) -> None:
        self.most_distinct = most_distinct
        self.n_bins = n_bins
        self.is_exact = True
        self._values, self._weight = np.zeros(0), np.zeros(0)
        self._lowest, self._highest = np.inf, -np.inf
        self._levels: list[Bins | None] = []
        self._sample, self._hashes = np.zeros(0), np.zeros(0, dtype=np.uint64)

    def add(self, values: Floats, weight: Floats) -> None:
        """Take in numbers (n,), without NaN, with their weights."""
        if not len(values):
            return
        values, weight = united(values, weight)
        self._lowest = min(self._lowest, float(values[0]))
        self._highest = max(self._highest, float(values[-1]))
        if self.is_exact:
            values, weight = united(
                np.concatenate([self._values, values]), np.concatenate([self._weight, weight])
            )
            if len(values) <= self.most_distinct:
                self._values, self._weight = values, weight
                return
            self.is_exact = False
            self._values, self._weight = np.zeros(0), np.zeros(0)
        self._carry(Bins.of(values, weight).compressed(self.n_bins))
        self._draw(values)

    @property
    def rank_error(self) -> float:
        """Most by which `ranked` may misjudge the share of weight below a number."""
        return 2 * len(self._levels) / self.n_bins

    def ranked(self) -> tuple[Floats, Floats]:
        """Numbers and weights that have the column's quantiles, least and greatest included."""
        if self.is_exact:
            return self._values, self._weight
        bins = self._bins()
        little = 1e-9 * bins.weight.sum()
        values = np.concatenate([[self._lowest], bins.mean, [self._highest]])
        return values, np.concatenate([[little], bins.weight, [little]])

    def balanced(self) -> tuple[Floats, Floats]:
        """Numbers and weights that have the column's mean and variance."""
        if self.is_exact:
            return self._values, self._weight
        values, weight = self._bins().two_points()
        return np.clip(values, self._lowest, self._highest), weight  # none beyond, by rounding

    def distinct(self) -> Floats:
        """All distinct numbers, sorted; of too many a sample, least and greatest included."""
        if self.is_exact:
            return self._values
        return np.union1d(self._sample, [self._lowest, self._highest])

    def _bins(self) -> Bins:
        return reduce(Bins.merged, (level for level in self._levels if level is not None))

    def _carry(self, bins: Bins) -> None:
        """Add a summary as a binary counter adds one."""
        for i, level in enumerate(self._levels):
            if level is None:
                self._levels[i] = bins
                return
            bins = level.merged(bins).compressed(self.n_bins)
            self._levels[i] = None
        self._levels.append(bins)

    def _draw(self, distinct: Floats) -> None:
        values = np.concatenate([self._sample, distinct])
        hashes = np.concatenate([self._hashes, pd.util.hash_array(distinct)])
        hashes, first = np.unique(hashes, return_index=True)
        self._hashes, self._sample = hashes[:N_SAMPLED], values[first[:N_SAMPLED]]


def united(values: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Distinct numbers, sorted, with the weight of each."""
    distinct, place = np.unique(values, return_inverse=True)
    return distinct, np.bincount(place, weights=weight).astype(np.float64, copy=False)
