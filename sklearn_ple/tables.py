"""Tables of any make (pandas, polars, Arrow) as pandas columns, values and gaps intact."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray


def as_frame(container: Any) -> pd.DataFrame | pd.Series | None:
    """A table or column as pandas, or None for anything that is neither (arrays, lists).

    Whole numbers with gaps stay exact, as objects; categoricals stay categoricals.
    """
    if isinstance(container, pd.DataFrame | pd.Series):
        return container
    if isinstance(container, np.ndarray):
        return None
    native = nw.from_native(container, pass_through=True, allow_series=True, eager_only=True)
    if isinstance(native, nw.Series):
        return _column(native)
    if isinstance(native, nw.DataFrame):
        columns = [_column(native[name]) for name in native.columns]
        return pd.concat(columns, axis=1) if columns else pd.DataFrame(index=range(len(native)))
    return None


def row_slicer(container: Any) -> Callable[[slice], Any] | None:
    """How to take rows of a table or matrix without copying; None for what must be read whole."""
    if isinstance(container, pd.DataFrame):
        return container.iloc.__getitem__
    if isinstance(container, np.ndarray):
        return container.__getitem__ if container.ndim == 2 else None
    frame = nw.from_native(container, pass_through=True, eager_only=True)
    return (lambda rows: frame[rows].to_native()) if isinstance(frame, nw.DataFrame) else None


def _column(series: nw.Series[Any]) -> pd.Series:
    categorical = series.dtype in (nw.Categorical, nw.Enum)
    plain = series.dtype.is_numeric() and not series.is_null().any()
    if plain or series.dtype.is_temporal():
        return pd.Series(series.to_numpy(), name=series.name)
    values = pd.Series(series.to_list(), name=series.name, dtype=object)
    return values.astype("category") if categorical else values


def missing(values: NDArray) -> NDArray[np.bool_]:
    """Where an array holds NaN, None, NaT or NA."""
    if values.dtype.kind == "f":
        return np.isnan(values)
    if values.dtype.kind in "biuUS":
        return np.zeros(len(values), dtype=bool)
    return np.asarray(pd.isna(values), dtype=bool)
