"""Which kind is a column? Decided from its labels, unless the user says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sklearn_ple.tables import missing
from sklearn_ple.tasks.binary import Binary
from sklearn_ple.tasks.count import Count
from sklearn_ple.tasks.multiclass import Multiclass
from sklearn_ple.tasks.regression import Regression
from sklearn_ple.tasks.targets import Targets, classes_by_target
from sklearn_ple.tasks.task import Task
from sklearn_ple.tasks.user_warning import warn_user

Promise = Literal["any", "classification", "regression"]
TaskSpec = str | Task
KINDS: dict[str, type[Task]] = {kind.kind: kind for kind in (Regression, Binary, Multiclass, Count)}
MAX_INFERRED_CLASSES = 20


class TaskInferenceWarning(UserWarning):
    """Numbers were taken for classes; the message says how to decide otherwise."""


def resolve_tasks(
    tasks: Literal["auto"] | Sequence[TaskSpec] | Mapping[str, TaskSpec],
    targets: Targets,
    promise: Promise = "any",
    classes: Any = None,
) -> list[Task]:
    """One unfitted `Task` per column.

    Parameters
    ----------
    tasks : "auto", list or dict
        Kinds as names ("binary", …) or `Task` objects: one per column in order, or by column name,
        where columns left out, and "auto", are inferred.
    targets : Targets
        The columns.
    promise : {"any", "classification", "regression"}, default="any"
        What the estimator accepts; it decides before the labels do.
    classes : array-like, list of array-like, or None
        Labels known beforehand, of which y may hold a part: of the only target, or of each (None
        at regressions). A target with such labels is a classification.

    Returns
    -------
    list of Task

    Raises
    ------
    ValueError
        If counts or names do not match, a kind is unknown, or a kind breaks the promise.
    """
    given: list[TaskSpec]
    if isinstance(tasks, str):
        given = ["auto"] * len(targets.names)
    elif isinstance(tasks, Mapping):
        by_name = {str(name): spec for name, spec in tasks.items()}  # as targets are named
        if unknown := set(by_name) - set(targets.names):
            raise ValueError(
                f"tasks names {sorted(unknown)}, but y has the columns {targets.names}."
            )
        given = [by_name.get(name, "auto") for name in targets.names]
    else:
        given = list(tasks)
        if len(given) != len(targets.names):
            raise ValueError(
                f"tasks has {len(given)} entries, but y has {len(targets.names)} columns "
                f"({targets.names})."
            )
    known = classes_by_target(classes, targets)
    for k, labels in enumerate(known):
        if labels is not None and given[k] == "auto":
            given[k] = "classification"
    columns = zip(targets.names, targets.columns, targets.declared_categorical, strict=True)
    return [
        _resolve(spec, target, promise, labels)
        for spec, target, labels in zip(given, columns, known, strict=True)
    ]


def _resolve(
    spec: TaskSpec, target: tuple[str, NDArray, bool], promise: Promise, labels: NDArray | None
) -> Task:
    name, column, declared_categorical = target
    if isinstance(spec, Task):
        task = spec
    elif spec == "auto":
        task = infer_task(name, column, declared_categorical=declared_categorical, promise=promise)
    elif spec == "classification":
        task = _classes(column, labels)
    elif spec in KINDS:
        task = KINDS[spec]()
    else:
        raise ValueError(
            f"Unknown kind {spec!r} for task {name!r}; use one of {sorted(KINDS)}, "
            f"'classification', 'auto' or a Task object, such as Regression()."
        )
    if promise != "any" and task.is_classification != (promise == "classification"):
        raise ValueError(
            f"Task {name!r} is a {task.kind}, but this estimator takes {promise} targets only; "
            f"use the …ClassifierRegressor or …Estimator class of the same architecture for a mix."
        )
    return task


def infer_task(
    name: str, column: NDArray, *, declared_categorical: bool = False, promise: Promise = "any"
) -> Task:
    """Decide the kind of one column.

    A promise decides first. Otherwise text, booleans and categoricals are classes; numbers with
    two distinct integral values (or only 0s or only 1s) are binary; integral numbers with 3 to 20
    distinct values are multiclass, with a `TaskInferenceWarning`; all else is a regression. Text
    that reads as numbers, none of them a code of a class by these rules, is warned of, too.

    Parameters
    ----------
    name : str
        Of the column, for the warning.
    column : ndarray of shape (n,)
        Labels, missing ones among them.
    declared_categorical : bool, default=False
        Whether its dtype says that it holds classes.
    promise : {"any", "classification", "regression"}, default="any"
        What the estimator accepts.

    Returns
    -------
    Task
        Unfitted.
    """
    if promise == "regression":
        return Regression()
    if promise == "classification":
        return _classes(column)
    present = column[~missing(column)]
    if declared_categorical:
        return _classes(column)
    if present.dtype.kind in "bOUS":
        if _reads_as_quantities(present):
            warn_user(
                f"Target {name!r} is text that reads as numbers, such as {present[0]!r}, and is "
                f"taken for classes. Convert it (pandas.to_numeric) if they are quantities, or say "
                f"tasks={{{name!r}: 'classification'}} to silence this.",
                TaskInferenceWarning,
            )
        return _classes(column)
    distinct = np.unique(present)
    finite = bool(len(distinct)) and bool(np.isfinite(distinct).all())
    integral = finite and bool((distinct % 1 == 0).all())
    if not integral:
        return Regression()
    if len(distinct) == 2 or (len(distinct) == 1 and distinct[0] in (0, 1)):
        return Binary()
    if 3 <= len(distinct) <= MAX_INFERRED_CLASSES:
        warn_user(
            f"Target {name!r} holds {len(distinct)} distinct whole numbers and is taken for "
            f"classes. Say tasks={{{name!r}: 'regression'}} or 'count' if they are quantities, or "
            f"'multiclass' to silence this.",
            TaskInferenceWarning,
        )
        return Multiclass()
    return Regression()


def _reads_as_quantities(present: NDArray) -> bool:
    """Whether labels are text, all of it numbers, and too many or too uneven for codes."""
    levels = set(present.tolist())
    if not levels or not all(isinstance(level, str) for level in levels):
        return False
    try:
        numbers = np.array([float(level) for level in levels])
    except ValueError:
        return False
    return len(levels) > MAX_INFERRED_CLASSES or bool((numbers % 1 != 0).any())


def _classes(column: NDArray, known: NDArray | None = None) -> Task:
    labels = set(column[~missing(column)].tolist())
    labels |= set() if known is None else set(known.tolist())
    return Binary() if len(labels) <= 2 else Multiclass()
