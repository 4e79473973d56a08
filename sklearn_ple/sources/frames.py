"""Rows as Arrow reads them to pandas, whole numbers exact."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from sklearn_ple.sources.common_types import as_type, common_type

if TYPE_CHECKING:
    from pyarrow import RecordBatch, Table

EXACT = 2**53  # whole numbers up to it are floats, too


def frame_of(rows: RecordBatch | Table) -> pd.DataFrame:
    """Rows as a frame, whole numbers too large for floats exact though there are gaps beside them.

    So identifiers stay apart, and are the same in a part with gaps as in one without.
    """
    frame = rows.to_pandas(ignore_metadata=True)
    for i, name in enumerate(rows.schema.names):
        if _is_inexact(rows.column(i)):
            frame[name] = rows.column(i).to_pandas(types_mapper=_nullable)
    return frame


def united_frame(batches: Sequence[RecordBatch]) -> pd.DataFrame:
    """Rows of all batches as one frame, each column of one type.

    It is that of `common_type`, or objects where that can't hold every number.
    """
    import pyarrow as pa

    columns, of_numbers = [], {}
    for i, name in enumerate(batches[0].schema.names):
        parts = [batch.column(i) for batch in batches]
        wanted = common_type(name, [part.type for part in parts])
        try:
            columns.append(pa.chunked_array([as_type(part, wanted) for part in parts], wanted))
        except pa.ArrowInvalid:
            of_numbers[name] = [value for part in parts for value in part.to_pylist()]
            columns.append(pa.chunked_array([pa.nulls(len(part)) for part in parts]))
    table = pa.Table.from_arrays(columns, batches[0].schema.names).unify_dictionaries()
    frame = frame_of(table)
    for name, values in of_numbers.items():
        frame[name] = pd.Series(values, dtype=object)
    return frame


def _is_inexact(column: Any) -> bool:
    """Whether gaps would round whole numbers."""
    from pyarrow import compute, types

    if not column.null_count or not types.is_integer(column.type) or column.type.bit_width < 64:
        return False
    ends = compute.min_max(column).as_py()
    return ends["min"] is not None and (ends["min"] < -EXACT or ends["max"] > EXACT)


def _nullable(stored: Any) -> Any:
    from pyarrow import types

    return pd.UInt64Dtype() if types.is_unsigned_integer(stored) else pd.Int64Dtype()
