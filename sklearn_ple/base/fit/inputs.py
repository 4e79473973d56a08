"""Checks of what the user hands over: rows, weights, categorical columns, class weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_ple.features import Columns
from sklearn_ple.tasks import TaskSet
from sklearn_ple.tasks.targets import weights_by_target

Floats = NDArray[np.float64]


def check_rows(columns: Columns, minimum: int = 1) -> None:
    """Raise ValueError for too few rows or no columns, in scikit-learn's words."""
    check_shape(columns.n_rows, len(columns.labels), minimum)


def check_shape(n: int, p: int, minimum: int) -> None:
    """The same of n rows of p columns."""
    if p == 0:
        raise ValueError(
            f"Found array with 0 feature(s) (shape=({n}, 0)) while a minimum of 1 is required."
        )
    if n < minimum:
        raise ValueError(
            f"Found array with {n} sample(s) (shape=({n}, {p})) while a minimum of {minimum} is "
            f"required." + (" One sample, n_samples=1, can't be learned from." if n == 1 else "")
        )


def check_same_length(n_rows: int, n_labels: int, x_name: str = "X", y_name: str = "y") -> None:
    """Raise ValueError unless features and labels have as many rows."""
    if n_labels != n_rows:
        raise ValueError(
            f"Found input variables with inconsistent numbers of samples: {x_name} has {n_rows}, "
            f"{y_name} has {n_labels}."
        )


def check_sample_weight(
    sample_weight: Any, n_rows: int, names: list[str], name: str = "sample_weight"
) -> Floats:
    """Weights of shape (n_rows, n_tasks), in the order of these targets.

    Given are None, weights of rows (n,), or of labels (n, n_tasks).

    Raises
    ------
    ValueError
        If the shape is another, or a weight is negative or not finite, or all are zero, or columns
        of a table are not those of y.
    TypeError
        If it is a dict.
    """
    n_tasks = len(names)
    if sample_weight is None:
        return np.ones((n_rows, n_tasks))
    weight = weights_by_target(sample_weight, names)
    if weight.shape not in {(n_rows,), (n_rows, n_tasks)}:
        raise ValueError(
            f"{name} has shape {weight.shape}; expected ({n_rows},) or "
            f"({n_rows}, {n_tasks}): one weight per row, or one per row and task."
        )
    if not np.isfinite(weight).all() or (weight < 0).any():
        raise ValueError(f"{name} holds negative, NaN or infinite values.")
    if not weight.any():
        raise ValueError(f"All elements of {name} are zero: no row is left that counts.")
    return np.repeat(weight[:, None], n_tasks, axis=1) if weight.ndim == 1 else weight.copy()


def units_of(typical: Floats) -> Floats:
    """Factors, each a power of two, that bring weights of this size near one.

    Losses are weighted means, so that only ratios within a task matter, and powers of two change
    no digit; but float32 ends at 1e-45 and 3e38.
    """
    exponents = np.round(np.log2(np.where(typical > 0, typical, 1.0)))
    return np.asarray(np.exp2(-exponents))


def in_rows(weight: Floats, total: Floats, n_rows: int) -> Floats:
    """Weights (n, n_tasks) in units of what each of so many rows weighs on average.

    Where classes are declared beforehand, one row of each is added to those that there are.
    """
    unit = total / max(1, n_rows)
    scaled: Floats = weight / np.where(unit > 0, unit, 1.0)
    return scaled


def resolve_categorical(categorical_features: Any, columns: Columns) -> list[int]:
    """Positions of the categorical columns: those with such a dtype and those named.

    Raises
    ------
    ValueError
        If a name, position or mask does not fit X.
    """
    n = len(columns.labels)
    by_dtype = {i for i, kind in enumerate(columns.kinds) if kind == "category"}
    if categorical_features is None or isinstance(categorical_features, str):
        return sorted(by_dtype)
    given = np.asarray(categorical_features)
    if given.dtype == bool:
        if given.shape != (n,):
            raise ValueError(f"categorical_features has {given.size} flags for {n} columns.")
        return sorted(by_dtype | set(np.flatnonzero(given).tolist()))
    if given.dtype.kind in "iu":
        if given.size and (given.min() < 0 or given.max() >= n):
            raise ValueError(
                f"categorical_features={given.tolist()} is out of range for {n} columns."
            )
        return sorted(by_dtype | set(given.tolist()))
    if given.size == 0:
        return sorted(by_dtype)
    names = columns.names or []
    if unknown := [name for name in given.tolist() if name not in names]:
        raise ValueError(f"categorical_features names {unknown}, which X does not have.")
    return sorted(by_dtype | {names.index(name) for name in given.tolist()})


def apply_class_weight(
    class_weight: Any, task_set: TaskSet, encoded: Floats, weight: Floats
) -> Floats:
    """Weights (n, n_tasks) multiplied by those of each label's class.

    Raises
    ------
    ValueError
        If a task or a label is unknown, what is to be weighed has no classes, or a weight is
        negative or not finite, or all are zero.
    """
    if not class_weight:
        return weight
    weight = weight.copy()
    for k, spec in enumerate(_class_weight_by_task(class_weight, task_set)):
        task = task_set.tasks[k]
        if spec is None:
            continue
        if task.classes_ is None:
            raise ValueError(
                f"class_weight is about classes, and task {task.name_!r} is a {task.kind}: for "
                f"weights of rows there is sample_weight, of tasks task_weights."
            )
        rows = ~np.isnan(encoded[:, k]) & (weight[:, k] > 0)
        codes = encoded[rows, k].astype(int)
        if isinstance(spec, str):
            totals = np.bincount(codes, weights=weight[rows, k], minlength=len(task.classes_))
            factors = totals.sum() / (len(task.classes_) * np.where(totals > 0, totals, 1.0))
        else:
            labels = task.classes_.tolist()
            if unknown := set(spec) - set(labels):
                raise ValueError(
                    f"class_weight of task {task.name_!r} names {sorted(map(str, unknown))}; its "
                    f"classes are {labels}."
                )
            factors = np.array([float(spec.get(label, 1.0)) for label in labels])
            if not np.isfinite(factors).all() or (factors < 0).any() or not factors.any():
                raise ValueError(
                    f"class_weight of task {task.name_!r} must be finite, not negative and not "
                    f"all zero; it is {spec}."
                )
        weight[rows, k] *= factors[codes]
    return weight


def _class_weight_by_task(class_weight: Any, task_set: TaskSet) -> Sequence[Any]:
    if isinstance(class_weight, str):
        if not any(task.is_classification for task in task_set):
            raise ValueError(f"class_weight={class_weight!r}, but no target has classes.")
        return [class_weight if task.is_classification else None for task in task_set]
    nested = any(v is None or isinstance(v, str | Mapping) for v in class_weight.values())
    if not nested:
        if len(task_set) > 1:
            raise ValueError(
                f"class_weight={class_weight} gives weights of labels, but there are several "
                f"targets: give a dict by target name ({task_set.names})."
            )
        return [class_weight]
    if unknown := set(class_weight) - set(task_set.names):
        raise ValueError(f"class_weight names {sorted(unknown)}; the targets are {task_set.names}.")
    for name, spec in class_weight.items():
        if spec not in (None, "balanced") and not isinstance(spec, Mapping):
            raise ValueError(
                f"class_weight of task {name!r} is {spec!r}: it may be 'balanced', a dict of "
                f"weights by label, or None."
            )
    return [class_weight.get(name) for name in task_set.names]
