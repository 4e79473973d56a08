"""What the targets of a fit were: kinds, numbers of labels, what is missing."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_ple.tables import missing
from sklearn_ple.tasks import Targets, Task, TaskSet


def summarise(
    task_set: TaskSet,
    targets: Targets,
    before: pd.DataFrame | None = None,
    *,
    counts: NDArray[np.float64] | None = None,
    n_rows: int | None = None,
) -> pd.DataFrame:
    """One row per target, of all rows given to `fit`, those held out to stop by included.

    Parameters
    ----------
    task_set : TaskSet
    targets : Targets
        In the order of tasks.
    before : DataFrame, default=None
        The summary of earlier chunks, to be added up with these.
    counts : ndarray of shape (n, n_tasks), default=None
        How often each label occurs, where `targets` lists them instead of rows; None for once.
    n_rows : int, default=None
        Rows that have these labels; None for as many as `targets` has.

    Returns
    -------
    DataFrame
        By target: `kind`; `rows` given and `labels` among them; `missing`, the share of rows
        without; `class_counts`, a dict of numbers of labels by class, None where there are none.
    """
    often = np.ones((len(targets), len(task_set))) if counts is None else counts
    often = np.where([missing(column) for column in targets.columns], 0.0, often.T)
    each = zip(task_set, targets.columns, often, strict=True)
    summary = pd.DataFrame(
        {
            "kind": [task.kind for task in task_set],
            "rows": len(targets) if n_rows is None else n_rows,
            "labels": [round(of_one.sum()) for of_one in often],
            "class_counts": [_class_counts(*of_one) for of_one in each],
        },
        index=pd.Index(task_set.names, name="target"),
    )
    if before is not None:
        summary[["rows", "labels"]] += before[["rows", "labels"]]
        pairs = zip(summary["class_counts"], before["class_counts"], strict=True)
        summary["class_counts"] = pd.Series(
            [_added(now, then) for now, then in pairs], index=summary.index, dtype=object
        )
    summary.insert(3, "missing", 1 - summary["labels"] / summary["rows"])
    return summary


def _class_counts(
    task: Task, labels: NDArray, often: NDArray[np.float64]
) -> dict[object, int] | None:
    if task.classes_ is None:
        return None
    labels, often = labels[often > 0], often[often > 0]
    codes = task.encode(labels).astype(int)
    counts = np.bincount(codes, weights=often, minlength=len(task.classes_))
    return dict(zip(task.classes_.tolist(), counts.round().astype(int).tolist(), strict=True))


def _added(
    now: dict[object, int] | None, then: dict[object, int] | None
) -> dict[object, int] | None:
    if now is None or then is None:
        return None
    return {label: now[label] + then[label] for label in now}
