"""Reading y: any container of one or several targets to named columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_ple.tables import as_frame, is_real, missing

_TIMES = (date, timedelta, np.datetime64, np.timedelta64, pd.Period)  # pandas' own among them


@dataclass(frozen=True)
class Targets:
    """Labels by column.

    Attributes
    ----------
    columns : list of ndarray, each of shape (n,)
        Numbers and text arrays keep their dtype (a missing number is NaN); all else is an object
        array, None where missing.
    names : list of str
        Column names, or y0, y1, … where the container has none.
    is_1d : bool
        Whether y was one-dimensional.
    declared_categorical : list of bool
        Which columns have a categorical dtype.
    dtypes : list of dtype
        Of the columns, before any label was hidden.
    """

    columns: list[NDArray]
    names: list[str]
    is_1d: bool
    declared_categorical: list[bool]
    dtypes: list[np.dtype]

    def __len__(self) -> int:
        return len(self.columns[0])

    def take(self, index: NDArray[np.intp]) -> Targets:
        """Some of the rows."""
        return replace(self, columns=[column[index] for column in self.columns])

    def labels(self, i: int, rows: NDArray[np.bool_]) -> NDArray:
        """Labels of a column in some rows; in the dtype they were given in if none is missing."""
        labels = self.columns[i][rows]
        return labels if missing(labels).any() else labels.astype(self.dtypes[i], copy=False)

    def hide(self, hidden: NDArray[np.bool_]) -> Targets:
        """The same with labels missing where `hidden`, shape (n, n_targets), says so."""
        columns = []
        for column, rows in zip(self.columns, hidden.T, strict=True):
            if not rows.any():
                columns.append(column)
            elif column.dtype.kind in "iuf":
                columns.append(np.where(rows, np.nan, column))
            else:
                columns.append(_without(column, rows))
        return replace(self, columns=columns)


def read_targets(y: Any) -> Targets:
    """Read y: a list, array, Series, DataFrame (pandas, polars) or Arrow table.

    Parameters
    ----------
    y : array-like, Series or DataFrame of shape (n,) or (n, n_targets)

    Returns
    -------
    Targets

    Raises
    ------
    ValueError
        If y is None, empty in columns, of more than two dimensions, complex, holds dates or
        durations (other than as categories of pandas), or has duplicated column names.
    """
    if y is None:
        raise ValueError("This estimator requires y to be passed, but the target y is None.")
    table = as_frame(y)
    if isinstance(table, pd.Series):
        return _from_series([table], is_1d=True)
    if isinstance(table, pd.DataFrame):
        return _from_series([table.iloc[:, i] for i in range(table.shape[1])], is_1d=False)
    return _from_array(y)


def classes_by_target(classes: Any, targets: Targets) -> list[NDArray | None]:
    """Labels known beforehand, for each target; None where nothing is known.

    Parameters
    ----------
    classes : None, array-like, or list of array-like and None
        Labels of the only target, or of each in order.
    targets : Targets

    Raises
    ------
    ValueError
        If there are more or fewer entries than targets.
    """
    n = len(targets.columns)
    if classes is None:
        return [None] * n
    nested = any(each is None or np.ndim(each) for each in classes)
    each_target = list(classes) if nested and not targets.is_1d else [classes]
    if len(each_target) != n:
        raise ValueError(
            f"classes has {len(each_target)} entries, but y has {n} columns ({targets.names}): "
            f"give a list of labels for each, None for a regression."
        )
    return [None if each is None else np.unique(np.asarray(each)) for each in each_target]


def weights_by_target(sample_weight: Any, names: list[str]) -> NDArray[np.float64]:
    """Sample weights as an array, (n,) or (n, n_targets), columns in the order of these targets.

    The columns of a table are found by name, unless table or targets have no names; 0, 1, … in
    pandas are none. A column called 7 is the target "7", as in `read_targets`.

    Raises
    ------
    ValueError
        If a table has other columns.
    TypeError
        If it is a dict.
    """
    if isinstance(sample_weight, Mapping):
        raise TypeError(
            "sample_weight is a dict; give an array of shape (n,) or (n, n_targets), or a "
            "DataFrame with the columns of y."
        )
    frame = as_frame(sample_weight)
    if not isinstance(frame, pd.DataFrame):
        return np.asarray(sample_weight, dtype=np.float64)
    given = _names(frame.columns)
    unnamed = frame.columns.equals(pd.RangeIndex(len(given)))
    named = not unnamed and names != names_of_unnamed(len(names))
    if named and len(given) == len(names) > 1:
        if set(given) != set(names):
            raise ValueError(
                f"sample_weight has the columns {given}, but y has {names}; give an array "
                f"for weights in the order of y."
            )
        frame = frame.iloc[:, [given.index(name) for name in names]]
    return frame.to_numpy(dtype=np.float64, na_value=np.nan)


def names_of_unnamed(n_targets: int) -> list[str]:
    """What targets are called that come without names."""
    return [f"y{i}" for i in range(n_targets)]


def _names(labels: Iterable[Any]) -> list[str]:
    """What targets are called whose columns have these labels."""
    return [f"y{i}" if label in (None, "") else str(label) for i, label in enumerate(labels)]


def _from_array(y: Any) -> Targets:
    array = np.asarray(y)
    if array.dtype.kind == "U" and not isinstance(y, np.ndarray):
        array = np.asarray(y, dtype=object)
    if array.dtype.kind == "c":
        raise ValueError(_is_complex("y"))
    if array.ndim not in (1, 2):
        hint = " For targets by name give a DataFrame." if isinstance(y, Mapping) else ""
        raise ValueError(
            f"y should be a 1d or 2d array, got an array of shape {array.shape}.{hint}"
        )
    is_1d = array.ndim == 1
    table = array[:, None] if is_1d else array
    columns = [_tidy(table[:, i], "y") for i in range(table.shape[1])]
    return _checked(columns, None, is_1d, [False] * len(columns))


def _from_series(series: list[pd.Series], *, is_1d: bool) -> Targets:
    declared = [isinstance(s.dtype, pd.CategoricalDtype) for s in series]
    columns = [_of_series(*each) for each in zip(series, declared, strict=True)]
    return _checked(columns, _names(s.name for s in series), is_1d, declared)


def _of_series(series: pd.Series, declared: bool) -> NDArray:
    what = "y" if series.name in (None, "") else f"Target {series.name!r}"
    kind = series.dtype.kind
    if kind in "mM" or isinstance(series.dtype, pd.PeriodDtype):
        raise ValueError(_holds_times(what))
    if kind == "c":
        raise ValueError(_is_complex(what))
    return _tidy(_values(series), what, declared=declared)


def _values(series: pd.Series) -> NDArray:
    gaps = bool(series.isna().any())
    are_booleans = pd.api.types.is_bool_dtype(series.dtype)
    if pd.api.types.is_numeric_dtype(series.dtype) and not (gaps and are_booleans):
        if gaps:
            return series.to_numpy(dtype=np.float64, na_value=np.nan)
        return series.to_numpy()  # of nullable numbers without gaps, plain ones
    if isinstance(series.dtype, pd.api.extensions.ExtensionDtype):
        return series.to_numpy(dtype=object, na_value=None)  # type: ignore[call-overload]  # pandas-stubs know no None here
    return series.to_numpy()


def _tidy(column: NDArray, what: str, *, declared: bool = False) -> NDArray:
    """Objects that are all numbers become numbers; text stays text.

    Raises
    ------
    ValueError
        If they are dates, durations or complex, unless they were declared classes.
    """
    if column.dtype.kind in "biufU":
        return column.astype(column.dtype.newbyteorder("="))
    if column.dtype.kind in "mM":
        raise ValueError(_holds_times(what))
    column = column.astype(object)
    absent = missing(column)
    kinds = set(map(type, column[~absent]))
    if not declared and any(issubclass(kind, _TIMES) for kind in kinds):
        raise ValueError(_holds_times(what))
    if any(issubclass(kind, complex | np.complexfloating) for kind in kinds):
        raise ValueError(_is_complex(what))
    if kinds and all(is_real(kind) and not issubclass(kind, bool | np.bool_) for kind in kinds):
        if absent.any() or any(issubclass(kind, Decimal) for kind in kinds):
            return np.where(absent, np.nan, column).astype(np.float64)
        return np.array(list(column))
    return _without(column, absent)


def _holds_times(what: str) -> str:
    return f"{what} holds dates or durations; give numbers (such as .dt.total_seconds()) or labels."


def _is_complex(what: str) -> str:
    return f"Complex data not supported: {what} is complex."


def _without(column: NDArray, hidden: NDArray[np.bool_]) -> NDArray:
    """Labels as objects, None where hidden."""
    labels = column.astype(object)
    labels[hidden] = None
    return labels


def _checked(
    columns: list[NDArray], names: list[str] | None, is_1d: bool, declared: list[bool]
) -> Targets:
    if not columns:
        raise ValueError("y has 0 columns: at least one target is required.")
    names = names or names_of_unnamed(len(columns))
    if len(set(names)) != len(names):
        twice = sorted({n for n in names if names.count(n) > 1})
        raise ValueError(f"y has duplicated column names: {twice}.")
    return Targets(columns, names, is_1d, declared, [column.dtype for column in columns])
