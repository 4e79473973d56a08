"""What the targets of a fit were: kinds, numbers of labels, what is missing."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_ple.tables import missing
from sklearn_ple.tasks import Targets, Task, TaskSet


def summarise(
    task_set: TaskSet, targets: Targets, before: pd.DataFrame | None = None
) -> pd.DataFrame:
    """One row a target, of all rows given to `fit`, those held out to stop by included.

    Parameters
    ----------
    task_set : TaskSet
    targets : Targets
        In the order of tasks.
    before : DataFrame, default=None
        The summary of earlier chunks, to be added up with these.

    Returns
    -------
    DataFrame
        By target: `kind`; `rows` given and `labels` among them; `missing`, the share of rows
        without; `class_counts`, a dict of numbers of labels by class, None where there are none.
    """
    present = [~missing(column) for column in targets.columns]
    each = zip(task_set, targets.columns, present, strict=True)
    summary = pd.DataFrame(
        {
            "kind": [task.kind for task in task_set],
            "rows": len(targets),
            "labels": [int(rows.sum()) for rows in present],
            "class_counts": [_class_counts(task, column[rows]) for task, column, rows in each],
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


def _class_counts(task: Task, labels: NDArray) -> dict[object, int] | None:
    if task.classes_ is None:
        return None
    codes = task.encode(labels)
    counts = np.bincount(codes[~np.isnan(codes)].astype(int), minlength=len(task.classes_))
    return dict(zip(task.classes_.tolist(), counts.tolist(), strict=True))


def _added(
    now: dict[object, int] | None, then: dict[object, int] | None
) -> dict[object, int] | None:
    if now is None or then is None:
        return None
    return {label: now[label] + then[label] for label in now}
