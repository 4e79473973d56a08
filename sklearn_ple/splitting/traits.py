"""What a split is to balance: the traits that rows have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from sklearn_ple.splitting.strata import Strata

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

PATTERNS = 64  # of missing labels, the most frequent ones
PATTERN_WEIGHT = 0.25  # of a class as frequent
STRATUM_NEED, TASK_NEED, ROW_NEED = 1.0, 100.0, 10_000.0
CODES = 2**62  # combinations that an int64 can number


@dataclass(frozen=True)
class Traits:
    """Which traits there are, and which of them each row has.

    A trait is a stratum of a task; to have a label of a task, or none; a pattern of missing labels
    over all tasks; and, last, to be a row.

    Attributes
    ----------
    numbers : ndarray of shape (n, m)
        The numbers of each row's traits, -1 for none.
    count : ndarray of shape (n_traits,)
        How many rows have each.
    weight : ndarray of shape (n_traits,)
        What a surplus of one row costs, squared: deviations are relative to `count`, so that rare
        traits come first.
    need : ndarray of shape (n_traits,)
        How bad it is if a fold without that trait might have had it.
    """

    numbers: Rows
    count: Floats
    weight: Floats
    need: Floats

    def table(self, rows: Rows) -> csr_array:
        """Which traits (n_rows, n_traits) some `rows` have, as ones."""
        numbers = self.numbers[rows]
        has = numbers >= 0
        ends = np.concatenate([[0], has.sum(axis=1).cumsum()])
        ones = np.ones(ends[-1])
        return csr_array((ones, numbers[has], ends), shape=(len(rows), len(self.count)))


def find_traits(strata: Strata) -> Traits:
    """The traits of rows with these strata (n, n_tasks), -1 where a label is missing."""
    numbers: list[Rows] = []
    parts: list[tuple[Floats, Floats, float]] = []  # count, what a surplus is relative to, need
    n_traits = 0
    for codes, count, scale, need in _kinds_of_traits(strata):
        numbers.append(np.where(codes >= 0, codes + n_traits, -1))
        n_traits += len(count)
        parts.append((count, scale, need))
    return Traits(
        np.column_stack(numbers),
        np.concatenate([count for count, _, _ in parts]),
        np.concatenate([scale for _, scale, _ in parts]) ** -2,
        np.concatenate([np.full(len(count), need) for count, _, need in parts]),
    )


def combinations(table: Strata) -> tuple[Rows, Rows]:
    """A row of each distinct combination (n_distinct,), and each row's combination (n,)."""
    codes, n_codes = np.zeros(len(table), dtype=np.int64), 1
    for column in table.T:
        numbers, distinct = pd.factorize(column, sort=True)
        if n_codes * len(distinct) > CODES:
            codes, known = pd.factorize(codes, sort=True)
            n_codes = len(known)
        codes, n_codes = codes * len(distinct) + numbers, n_codes * len(distinct)
    inverse, known = pd.factorize(codes, sort=True)
    first = np.empty(len(known), dtype=np.intp)
    first[inverse[::-1]] = np.arange(len(table))[::-1]
    return first, inverse


Kind = tuple[Rows, Floats, Floats, float]


def _kinds_of_traits(strata: Strata) -> list[Kind]:
    n = len(strata)
    kinds: list[Kind] = []
    for column in strata.T:
        present = column >= 0
        n_labels = int(present.sum())
        if n_labels:
            codes = np.full(n, -1)
            codes[present], _ = pd.factorize(column[present], sort=True)
            count = np.bincount(codes[present]).astype(np.float64)
            kinds.append((codes, count, count, STRATUM_NEED))
        if 0 < n_labels < n:
            for has, need in ((present, TASK_NEED), (~present, 0.0)):
                count = np.array([has.sum()], dtype=np.float64)
                kinds.append((has - np.intp(1), count, count, need))
    if strata.shape[1] > 1 and (strata < 0).any():
        kinds.append(_patterns(strata < 0))
    everywhere = np.array([float(n)])
    kinds.append((np.zeros(n, dtype=np.intp), everywhere, everywhere, ROW_NEED))
    return kinds


def _patterns(absent: NDArray[np.bool_]) -> Kind:
    _, pattern = combinations(absent.astype(np.int64))
    count = np.bincount(pattern)
    frequent = np.argsort(-count, kind="stable")[:PATTERNS]
    number = np.full(len(count), -1)
    number[frequent] = np.arange(len(frequent))
    kept = count[frequent].astype(np.float64)
    return number[pattern], kept, kept * PATTERN_WEIGHT**-0.5, 0.0
