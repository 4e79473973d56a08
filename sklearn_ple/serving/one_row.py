"""`OneRow`: a dict of plain values read without a table being made of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sklearn_ple.features import FeatureTable, Vocabulary
from sklearn_ple.features.feature_table import Prepared

_EXACT = 2**53  # below, a whole number is a float64 as well


class OneRow:
    """Prepares a row whose values are floats, ints, text and None, as `FeatureTable` would.

    Everything else (booleans, NumPy's and pandas' scalars, mistakes) is left to the table's way,
    which also has the errors.

    Parameters
    ----------
    features : FeatureTable
    names : sequence of str
        Of all columns.
    """

    def __init__(self, features: FeatureTable, names: Sequence[str]) -> None:
        self._features = features
        self._numeric = [names[i] for i in features.numeric]
        self._categorical = [
            (names[i], vocabulary)
            for i, vocabulary in zip(features.categorical, features.vocabularies, strict=True)
        ]
        self._n_columns = len(names)

    def prepare(self, row: Mapping[str, Any], dtype: type[np.floating]) -> Prepared | None:
        """The row as the network reads it, each (1, …); None where this is not the way."""
        if len(row) != self._n_columns:
            return None
        try:
            numbers = [_number(row[name]) for name in self._numeric]
            codes = [[_code(row[name], vocabulary)] for name, vocabulary in self._categorical]
        except (KeyError, _NotPlainError):
            return None
        return self._features.assemble(np.array([numbers], dtype=np.float64), codes, dtype)


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
