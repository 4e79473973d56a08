"""Saying which labels a split leaves without."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sklearn_ple.splitting.traits import Rows
from sklearn_ple.tables import missing
from sklearn_ple.tasks import Targets, Task
from sklearn_ple.tasks.user_warning import warn_user

LISTED = 5
ADVICE = "Merge rare classes, take fewer folds, or score such a task over all folds together."


class SparseFoldWarning(UserWarning):
    """A part of a split lacks a task or a class; the message says which."""


class Spread(NamedTuple):
    """How the labels of a task, or those of one of its classes, lie in the parts of a split."""

    name: str
    label: Any  # None for all labels of the task
    counts: Rows  # by part

    def __str__(self) -> str:
        return f"task {self.name!r}" + (f", class {self.label!r}" if self.label is not None else "")


def warn_of_sparse_folds(targets: Targets, kinds: Sequence[Task], fold: Rows, n_folds: int) -> None:
    """Warn if a fold has no label of a task, or none of a class.

    Parameters
    ----------
    targets : Targets
    kinds : sequence of Task
        One per column.
    fold : ndarray of shape (n,)
        Of every row.
    n_folds : int
    """
    complaints = []
    for spread in spreads(targets, kinds, fold, n_folds):
        n_with = int((spread.counts > 0).sum())
        if n_with < n_folds:
            text = f"{spread} ({spread.counts.sum()} label(s)) is in {n_with} of {n_folds} folds"
            complaints.append(text + (", and not in the training part of that" * (n_with == 1)))
    _warn(complaints)


def warn_of_sparse_test(
    targets: Targets, kinds: Sequence[Task], part: Rows, test_share: float
) -> None:
    """Warn if training lacks a task or a class, or the test part one that it has a share in.

    Parameters
    ----------
    targets : Targets
    kinds : sequence of Task
    part : ndarray of shape (n,)
        0 for training, 1 for test.
    test_share : float
        Of the rows.
    """
    complaints = []
    for spread in spreads(targets, kinds, part, 2):
        n_train, n_test = spread.counts.tolist()
        if not n_train:
            where = f"only in the test part ({n_test} label(s))" if n_test else "nowhere"
            complaints.append(f"{spread} is {where}")
        elif not n_test and (spread.label is None or n_train * test_share >= 1):
            complaints.append(f"{spread} is only in the training part ({n_train} label(s))")
    _warn(complaints)


def spreads(targets: Targets, kinds: Sequence[Task], part: Rows, n_parts: int) -> Iterator[Spread]:
    """Each task, and each class of a classification."""
    for task, name, column in zip(kinds, targets.names, targets.columns, strict=True):
        present = ~missing(column)
        where = part[present]
        yield Spread(name, None, np.bincount(where, minlength=n_parts))
        if task.is_classification:
            codes, labels = pd.factorize(column[present])
            cells = np.bincount(codes * n_parts + where, minlength=len(labels) * n_parts)
            for label, counts in zip(
                np.asarray(labels).tolist(), cells.reshape(-1, n_parts), strict=True
            ):
                yield Spread(name, label, counts)


def _warn(complaints: list[str]) -> None:
    if complaints:
        listed = "; ".join(complaints[:LISTED])
        more = len(complaints) - LISTED
        listed += f"; and {more} more" if more > 0 else ""
        warn_user(f"The split leaves parts without labels: {listed}. {ADVICE}", SparseFoldWarning)
