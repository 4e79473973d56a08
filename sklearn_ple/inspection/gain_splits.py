"""On which rows, with which seeds: what a scheme and its twin have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import check_cv

from sklearn_ple.metrics.gain_verdicts import too_few
from sklearn_ple.metrics.row_bootstrap import RowDraws
from sklearn_ple.splitting import assign_folds, label_strata
from sklearn_ple.tasks import Targets, Task

Rows = NDArray[np.intp]
HELD_OUT = 5  # a single split holds out a fifth


@dataclass(frozen=True)
class Pairing:
    """Training rows, test rows and seed, the same for both models of a pair.

    Attributes
    ----------
    fold, seed : int
        Number of the split, from 0 on, and `random_state` of both models.
    train, test : ndarray of int
        Row numbers.
    """

    fold: int
    seed: int
    train: Rows
    test: Rows


def pairings(
    splits: Sequence[tuple[Rows, Rows]],
    seeds: int | Sequence[int],
    random_state: np.random.RandomState,
) -> list[Pairing]:
    """Every split with every seed.

    Parameters
    ----------
    splits : sequence of (train, test)
    seeds : int or sequence of int
        How many, drawn anew for each split; or which, the same for each.
    random_state : RandomState

    Raises
    ------
    ValueError
        If there is a single pair, or a seed appears twice.
    """
    if isinstance(seeds, int | Integral):  # mypy knows int alone
        n_seeds = int(seeds)
        drawn = random_state.randint(2**31 - 1, size=(len(splits), max(n_seeds, 0)))
    else:
        n_seeds = len(seeds)
        drawn = np.tile(np.asarray(seeds, dtype=np.int64), (len(splits), 1))
        if len(set(seeds)) < n_seeds:
            raise ValueError(f"seeds={list(seeds)} names one twice, and it would count twice.")
    if len(splits) * n_seeds < 2:
        raise ValueError(too_few(len(splits) * n_seeds))
    return [
        Pairing(fold, int(seed), train, test)
        for fold, (train, test) in enumerate(splits)
        for seed in drawn[fold]
    ]


def make_splits(
    cv: Any,
    X: Any,
    y: Any,
    groups: Any,
    *,
    targets: Targets,
    kinds: Sequence[Task],
    random_state: np.random.RandomState,
) -> list[tuple[Rows, Rows]]:
    """Row numbers for training and test.

    Parameters
    ----------
    cv : int, None, splitter or iterable of (train, test)
        A number of folds, or None for one split, are stratified on all tasks' labels and on which
        of them are missing.
    X, y, groups
        What a splitter is given.
    targets : Targets
    kinds : sequence of Task
        What `targets` hold.
    random_state : RandomState

    Raises
    ------
    ValueError
        If there are fewer than two folds, or fewer rows than folds.
    """
    if cv is not None and not isinstance(cv, Integral):
        splits = check_cv(cv).split(X, y, groups)
        return [(_numbers(train), _numbers(test)) for train, test in splits]
    if groups is not None:
        raise ValueError("groups needs a splitter that heeds them, such as cv=GroupKFold().")
    n_folds = HELD_OUT if cv is None else int(cv)
    if not 2 <= n_folds <= len(targets):
        raise ValueError(f"cv={cv} folds of {len(targets)} rows: it must be 2 to the rows' number.")
    fold = assign_folds(label_strata(targets, kinds), n_folds, random_state)
    wanted = [0] if cv is None else range(n_folds)
    return [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in wanted]


def draw_rows(
    splits: Sequence[tuple[Rows, Rows]], n_bootstrap: int, random_state: np.random.RandomState
) -> list[RowDraws]:
    """For each split the draws of its test rows, the same for all models and seeds.

    Rows are drawn from all test parts together. So a row that several splits are judged by, as in
    repeated folds, is in a draw or not for all of them; and a test part that is too small to say
    anything about other rows is now and then empty, and shows it.

    Parameters
    ----------
    splits : sequence of (train, test)
    n_bootstrap : int
        Number of draws; none moves no generator.
    random_state : RandomState
    """
    seed = int(random_state.randint(2**31 - 1)) if n_bootstrap else 0
    pool = np.unique(np.concatenate([test for _, test in splits]))
    return [
        RowDraws(n_bootstrap, seed, len(pool), np.searchsorted(pool, test)) for _, test in splits
    ]


def _numbers(rows: Any) -> Rows:
    rows = np.asarray(rows)
    return np.flatnonzero(rows) if rows.dtype.kind == "b" else rows.astype(np.intp)
