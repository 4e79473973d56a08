"""Columns of X that are no features: the group of a row, a number that the ranking depends on."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_ple.metrics.position import is_position
from sklearn_ple.tables import as_frame


def read_column(X: Any, column: str | int) -> NDArray:
    """One column: by name out of a table of any make, by position out of an array.

    A position will do for a table too, if none of its columns is called so.

    Raises
    ------
    ValueError
        If there is no such column.
    """
    table = as_frame(X)
    if isinstance(table, pd.DataFrame):
        name = _name_of(column, table)
        if name not in table.columns:
            raise ValueError(f"X has no column {column!r}; its columns are {list(table.columns)}.")
        return table[name].to_numpy()
    array = np.asarray(X)
    if array.ndim != 2 or not is_position(column, array.shape[1]):
        raise ValueError(
            f"There is no column {column!r} in an array of shape {array.shape}: give a position, "
            f"from 0 on, or X as a table with names."
        )
    return array[:, column]


def only_features(X: Any, features: Any, others: Collection[str | int]) -> Any:
    """X less those of `others` that are no features of a model, where the model knows its names.

    Parameters
    ----------
    X : array-like or DataFrame of shape (n, n_columns)
    features : ndarray of str or None
        The model's `feature_names_in_`, or None if it has none.
    others : collection of str or int

    Returns
    -------
    array-like or DataFrame
    """
    table = as_frame(X)
    if features is None or not isinstance(table, pd.DataFrame):
        return X
    names = [_name_of(column, table) for column in others]
    extra = [name for name in names if isinstance(name, str) and name not in features]
    return nw.from_native(X, eager_only=True).drop(extra, strict=False).to_native() if extra else X


def _name_of(column: str | int, table: pd.DataFrame) -> str | int:
    """What a column is called that is told by name, or by position if none is called so."""
    if column in table.columns or not is_position(column, table.shape[1]):
        return column
    name: str | int = table.columns[column]
    return name
