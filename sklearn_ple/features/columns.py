"""Reading X: any container of features to columns that are numbers or categories."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from sklearn_ple.tables import as_frame, missing

Kind = Literal["number", "category"]
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
    """

    labels: list[str]
    names: list[str] | None
    kinds: list[Kind]
    table: NDArray | pd.DataFrame

    @property
    def n_rows(self) -> int:
        return len(self.table)

    def take(self, index: NDArray[np.intp] | slice) -> Columns:
        """Some of the rows, by number or as a slice."""
        table = self.table[index] if isinstance(self.table, np.ndarray) else self.table.iloc[index]
        return Columns(self.labels, self.names, self.kinds, table)

    def chunks(self, n_rows: int) -> Iterator[Columns]:
        """All rows in order, so many at a time."""
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
                out[:, j] = self._one_number(i)
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
        """
        column = self._column(i)
        if isinstance(column, pd.Series) and isinstance(column.dtype, pd.CategoricalDtype):
            codes = column.cat.codes.to_numpy().astype(np.intp)
            return codes, _uniform(column.cat.categories.to_numpy(), self.labels[i])
        values = np.asarray(column, dtype=object) if _is_extension(column) else np.asarray(column)
        codes, levels = pd.factorize(_plain(values), sort=False)
        return codes, _uniform(np.asarray(levels), self.labels[i])

    def _column(self, i: int) -> NDArray | pd.Series:
        if isinstance(self.table, np.ndarray):
            return self.table[:, i]
        return self.table.iloc[:, i]

    def _one_number(self, i: int) -> NDArray[np.float64]:
        column = self._column(i)
        if isinstance(column, pd.Series) and isinstance(column.dtype, pd.CategoricalDtype):
            column = column.astype(object)
        try:
            if isinstance(column, pd.Series):
                return column.to_numpy(dtype=np.float64, na_value=np.nan)
            return np.where(missing(column), np.nan, column).astype(np.float64)
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
        If X is sparse, or a column holds what can't be a feature; the message names it.
    ValueError
        If X is not two-dimensional, is complex, or repeats a column name.
    """
    if sparse.issparse(X):
        raise TypeError(
            "Sparse data was passed for X, but dense data is required. Use '.toarray()' to convert "
            "it to a dense array."
        )
    frame = as_frame(X)
    if isinstance(frame, pd.DataFrame):
        labels = [f"column {c!r}" for c in frame.columns]
        twice = frame.columns[frame.columns.duplicated()].tolist()
        if twice:
            raise ValueError(f"X has duplicated column names: {twice}.")
        kinds = [_kind(frame.iloc[:, i], labels[i]) for i in range(frame.shape[1])]
        texts = all(isinstance(c, str) for c in frame.columns)
        return Columns(labels, list(frame.columns) if texts else None, kinds, frame)
    array = X if isinstance(X, np.ndarray) else _to_array(X)
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
    kinds = [_array_kind(array[:, i], labels[i]) for i in range(array.shape[1])]
    return Columns(labels, None, kinds, array)


def _to_array(X: Any) -> NDArray:
    array = np.asarray(X)
    return np.asarray(X, dtype=object) if array.dtype.kind in "US" else array


def _array_kind(column: NDArray, label: str) -> Kind:
    if column.dtype.kind in "biuf":
        return "number"
    if column.dtype.kind in "US":
        return "category"
    if column.dtype.kind == "O":
        return _object_kind(column, label)
    raise TypeError(f"{label} has dtype {column.dtype}: {_NO_NUMBER}.")


def _kind(column: pd.Series, label: str) -> Kind:
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return "category"
    if pd.api.types.is_complex_dtype(dtype):
        raise TypeError(f"{label} has dtype {dtype}: {_NO_NUMBER}.")
    if pd.api.types.is_bool_dtype(dtype) or pd.api.types.is_numeric_dtype(dtype):
        return "number"
    if pd.api.types.is_object_dtype(dtype):
        return _object_kind(column.to_numpy(), label)
    if pd.api.types.is_string_dtype(dtype):
        return "category"
    raise TypeError(f"{label} has dtype {dtype}: {_NO_NUMBER}.")


def _object_kind(column: NDArray, label: str) -> Kind:
    present = column[~missing(column)]
    if all(isinstance(v, str) for v in present):
        return "category" if len(present) else "number"
    if all(isinstance(v, bool | int | float | np.number | np.bool_) for v in present):
        return "number"
    kinds = sorted({type(v).__name__ for v in present})
    raise TypeError(
        f"{label} holds values of the types {kinds}; argument must be a string or a real number, "
        f"the same throughout a column: {_NO_NUMBER}."
    )


def _is_extension(column: NDArray | pd.Series) -> bool:
    return isinstance(column.dtype, pd.api.extensions.ExtensionDtype)


def _plain(values: NDArray) -> NDArray:
    """Values without the byte orders and half precision that pandas does not take."""
    if values.dtype.kind == "f" and values.dtype.itemsize == 2:
        return values.astype(np.float64)
    return values.astype(values.dtype.newbyteorder("="), copy=False)


def _uniform(levels: NDArray, label: str) -> NDArray:
    """Levels as an object array of text or as an array of whole or real numbers."""
    if levels.dtype.kind in "biu":
        return levels if levels.dtype == np.uint64 else levels.astype(np.int64)
    if levels.dtype.kind == "f":
        whole = (np.abs(levels) < 2**53) & (levels == np.round(levels))
        return levels.astype(np.int64) if whole.all() else levels.astype(np.float64)
    if all(isinstance(v, str) for v in levels):
        return levels.astype(object)
    if all(isinstance(v, bool | int | float | np.number | np.bool_) for v in levels):
        return _uniform(np.array(levels.tolist()), label)
    raise TypeError(
        f"{label} is a category whose levels mix text and other types; use one type throughout."
    )
