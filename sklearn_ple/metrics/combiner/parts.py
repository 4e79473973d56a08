"""Which tasks and columns a combined score is made of, and what each weighs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sklearn_ple.metrics.position import is_position
from sklearn_ple.metrics.x_columns import read_column

Floats = NDArray[np.float64]
Part: TypeAlias = "str | int"
Weights: TypeAlias = "Mapping[Part, float] | ArrayLike"


def choose_tasks(
    tasks: Sequence[Part] | None, weights: Weights | None, names: list[str], sides: Collection[Part]
) -> list[str]:
    """Names of the tasks to combine: those said, those that have weights, or all.

    Raises
    ------
    ValueError
        If one does not exist, is there twice, or is called like a side column; or none is left.
    """
    if tasks is None and isinstance(weights, Mapping):
        tasks = [key for key in weights if key not in sides]
    elif tasks is None:
        tasks = list[Part](names)
    chosen = [_task_name(task, names) for task in tasks]
    if not chosen:
        raise ValueError(f"There is no task to combine; the tasks are {names}.")
    if len(set(chosen)) < len(chosen):
        raise ValueError(f"A task can be combined once only, got {chosen}.")
    if both := sorted(set(chosen) & {str(side) for side in sides}):
        raise ValueError(f"{both} are tasks and side columns; rename the columns.")
    return chosen


def _task_name(task: Part, names: list[str]) -> str:
    if task in names:
        return str(task)
    if is_position(task, len(names)):
        return names[task]
    raise ValueError(f"There is no task {task!r}; the tasks are {names}, numbered from 0 on.")


def given_weights(
    weights: Weights, parts: Sequence[Part], names: list[str], sides: Collection[Part]
) -> pd.Series:
    """Weights by part.

    Raises
    ------
    ValueError
        If they are not finite numbers, one for each task.
    """
    if isinstance(weights, Mapping):
        by_part = {
            key if key in sides else _task_name(key, names): value for key, value in weights.items()
        }
        by_part = dict.fromkeys(sides, 1.0) | by_part
        if set(by_part) != set(parts) or len(weights) > len(by_part):
            raise ValueError(f"weights name {list(weights)}, but the parts are {list(parts)}.")
        values = np.array([by_part[part] for part in parts], dtype=np.float64)
    else:
        values = np.asarray(weights, dtype=np.float64)
    if values.shape != (len(parts),) or not np.isfinite(values).all():
        raise ValueError(
            f"weights must be {len(parts)} finite numbers, for {list(parts)}; got {weights!r}."
        )
    return pd.Series(values, index=list(parts), name="weight")


def signed_parts(
    signed: bool | Collection[Part],
    parts: Sequence[Part],
    names: list[str],
    sides: Collection[Part],
) -> NDArray[np.bool_]:
    """Which parts may get a negative weight, shape (n_parts,).

    Raises
    ------
    ValueError
        If one named is no part.
    """
    if isinstance(signed, bool | np.bool_):
        return np.full(len(parts), bool(signed))
    named = [part if part in sides else _task_name(part, names) for part in signed]
    if unknown := [part for part in named if part not in parts]:
        raise ValueError(f"signed names {unknown}, but the parts are {list(parts)}.")
    return np.isin(np.arange(len(parts)), [list(parts).index(part) for part in named])


def read_numbers(X: Any, column: Part) -> Floats:
    """A column of finite numbers.

    Raises
    ------
    ValueError
        If there is no such column, or it holds anything else.
    """
    found = read_column(X, column)
    try:
        values = found.astype(np.float64)
    except (TypeError, ValueError):  # text, or a gap of pandas' own kind
        values = np.array([np.nan])
    if not np.isfinite(values).all():
        raise ValueError(
            f"Side column {column!r} must hold finite numbers only; fill its gaps before."
        )
    return values
