"""`OneRow`: a dict of plain values read without a table being made of it."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_ple.features import FeatureTable, Vocabulary
from sklearn_ple.features.feature_table import Prepared
from sklearn_ple.features.knots import KnotRows

_EXACT = 2**53  # below, a whole number is a float64 as well


class OneRow:
    """Prepares a row whose values are floats, ints, text and None, as `FeatureTable` would.

    Everything else (booleans, NumPy's and pandas' scalars, mistakes) is left to the table's way,
    which also has the errors. Arithmetic is the table's, operation by operation, so that the
    results have the same bits.

    Parameters
    ----------
    features : FeatureTable
    names : sequence of str
        Of all columns.
    dtype : type
        Of numbers.
    """

    def __init__(
        self, features: FeatureTable, names: Sequence[str], dtype: type[np.floating]
    ) -> None:
        self._features, self._dtype = features, dtype
        self._n_columns = len(names)
        self._numeric = [names[i] for i in features.numeric]
        self._knots = _Knots(features) if features.knots else None
        self._groups = {
            name: _Codes(features, names, group)
            for name, group in (("small_codes", features.small), ("codes", features.large))
            if group
        }

    def prepare(self, row: Mapping[str, Any]) -> Prepared | None:
        """The row as the network reads it, each (1, …); None where this is not the way."""
        if len(row) != self._n_columns:
            return None
        try:
            numbers = [_number(row[name]) for name in self._numeric]
            prepared: Prepared = {name: codes.of(row) for name, codes in self._groups.items()}
        except (KeyError, _NotPlainError):
            return None
        if self._knots is not None:
            prepared |= self._knots.locate(numbers, self._dtype)
        table = np.array([numbers], dtype=np.float64)
        prepared["numbers"] = self._features.scale(table, np.isnan(table), self._dtype)
        return prepared


class _Knots:
    """The knots of all numbers as plain lists: see `KnotRows`."""

    def __init__(self, features: FeatureTable) -> None:
        assert features.scaler is not None
        rows = KnotRows.of(features.knots)
        absent = len(rows.left) + np.cumsum(features.has_missing) - 1
        self._columns = list(
            zip(
                [each.tolist() for each in features.knots],
                rows.first.tolist(),
                rows.last.tolist(),
                features.scaler.center.tolist(),
                np.where(features.has_missing, absent, -1).tolist(),
                strict=True,
            )
        )
        arrays = (rows.left, rows.width, rows.low, rows.high)
        self._bins = list(zip(*(each.tolist() for each in arrays), strict=True))

    def locate(self, numbers: Sequence[float], dtype: type[np.floating]) -> Prepared:
        """The row at which each number's bin starts, and how far into it the number lies."""
        found, fractions = [], []
        for value, column in zip(numbers, self._columns, strict=True):
            knots, first, last, center, absent = column
            fraction = 0.0
            if (is_missing := math.isnan(value)) and absent >= 0:
                start = absent
            else:
                at = center if is_missing else value
                start = min(max(bisect_right(knots, at) + first - 1, first), last)
                left, width, low, high = self._bins[start]
                fraction = min(max((at - left) / width, low), high)
            found.append(start)
            fractions.append(fraction)
        return {
            "bins": np.array([found], dtype=np.int32),
            "fractions": np.array([fractions], dtype=np.float64).astype(dtype),
        }


class _Codes:
    """Some of the categories, as rows of the one table of all their levels."""

    def __init__(self, features: FeatureTable, names: Sequence[str], group: list[int]) -> None:
        vocabularies = [features.vocabularies[j] for j in group]
        starts = np.cumsum([0, *(each.n_codes for each in vocabularies)]).tolist()
        self._columns = [
            (names[features.categorical[j]], vocabulary, start, starts[-1] + i)
            for i, (j, vocabulary, start) in enumerate(
                zip(group, vocabularies, starts[:-1], strict=True)
            )
        ]

    def of(self, row: Mapping[str, Any]) -> NDArray[np.int32]:
        """The codes (1, n) of a row."""
        found = []
        for name, vocabulary, start, unseen in self._columns:
            code = _code(row[name], vocabulary)
            found.append(unseen if code == vocabulary.n_codes else code + start)
        return np.array([found], dtype=np.int32)


class _NotPlainError(Exception):
    """A value is not one of those that are read here."""


def _number(value: Any) -> float:
    if type(value) is float and not math.isinf(value):
        return value
    if type(value) is int and -_EXACT < value < _EXACT:
        return float(value)
    if value is None:
        return math.nan
    raise _NotPlainError


def _code(value: Any, vocabulary: Vocabulary) -> int:
    if type(value) is str:
        if vocabulary.is_text:
            return vocabulary.code(value)
    elif value is None or (type(value) is float and math.isnan(value)):
        return vocabulary.code_of_missing
    elif type(value) in (int, float) and not vocabulary.is_text and abs(value) < _EXACT:
        return vocabulary.code(value)
    raise _NotPlainError
