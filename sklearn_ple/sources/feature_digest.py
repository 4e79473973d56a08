"""`FeatureDigest`: all that a `FeatureTable` needs to know of rows, taken in part by part."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sklearn_ple.features import Columns, FeatureTable, NumericEncoding
from sklearn_ple.features.feature_table import SCALERS
from sklearn_ple.features.knots import choose_knots
from sklearn_ple.sources.level_digest import LevelDigest
from sklearn_ple.sources.value_digest import ValueDigest

Floats = NDArray[np.float64]
_ABSENT = np.zeros(1), np.ones(1)


class FeatureDigest:
    """Distributions of numeric columns, levels of categorical ones.

    Parameters
    ----------
    labels : list of str
        Of all columns, for messages.
    categorical : sequence of int
        Positions of the categorical columns.
    max_categories : int
        Levels of a column that get a code of their own.
    """

    def __init__(
        self, labels: list[str], categorical: Sequence[int], *, max_categories: int
    ) -> None:
        self.labels = labels
        self.categorical = list(categorical)
        self.numeric = [i for i in range(len(labels)) if i not in set(categorical)]
        self.values = [ValueDigest() for _ in self.numeric]
        self.levels = [LevelDigest(labels[i], max_categories) for i in self.categorical]
        self.has_missing = np.zeros(len(self.numeric), dtype=bool)

    def add(self, columns: Columns, weight: Floats) -> None:
        """Take in rows with weights (n,).

        Raises
        ------
        ValueError
            If a numeric column holds infinity or what is no number.
        """
        numbers = columns.numbers(self.numeric)
        missing = np.isnan(numbers)
        self.has_missing |= missing.any(axis=0)
        for j, digest in enumerate(self.values):
            present = ~missing[:, j]
            digest.add(numbers[present, j], weight[present])
        for i, levels in zip(self.categorical, self.levels, strict=True):
            levels.add(*columns.levels(i), weight)

    def table(
        self, *, encoding: NumericEncoding, n_quantile_knots: int, n_distinct_knots: int
    ) -> FeatureTable:
        """What `FeatureTable.fit` makes of the same rows in memory.

        It is the same wherever a column has few enough distinct numbers, and levels, to be counted.
        """
        standard = encoding == "standard"
        present = [
            (_ABSENT if not len(d.distinct()) else d.balanced() if standard else d.ranked())
            for d in self.values
        ]
        n_knots = n_quantile_knots, n_distinct_knots
        knots = [
            _knots(digest, *each, *n_knots)
            for digest, each in zip(self.values, present, strict=True)
        ]
        return FeatureTable(
            self.labels,
            self.numeric,
            self.categorical,
            SCALERS[encoding].fit(present) if present else None,
            self.has_missing,
            knots if encoding == "piecewise_linear" else [],
            [levels.vocabulary() for levels in self.levels],
        )


def _knots(
    digest: ValueDigest, values: Floats, weight: Floats, n_quantiles: int, n_distinct: int
) -> Floats:
    """As `choose_knots`, the sample of distinct numbers in the place of all."""
    if digest.is_exact:
        return choose_knots(values, weight, n_quantiles, n_distinct)
    of_rows = choose_knots(values, weight, n_quantiles, 2)
    distinct = digest.distinct()
    return np.union1d(of_rows, choose_knots(distinct, np.ones(len(distinct)), n_distinct, 2))
