"""From labels to strata: which of them are alike for a split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_ple.tables import missing
from sklearn_ple.tasks import Targets, Task, resolve_tasks
from sklearn_ple.tasks.inference import Promise, TaskSpec

Strata: TypeAlias = NDArray[np.int64]
TaskChoice: TypeAlias = str | Sequence[TaskSpec] | Mapping[str, TaskSpec]
PROMISES: dict[str, Promise] = {
    "auto": "any",
    "classification": "classification",
    "regression": "regression",
}


def resolve_kinds(tasks: TaskChoice, targets: Targets) -> list[Task]:
    """The kind of every column, by the inference that estimators use.

    Parameters
    ----------
    tasks : "auto", "classification", "regression", list or dict
        As an estimator's `tasks`; or the word for what a `…Classifier` or `…Regressor` does, which
        takes all columns alike.
    targets : Targets

    Returns
    -------
    list of Task
        Unfitted, one per column.

    Raises
    ------
    ValueError
        If `tasks` is another word, or does not fit the columns.
    """
    if not isinstance(tasks, str):
        return resolve_tasks(tasks, targets)
    if tasks not in PROMISES:
        raise ValueError(f"tasks={tasks!r}; the words are {list(PROMISES)}.")
    return resolve_tasks("auto", targets, PROMISES[tasks])


def label_strata(targets: Targets, kinds: Sequence[Task]) -> Strata:
    """Strata (n, n_tasks) of all labels: classes or quantile bins, -1 where missing.

    A target without labels, or a classification of a single class, is one stratum: that is for
    `fit` to complain about, not for a split.

    Parameters
    ----------
    targets : Targets
    kinds : sequence of Task
        One per column, unfitted.

    Returns
    -------
    ndarray of shape (n, n_tasks)

    Raises
    ------
    ValueError
        If labels do not fit their kind; the message names the task.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ple.tasks import Binary, Regression, read_targets
    >>> y = np.array([["no", 1.5], ["yes", 2.5], [None, 7.0]], dtype=object)
    >>> label_strata(read_targets(y), [Binary(), Regression()])
    array([[ 0,  0],
           [ 1,  2],
           [-1,  4]])
    """
    columns = zip(kinds, targets.names, targets.columns, strict=True)
    return np.column_stack([_strata(task, name, column) for task, name, column in columns])


def _strata(task: Task, name: str, column: NDArray) -> Strata:
    present = ~missing(column)
    strata = np.full(len(column), -1, dtype=np.int64)
    if not task.is_classification:
        if not present.any():
            return strata
        fitted = task.fit(name, column, np.ones(len(column)))
        return fitted.strata(fitted.encode(column))
    codes, labels = pd.factorize(column[present])
    strata[present] = codes
    if len(labels) > 1:  # the task need not see every label twice
        labels = np.asarray(labels)
        fitted = task.fit(name, labels, np.bincount(codes).astype(np.float64))
        strata[present] = fitted.strata(fitted.encode(labels))[codes]
    return strata
