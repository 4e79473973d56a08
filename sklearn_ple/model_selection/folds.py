"""The folds that models are compared on: drawn once, the same for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import check_cv

from sklearn_ple.splitting import assign_folds, label_strata, read_groups
from sklearn_ple.splitting.sparse import warn_of_sparse_folds
from sklearn_ple.tasks import Targets, Task, TaskSet

Rows = NDArray[np.intp]
Splits = list[tuple[Rows, Rows]]
N_FOLDS = 5


def draw_folds(
    cv: Any,
    X: Any,
    y: Any,
    split_params: Mapping[str, Any],
    *,
    targets: Targets,
    kinds: Sequence[Task],
) -> Splits:
    """Row numbers for training and test.

    Parameters
    ----------
    cv : int, None, splitter or iterable of (train, test)
        A number of folds, or None for five, are balanced in every task's labels and in which of
        them are missing; with `groups`, as far as these allow.
    X, y
        What a splitter is given.
    split_params : dict
        Such as `groups`.
    targets : Targets
        y as read.
    kinds : sequence of Task
        What `targets` hold.

    Raises
    ------
    ValueError
        If labels do not fit their task; or there is no fold, fewer rows or groups than folds, or a
        training part with labels that do not do: the message names it and the task.
    """
    TaskSet.fit(kinds, targets, np.ones((len(targets), len(kinds))))
    if cv is None or isinstance(cv, Integral):
        n_folds = N_FOLDS if cv is None else int(cv)
        if isinstance(cv, bool) or n_folds < 2:
            raise ValueError(
                f"cv={cv!r} is no number of folds, which begins at 2: give one, a splitter, or "
                f"pairs of training and test rows."
            )
        splits = _balanced(n_folds, targets, kinds, split_params.get("groups"))
    else:
        drawn = check_cv(cv).split(X, y, **split_params)
        splits = [(_numbers(train), _numbers(test)) for train, test in drawn]
    if not splits:
        raise ValueError(f"cv={cv!r} gives no fold.")
    for fold, (train, _) in enumerate(splits):
        part = targets.take(train)
        try:
            TaskSet.fit(kinds, part, np.ones((len(part), len(part.names))))
        except ValueError as error:
            raise ValueError(f"Fold {fold} can't be trained on: {error}") from error
    return splits


def _balanced(n_folds: int, targets: Targets, kinds: Sequence[Task], groups: Any) -> Splits:
    """Folds that are alike in all labels, the same at every call; as the splitters make them."""
    number = None if groups is None else read_groups(groups)
    n_parts = len(targets) if number is None else int(number.max()) + 1
    if n_folds > n_parts:
        raise ValueError(
            f"cv={n_folds} folds need as many {'rows' if groups is None else 'groups'}, but there "
            f"are {n_parts}."
        )
    fold = assign_folds(label_strata(targets, kinds), n_folds, None, groups=number)
    warn_of_sparse_folds(targets, kinds, fold, n_folds)
    return [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(n_folds)]


def _numbers(rows: Any) -> Rows:
    rows = np.asarray(rows)
    return np.flatnonzero(rows) if rows.dtype.kind == "b" else rows.astype(np.intp)
