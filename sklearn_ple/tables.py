"""Tables of any make (pandas, polars, Arrow) as pandas columns, values and gaps intact."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pyarrow import ChunkedArray

_REAL = (bool, int, float, np.bool_, np.integer, np.floating, Decimal)


def as_frame(container: Any) -> pd.DataFrame | pd.Series | None:
    """A table or column as pandas, or None for anything that is neither (arrays, lists).

    Whole numbers with gaps stay exact, as objects; categoricals stay categoricals.

    Raises
    ------
    TypeError
        If it is a query that was not run yet.
    """
    if isinstance(container, np.ndarray):
        return None
    if isinstance(container, pd.Series):
        if not _is_known_to_arrow_alone(container.dtype):
            return container
        return pd.Series(_of_arrow(container), index=container.index, name=container.name)
    if isinstance(container, pd.DataFrame):
        return _without_arrows_own(container)
    if nw.dependencies.is_polars_lazyframe(container):
        raise TypeError("A polars LazyFrame has no rows yet: hand over what its .collect() gives.")
    native = nw.from_native(container, pass_through=True, allow_series=True, eager_only=True)
    if isinstance(native, nw.Series):
        return pd.Series(_column(native), name=native.name, copy=False)
    if isinstance(native, nw.DataFrame):
        columns = {i: _column(native[name]) for i, name in enumerate(native.columns)}
        frame = pd.DataFrame(columns, index=range(len(native)), copy=False)
        frame.columns = pd.Index(native.columns)
        return frame
    return None


def row_slicer(container: Any) -> Callable[[slice], Any] | None:
    """How to take rows of a table or matrix without copying; None for what must be read whole."""
    if isinstance(container, pd.DataFrame):
        return container.iloc.__getitem__
    if isinstance(container, np.ndarray):
        return container.__getitem__ if container.ndim == 2 else None
    frame = nw.from_native(container, pass_through=True, eager_only=True)
    return (lambda rows: frame[rows].to_native()) if isinstance(frame, nw.DataFrame) else None


def _without_arrows_own(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with dictionaries as categoricals, views as text, nothing but gaps as objects."""
    places = [i for i, dtype in enumerate(frame.dtypes) if _is_known_to_arrow_alone(dtype)]
    if places:
        frame = frame.copy(deep=False)
        for i in places:
            frame.isetitem(i, _of_arrow(frame.iloc[:, i]))
    return frame


def _is_known_to_arrow_alone(dtype: Any) -> bool:
    if not isinstance(dtype, pd.ArrowDtype):
        return False
    from pyarrow import types

    stored = dtype.pyarrow_dtype
    own = (types.is_dictionary, types.is_string_view, types.is_null)
    return any(is_own(stored) for is_own in own)


def _of_arrow(series: pd.Series) -> pd.Categorical | NDArray:
    values: Any = series.array
    column = _column(nw.from_native(values.__arrow_array__(), series_only=True))
    return column if isinstance(column, pd.Categorical) else np.asarray(column, dtype=object)


def _column(series: nw.Series[Any]) -> NDArray | pd.Categorical | pd.Series:
    if series.implementation.is_pyarrow():
        series = nw.from_native(_without_views(series.to_native()), series_only=True)
    is_long = series.dtype in (nw.Int128, nw.UInt128)  # which NumPy does not have
    plain = series.dtype.is_numeric() and not series.null_count() and not is_long
    if plain or series.dtype.is_temporal():
        return series.to_numpy()
    values = _objects(series)
    if series.dtype in (nw.Categorical, nw.Enum):
        return _categorical(values)
    return pd.Series(values, dtype=object, copy=False)  # an array of text would be converted


def _without_views(array: ChunkedArray) -> ChunkedArray:
    """Arrow's views of text, for which it lacks most functions, as text."""
    import pyarrow as pa

    text = pa.large_string()
    if pa.types.is_string_view(array.type):
        return array.cast(text)
    if pa.types.is_dictionary(array.type) and pa.types.is_string_view(array.type.value_type):
        parts = [
            pa.DictionaryArray.from_arrays(part.indices, part.dictionary.cast(text))
            for part in array.chunks
        ]
        return pa.chunked_array(parts, type=pa.dictionary(array.type.index_type, text))
    return array


def _objects(series: nw.Series[Any]) -> NDArray:
    """Values as they are, gaps as None."""
    if series.dtype in (nw.String, nw.Categorical, nw.Enum):
        # Gaps apart: of a dictionary with gaps, Arrow's own arrays are wrong.
        gaps = series.null_count()
        present = (series.drop_nulls() if gaps else series).to_numpy()
        if present.dtype == object:
            if not gaps:
                return present
            values = np.full(len(series), None, dtype=object)
            values[~series.is_null().to_numpy()] = present
            return values
    return pd.Series(series.to_list(), dtype=object).to_numpy()


def _categorical(values: NDArray) -> pd.Categorical:
    """As pandas makes categories of values, sorted where they can be, in a tenth of its time."""
    codes, levels = pd.factorize(values)
    try:
        order = np.argsort(levels, kind="stable")
    except TypeError:
        order = np.arange(len(levels))
    place = np.append(np.argsort(order), -1)  # a gap's code is -1, and so the last place
    return pd.Categorical.from_codes(place[codes], pd.Index(levels[order].tolist()))


def is_real(kind: type) -> bool:
    """Whether it is a type of real numbers, bools among them."""
    # Of NumPy's durations, NumPy itself thinks that they are integers.
    return issubclass(kind, _REAL) and not issubclass(kind, np.timedelta64)


def missing(values: NDArray) -> NDArray[np.bool_]:
    """Where an array holds NaN, None, NaT or NA."""
    if values.dtype.kind == "f":
        return np.isnan(values)
    if values.dtype.kind in "biuUS":
        return np.zeros(len(values), dtype=bool)
    return np.asarray(pd.isna(values), dtype=bool)
