"""Probabilities and predictions of several tasks as one array, a list or named columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sklearn_ple.tasks import TaskSet


def as_array(predictions: Sequence[NDArray], *, single: bool, promise: str) -> NDArray:
    """Predictions (n,) of every task as `predict` gives them, (n,) or (n, n_outputs)."""
    if single:
        return predictions[0]
    kinds = {each.dtype.kind for each in predictions}
    if promise != "classification" and kinds <= set("biuf"):
        return np.column_stack(predictions).astype(np.float64)
    if len(kinds) == 1 or kinds <= set("iuf"):
        return np.column_stack(predictions)
    return np.column_stack([each.astype(object) for each in predictions])


def as_probabilities(
    activated: Sequence[NDArray], task_set: TaskSet, *, single: bool
) -> NDArray | list[NDArray | None]:
    """What every task's `activate` gave as `predict_proba` gives it."""
    pairs = zip(task_set, activated, strict=True)
    probabilities = [each if task.is_classification else None for task, each in pairs]
    if not single:
        return probabilities
    assert probabilities[0] is not None
    return probabilities[0]


def as_columns(
    activated: Sequence[NDArray], predictions: Sequence[NDArray], task_set: TaskSet
) -> list[NDArray]:
    """The columns (n,) that `TaskSet.column_names` names, out of `activate` and `decode`."""
    columns: list[NDArray] = []
    for task, p, prediction in zip(task_set, activated, predictions, strict=True):
        columns.append(prediction)
        columns += [] if task.classes_ is None else list(p.T)
    return columns
