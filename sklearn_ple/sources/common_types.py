"""One type for what several files store in different ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pyarrow import DataType, RecordBatch


def common_type(name: str, types: Sequence[DataType]) -> DataType:
    """The type that a column becomes which is stored in these.

    Numbers become what NumPy makes of them, and booleans beside numbers are numbers. Text is a
    dictionary if one of them is. A column that is empty throughout takes any type.

    Raises
    ------
    TypeError
        If there is none, as for text and numbers; the message names the column.
    """
    import pyarrow as pa

    stored = list(dict.fromkeys(each for each in types if not pa.types.is_null(each)))
    if len(stored) < 2:
        return stored[0] if stored else pa.null()
    if any(map(pa.types.is_dictionary, stored)):
        plain = [t.value_type if pa.types.is_dictionary(t) else t for t in stored]
        return pa.dictionary(pa.int32(), common_type(name, plain))
    if all(map(is_number, stored)):
        return pa.from_numpy_dtype(np.result_type(*(t.to_pandas_dtype() for t in stored)))
    if all(map(is_plain_text, stored)):
        return pa.large_string()
    schemas = [pa.schema([("", each)]) for each in stored]
    try:
        return pa.unify_schemas(schemas, promote_options="permissive").field(0).type
    except pa.ArrowException:
        listed = " and ".join(map(str, stored))
        raise TypeError(
            f"column {name!r} is {listed}, which have no type in common; store it in one."
        ) from None


def is_number(stored: DataType) -> bool:
    """Whether it is of numbers or booleans."""
    from pyarrow import types

    return types.is_boolean(stored) or types.is_integer(stored) or types.is_floating(stored)


def is_plain_text(stored: DataType) -> bool:
    """Whether it is of text, and no dictionary."""
    from pyarrow import types

    return any(
        is_kind(stored)
        for is_kind in (types.is_string, types.is_large_string, types.is_string_view)
    )


def as_type(column: Any, wanted: DataType) -> Any:
    """A column of Arrow's as another type that can hold it.

    Raises
    ------
    ArrowInvalid
        If there is a number that would not stay the same.
    """
    from pyarrow import types

    if column.type == wanted:
        return column
    if types.is_dictionary(wanted):
        return column.cast(wanted.value_type).dictionary_encode()
    if types.is_boolean(column.type):
        column = column.cast("int8")  # half precision is not made of booleans
    return column.cast(wanted)


def as_types(rows: RecordBatch, wanted: dict[str, DataType]) -> dict[str, Any]:
    """Some columns, by name, each as another type.

    Raises
    ------
    ValueError
        If there is a value that would not stay the same; the message names the column.
    """
    from pyarrow import ArrowException

    columns = {}
    for name, each in wanted.items():
        try:
            columns[name] = as_type(rows.column(name), each)
        except ArrowException as error:
            raise ValueError(f"column {name!r} is {each} in all files together: {error}") from None
    return columns
