"""`RowFilter`: the conditions that rows of a source must meet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sklearn_ple.sources.files import parquet

if TYPE_CHECKING:
    from pyarrow import Schema as ArrowSchema
    from pyarrow import Table

_AMONG = ("in", "not in")
_SIGNS = ("==", "=", "!=", "<", "<=", ">", ">=", *_AMONG)
_FORM = '[("year", ">=", 2020), ("country", "in", ("NL", "BE"))], or a list of such lists'


def as_conditions(given: Any) -> Any:
    """A filter in tuples, which have a hash and are the same in every interpreter.

    Raises
    ------
    ValueError
        If it is no list of conditions and no list of such lists, or a list of values is empty.
    """
    if given is None:
        return None
    conditions = _frozen(given)
    if _is_condition(conditions):
        raise ValueError(
            f"filter={given!r} is one condition; give a list of them: filter=[{given!r}]."
        )
    if not isinstance(conditions, tuple):
        raise ValueError(f"filter={given!r} is no list of conditions: give {_FORM}.")
    nested = all(map(_is_list, conditions))
    for each in conditions:
        for condition in (nested and each) or [each]:
            if not _is_condition(condition):
                raise ValueError(
                    f"filter holds {condition!r}, which is no condition: a column, one of "
                    f"{', '.join(_SIGNS)}, and a value, or several in a list after {_AMONG[0]!r} "
                    f"and {_AMONG[1]!r}. Give {_FORM}."
                )
            if condition[1] in _AMONG and not condition[2]:
                raise ValueError(
                    f"filter holds {condition!r}, whose list of values is empty; give some, or "
                    f"leave the condition out."
                )
    return conditions


class RowFilter:
    """Conditions on columns.

    Parameters
    ----------
    conditions : tuple
        As `as_conditions` gives them.

    Attributes
    ----------
    names : list of str
        The columns that are read.

    Raises
    ------
    ValueError
        If values of a condition have no type in common.
    """

    def __init__(self, conditions: Sequence[Any]) -> None:
        from pyarrow import ArrowException

        self.conditions = conditions
        self.names = _names(conditions)
        try:
            self._expression = parquet().filters_to_expression(conditions)
        except (ArrowException, TypeError, OverflowError) as error:
            raise ValueError(f"The filter {conditions} can't be applied: {error}") from error

    def check(self, schema: ArrowSchema) -> None:
        """Try it on no rows of a file.

        Raises
        ------
        ValueError
            If a column can't be compared with its value.
        """
        import pyarrow as pa

        fields = [schema.field(name) for name in self.names]
        try:
            pa.schema(fields).empty_table().filter(self._expression)
        except (pa.ArrowException, TypeError) as error:
            stored = ", ".join(f"{field.name!r} is {field.type}" for field in fields)
            raise ValueError(
                f"the filter {self.conditions} does not go with its columns, of which {stored}: "
                f"{error}"
            ) from error

    def of(self, rows: Table) -> Table:
        """The rows that meet it."""
        return rows.filter(self._expression)


def _frozen(value: Any) -> Any:
    if isinstance(value, set | frozenset):
        return tuple(sorted(map(_frozen, value), key=repr))
    if isinstance(value, np.ndarray):
        value = pd.Index(value)
    if isinstance(value, pd.Index | pd.Series):
        return tuple(value.tolist())
    return tuple(map(_frozen, value)) if isinstance(value, list | tuple) else value


def _is_list(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(each, tuple) for each in value)


def _is_condition(value: Any) -> bool:
    if not isinstance(value, tuple) or len(value) != 3:
        return False
    name, sign, compared = value
    if not isinstance(name, str) or not isinstance(sign, str) or sign not in _SIGNS:
        return False
    return sign not in _AMONG or isinstance(compared, tuple | range)


def _names(conditions: Sequence[Any]) -> list[str]:
    if conditions and isinstance(conditions[0], str):
        return [conditions[0]]
    return list(dict.fromkeys(name for each in conditions for name in _names(each)))
