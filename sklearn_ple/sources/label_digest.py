"""`LabelDigest`: the labels of one target, each with what it weighs in all rows together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_ple.sources.frames import EXACT
from sklearn_ple.sources.value_digest import MOST_DISTINCT, ValueDigest, united
from sklearn_ple.tables import missing
from sklearn_ple.tasks import Targets

Floats = NDArray[np.float64]


class LabelDigest:
    """Labels taken in part by part.

    Numbers beyond some thousands of distinct ones, which are no classes, become fewer that have
    their mean, variance and range; all else is exact.

    Parameters
    ----------
    name : str
        The target, for messages.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._numbers = ValueDigest()
        self._large: defaultdict[int, float] = defaultdict(float)  # integers that are no floats
        self._is_rounded = False
        self._dtypes: set[np.dtype] = set()
        self._others: defaultdict[Hashable, float] = defaultdict(float)
        self._some_missing = False

    @property
    def is_exact(self) -> bool:
        """Whether every label was counted."""
        return self._numbers.is_exact and not self._is_rounded

    def add(self, column: NDArray, weight: Floats) -> None:
        """Take in a column of `Targets`, shape (n,), with weights of which none is zero.

        Raises
        ------
        ValueError
            If a label is infinite.
        """
        absent = missing(column)
        self._some_missing |= bool(absent.any())
        present, weight = column[~absent], weight[~absent]
        if not len(present):
            return
        self._dtypes.add(present.dtype)
        if present.dtype.kind in "iuf":
            if np.isinf(present).any():
                raise ValueError(f"Target {self.name!r} holds infinity.")
            large = _is_large(present)
            self._numbers.add(present[~large].astype(np.float64), weight[~large])
            if large.any():
                self._add_large(present[large], weight[large])
            return
        for label, total in _totals(present, weight):
            self._others[label] += total

    def labels(self) -> tuple[NDArray, Floats]:
        """Labels as the whole column in memory would hold them, and what each weighs."""
        numbers, weight = self._all_numbers()
        if not self._others:
            return numbers, weight
        others = np.empty(len(self._others), dtype=object)
        others[:] = list(self._others)
        if len(numbers):  # beside text, which the task will complain of
            others = np.append(others, numbers.astype(object))
        elif not self._some_missing and all(dtype.kind == "b" for dtype in self._dtypes):
            others = others.astype(bool)
        return others, np.append([*self._others.values()], weight)

    def _add_large(self, labels: NDArray, weight: Floats) -> None:
        """Integers apart while there are few, and then as floats."""
        if not self._is_rounded:
            for label, total in _totals(labels, weight):
                self._large[label] += total
            self._is_rounded = len(self._large) > MOST_DISTINCT
            if not self._is_rounded:
                return
            labels, weight = _pairs(self._large)
            self._large.clear()
        self._numbers.add(labels.astype(np.float64), weight)

    def _all_numbers(self) -> tuple[NDArray, Floats]:
        numbers, weight = self._numbers.balanced()
        if not self._large:
            return numbers.astype(self._number_dtype()), weight
        large, its = _pairs(self._large)
        weight = np.append(weight, its)
        of_floats = any(dtype.kind == "f" for dtype in self._dtypes)
        if self._some_missing or of_floats or not self.is_exact:
            return united(np.append(numbers, large.astype(np.float64)), weight)
        whole = [*numbers.astype(np.int64).tolist(), *self._large]
        dtype = np.result_type(*self._dtypes)
        return np.array(whole, dtype=dtype if dtype.kind in "iu" else None), weight

    def _number_dtype(self) -> np.dtype:
        if self._some_missing or not self._dtypes or not self.is_exact:
            return np.dtype(np.float64)
        return np.result_type(*self._dtypes)


def _is_large(labels: NDArray) -> NDArray[np.bool_]:
    """Which integers may be no floats."""
    if labels.dtype.kind not in "iu" or labels.dtype.itemsize < 8:
        return np.zeros(len(labels), dtype=bool)
    return (labels > EXACT) | (labels < -EXACT)


def _totals(labels: NDArray, weight: Floats) -> Iterable[tuple[Any, float]]:
    """Distinct labels, and what each weighs."""
    codes, distinct = pd.factorize(labels)
    totals = np.bincount(codes, weights=weight, minlength=len(distinct))
    return zip(distinct.tolist(), totals.tolist(), strict=True)


def _pairs(weights: Mapping[int, float]) -> tuple[NDArray, Floats]:
    return np.array([*weights], dtype=object), np.array([*weights.values()])


def as_targets(
    digests: Sequence[LabelDigest], *, is_1d: bool, declared_categorical: list[bool]
) -> tuple[Targets, Floats]:
    """What rows of these labels would be.

    Whatever depends on labels and their weights alone is, of these, the same as of all rows.
    Shorter columns are filled up with labels that weigh nothing.

    Parameters
    ----------
    digests : sequence of LabelDigest
        One per target.
    is_1d : bool
        Whether y is one-dimensional.
    declared_categorical : list of bool
        Which columns have a categorical dtype.

    Returns
    -------
    targets : Targets
    weight : ndarray of shape (n, n_targets)
    """
    each = [digest.labels() for digest in digests]
    n = max(1, *(len(labels) for labels, _ in each))
    columns, weights = [], np.zeros((n, len(each)))
    for k, (labels, weight) in enumerate(each):
        filled = labels if len(labels) else np.array([np.nan])
        columns.append(filled[np.minimum(np.arange(n), len(filled) - 1)])
        weights[: len(weight), k] = weight
    names = [digest.name for digest in digests]
    dtypes = [column.dtype for column in columns]
    return Targets(columns, names, is_1d, declared_categorical, dtypes), weights
