"""Reading X: any container of features to columns that are numbers or categories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from sklearn_ple.features.levels import uniform
from sklearn_ple.tables import as_frame, is_real, missing

Kind = Literal["number", "category"]
Column = NDArray | pd.api.extensions.ExtensionArray
_FEW_CATEGORIES = 64
_NO_NUMBER = "dates, durations, complex numbers and mixtures can't be features; convert them first"


@dataclass(frozen=True)
class Columns:
    """Features by column, not yet copied or converted.

    Attributes
    ----------
    n_rows : int
    labels : list of str
        Column names, or "column 0", … for arrays; used in messages.
    names : list of str or None
        Column names, where the container has them all as strings.
    kinds : list of {"number", "category"}
        What each column's dtype says.
    table : ndarray of shape (n, p) or DataFrame
    arrays : list of array
        The table's columns one by one, as it stores them; a frame is slow to take apart.
    """

    labels: list[str]
    names: list[str] | None
    kinds: list[Kind]
    table: NDArray | pd.DataFrame
    arrays: list[Column]

    @property
    def n_rows(self) -> int:
        return len(self.table)

    def take(self, index: NDArray[np.intp] | slice) -> Columns:
        """Some of the rows, by number or as a slice."""
        table = self.table[index] if isinstance(self.table, np.ndarray) else self.table.iloc[index]
        return Columns(self.labels, self.names, self.kinds, table, _arrays(table))

    def chunks(self, n_rows: int) -> Iterator[Columns]:
        """All rows in order, so many at a time."""
        if self.n_rows <= n_rows:
            yield self
            return
        for start in range(0, self.n_rows, n_rows):
            yield self.take(slice(start, start + n_rows))

    def numbers(self, which: Sequence[int]) -> NDArray[np.float64]:
        """Columns as float64, shape (n, len(which)), NaN where missing.

        Raises
        ------
        ValueError
            If a column holds anything but numbers, or infinity.
        """
        if isinstance(self.table, np.ndarray) and self.table.dtype.kind in "biuf":
            block = self.table[:, which] if len(which) < self.table.shape[1] else self.table
            out = block.astype(np.float64)
        else:
            out = np.empty((self.n_rows, len(which)))
            for j, i in enumerate(which):
                out[:, j] = self._as_numbers(i)
        if np.isinf(out).any():
            culprit = self.labels[which[int(np.isinf(out).any(axis=0).argmax())]]
            raise ValueError(
                f"Input X contains infinity or a value too large for dtype('float64'), "
                f"in {culprit}."
            )
        return out

    def levels(self, i: int) -> tuple[NDArray[np.intp], NDArray]:
        """Column i as codes (n,), -1 where missing, and the distinct levels they point to.

        Levels are either all text or all numbers.

        Raises
        ------
        TypeError
            If they are neither.
        """
        column = self.arrays[i]
        if isinstance(column, pd.Categorical):
            codes, categories = _used(column)
            return codes, uniform(categories, self.labels[i])
        if isinstance(column, np.ndarray):
            codes, levels = pd.factorize(_plain(column))
        elif isinstance(column.dtype, pd.StringDtype):  # whose levels alone become objects
            codes, texts = column.factorize()
            levels = np.asarray(texts, dtype=object)
        else:
            codes, levels = pd.factorize(np.asarray(column, dtype=object))
        return codes, uniform(levels, self.labels[i])

    def _as_numbers(self, i: int) -> NDArray:
        column = self.arrays[i]
        if isinstance(column, np.ndarray) and column.dtype.kind in "biuf":
            return column
        try:
            if isinstance(column, np.ndarray) or isinstance(column.dtype, pd.CategoricalDtype):
                values = np.asarray(column, dtype=object)
                return np.where(missing(values), np.nan, values).astype(np.float64)
            return column.to_numpy(dtype=np.float64, na_value=np.nan)
        except (TypeError, ValueError):
            raise ValueError(
                f"{self.labels[i]} was numeric at fit but holds something else now."
            ) from None


def read_columns(X: Any) -> Columns:
    """Read X: a list, array, DataFrame (pandas, polars) or Arrow table.

    Parameters
    ----------
    X : array-like or DataFrame of shape (n, p)

    Returns
    -------
    Columns

    Raises
    ------
    TypeError
        If X is no table, or not yet one (a LazyFrame), or sparse, or a column holds what can't be a
        feature; the message names it.
    ValueError
        If X is not two-dimensional, is complex, or repeats a column name.
    """
    if sparse.issparse(X):
        raise TypeError(
            "Sparse data was passed for X, but dense data is required. Use '.toarray()' to convert "
            "it to a dense array; in a pipeline set sparse_output=False or sparse_threshold=0, or "
            "leave categories as they are, for they are embedded."
        )
    frame = as_frame(X)
    if isinstance(frame, pd.DataFrame):
        labels = [f"column {c!r}" for c in frame.columns]
        if not frame.columns.is_unique:
            twice = frame.columns[frame.columns.duplicated()].tolist()
            raise ValueError(f"X has duplicated column names: {twice}.")
        arrays = _arrays(frame)
        kinds = [_kind(*each) for each in zip(arrays, labels, strict=True)]
        texts = all(isinstance(c, str) for c in frame.columns)
        return Columns(labels, list(frame.columns) if texts else None, kinds, frame, arrays)
    if isinstance(X, str | PathLike):
        raise TypeError(f"X is the path {str(X)!r} and no table: read the file first.")
    if isinstance(X, Sequence) and len(X) and isinstance(X[0], Mapping):
        raise TypeError("X is a list of dicts and no table: pandas.DataFrame(X) makes it one.")
    array = _to_array(X)
    if array.dtype.kind == "c":
        raise ValueError("Complex data not supported: X is complex.")
    if array.ndim != 2:
        hint = (
            " Reshape your data either using array.reshape(-1, 1) if your data has a single "
            "feature or array.reshape(1, -1) if it contains a single sample."
            if array.ndim < 2
            else ""
        )
        raise ValueError(
            f"Expected 2D array, got {array.ndim}D array instead: found array with dim "
            f"{array.ndim}.{hint}"
        )
    labels = [f"column {i}" for i in range(array.shape[1])]
    arrays = _arrays(array)
    kinds = [_kind(*each) for each in zip(arrays, labels, strict=True)]
    return Columns(labels, None, kinds, array, arrays)


def _to_array(X: Any) -> NDArray:
    array = np.asarray(X)
    if array.dtype.kind == "T":  # NumPy's own strings, with gaps of any kind
        return array.astype(object)
    is_list = not isinstance(X, np.ndarray)
    return np.asarray(X, dtype=object) if is_list and array.dtype.kind in "US" else array


def _arrays(table: NDArray | pd.DataFrame) -> list[Column]:
    if isinstance(table, np.ndarray):
        return list(table.T)
    columns = [column for _, column in table.items()]
    return [c.to_numpy() if isinstance(c.dtype, np.dtype) else c.array for c in columns]


def _used(column: pd.Categorical) -> tuple[NDArray[np.intp], NDArray]:
    """Codes, and the categories they point to; of many, only those that occur."""
    codes, categories = column.codes.astype(np.intp), column.categories
    if len(categories) <= max(len(codes), _FEW_CATEGORIES):
        return codes, categories.to_numpy()
    present = codes >= 0
    used, codes[present] = np.unique(codes[present], return_inverse=True)
    return codes, categories.take(used).to_numpy()


def _kind(column: Column, label: str) -> Kind:
    dtype = column.dtype
    if isinstance(column, np.ndarray):
        if dtype.kind in "biuf":
            return "number"
        if dtype.kind in "US":
            return "category"
        if dtype.kind == "O":
            return _object_kind(column, label)
    elif isinstance(dtype, pd.CategoricalDtype):
        return "category"
    elif not pd.api.types.is_complex_dtype(dtype):
        if pd.api.types.is_bool_dtype(dtype) or pd.api.types.is_numeric_dtype(dtype):
            return "number"
        if pd.api.types.is_object_dtype(dtype):
            return _object_kind(np.asarray(column, dtype=object), label)
        if pd.api.types.is_string_dtype(dtype):
            return "category"
    raise TypeError(f"{label} has dtype {dtype}: {_NO_NUMBER}.")


def _object_kind(column: NDArray, label: str) -> Kind:
    kinds = set(map(type, column[~missing(column)]))
    if all(map(is_real, kinds)):  # also where there is nothing at all
        return "number"
    if all(issubclass(kind, str) for kind in kinds):
        return "category"
    named = sorted(kind.__name__ for kind in kinds)
    raise TypeError(
        f"{label} holds values of the types {named}; each argument must be a string or a real "
        f"number, all text or all numbers in a column (.astype(str) makes them text); {_NO_NUMBER}."
    )


def _plain(values: NDArray) -> NDArray:
    """Values without the byte orders and half precision that pandas does not take."""
    if values.dtype.kind == "f" and values.dtype.itemsize == 2:
        return values.astype(np.float64)
    return values.astype(values.dtype.newbyteorder("="), copy=False)
