"""One split in training and test, alike in all targets."""

from __future__ import annotations

from math import ceil, floor
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import _safe_indexing, check_random_state, indexable

from sklearn_ple.splitting.folds import hold_out
from sklearn_ple.splitting.groups import read_groups
from sklearn_ple.splitting.sparse import warn_of_sparse_test
from sklearn_ple.splitting.strata import Strata, TaskChoice, label_strata, resolve_kinds
from sklearn_ple.splitting.traits import Rows
from sklearn_ple.tasks import read_targets

Size = float | int | None
TEST_SIZE = 0.25


def multitask_train_test_split(
    *arrays: Any,
    test_size: Size = None,
    train_size: Size = None,
    stratify: Any = None,
    groups: Any = None,
    random_state: int | np.random.RandomState | None = None,
    tasks: TaskChoice = "auto",
) -> list[Any]:
    """Split arrays or tables in training and test rows that are alike in all targets.

    As `MultiTaskStratifiedKFold`, it balances the classes or quantile bins of every task, the
    number of its labels, and the patterns of missing ones. A class with a single label trains.

    Parameters
    ----------
    *arrays : array-like or DataFrame of n_samples rows
        What to split: X, y and whatever goes with them, such as weights. The second is taken for
        the targets, or the first if it is the only one.
    test_size, train_size : float, int or None, default=None
        Shares of the rows, or numbers; a quarter is for testing if neither is given. Rows that are
        left over are in neither.
    stratify : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
        Targets to balance instead.
    groups : array-like of shape (n_samples,), default=None
        Rows of one group stay together; sizes are then met as well as that allows, with a group
        in each part at least.
    random_state : int, RandomState or None, default=None
        Seed.
    tasks : "auto", "classification", "regression", list or dict, default="auto"
        As in `MultiTaskStratifiedKFold`.

    Returns
    -------
    list of 2 * len(arrays)
        Training and test part of each array in turn, of its own type, rows in random order.

    Raises
    ------
    ValueError
        If there is nothing to split, the sizes leave a part empty or exceed the rows, or labels do
        not fit their kind.

    Warns
    -----
    SparseFoldWarning
        If a task has no label in one of the parts, or a class is missing where it has a share.

    See Also
    --------
    MultiTaskStratifiedKFold : Cross-validation.

    Examples
    --------
    >>> from sklearn_ple import load_census_income, multitask_train_test_split
    >>> X, y = load_census_income(return_X_y=True)
    >>> X_train, X_test, y_train, y_test = multitask_train_test_split(
    ...     X, y, test_size=0.2, random_state=0
    ... )
    >>> bool((abs(y_train.mean() - y_test.mean()) < 0.001).all())
    True
    """
    if not arrays:
        raise ValueError("There is nothing to split: give X and y.")
    indexable(*arrays, stratify, groups)
    given = arrays[min(1, len(arrays) - 1)] if stratify is None else stratify
    targets = read_targets(given)
    kinds = resolve_kinds(tasks, targets)
    n_train, n_test = _sizes(len(targets), test_size, train_size)
    stream: np.random.RandomState = check_random_state(random_state)
    numbers = None if groups is None else read_groups(groups)
    if numbers is not None and not numbers.any():
        raise ValueError("groups holds a single group: it can't be split.")
    strata = label_strata(targets, kinds)
    rows = np.arange(len(targets))
    if n_train + n_test < len(rows):
        rows = rows[_kept(strata, n_train + n_test, numbers, stream)]
    share = n_test / (n_train + n_test)
    in_test = _part(strata, rows, _at_share(len(rows), share), numbers, stream)
    warn_of_sparse_test(targets.take(rows), kinds, in_test.astype(np.intp), share)
    parts = [stream.permutation(rows[some]) for some in (~in_test, in_test)]
    return [_safe_indexing(array, part) for array in arrays for part in parts]


def _kept(
    strata: Strata, n_kept: int, groups: Rows | None, random_state: np.random.RandomState
) -> NDArray[np.bool_]:
    """Which rows are in one of the parts: those of two groups at least, where there are groups."""
    if groups is None:
        return ~hold_out(strata, len(strata) - n_kept, random_state)
    kept = hold_out(strata, n_kept, random_state, groups=groups, others_train=False)
    n_lacking = 2 - len(np.unique(groups[kept]))
    if n_lacking > 0:  # the smallest ones, of equals any
        size = np.bincount(groups) + random_state.uniform(size=int(groups.max()) + 1)
        size[groups[kept]] = np.inf
        kept |= np.isin(groups, np.argsort(size)[:n_lacking])
    return kept


def _part(
    strata: Strata,
    rows: Rows,
    n_held_out: int,
    groups: Rows | None,
    random_state: np.random.RandomState,
) -> NDArray[np.bool_]:
    """Which of some rows are held out."""
    if groups is not None:
        _, groups = np.unique(groups[rows], return_inverse=True)
    return hold_out(strata[rows], n_held_out, random_state, groups=groups)


def _at_share(n: int, share: float) -> int:
    """A share of n rows; whole groups may be more of them than were asked for."""
    return min(max(round(n * share), 1), n - 1)


def _sizes(n: int, test_size: Size, train_size: Size) -> tuple[int, int]:
    """Numbers of rows for training and test; shares are rounded in favour of the test part."""
    n_test = _size(n, test_size, "test_size", ceil)
    n_train = _size(n, train_size, "train_size", floor)
    if n_test is None:
        n_test = ceil(n * TEST_SIZE) if n_train is None else n - n_train
    n_train = n - n_test if n_train is None else n_train
    if min(n_train, n_test) < 1 or n_train + n_test > n:
        raise ValueError(
            f"test_size={test_size} and train_size={train_size} make {n_train} training and "
            f"{n_test} test rows out of {n}: both need one, and there must be enough."
        )
    return n_train, n_test


def _size(n: int, size: Size, name: str, rounded: Any) -> int | None:
    if size is None:
        return None
    if isinstance(size, int | Integral) and not isinstance(size, bool):
        return int(size)
    if isinstance(size, float | Real) and 0 < size < 1:
        return int(rounded(n * float(size)))
    raise ValueError(f"{name} must be a number of rows or a share between 0 and 1, got {size!r}.")
