"""`Schema`: what all files of a source must have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sklearn_ple.features.columns import Kind

if TYPE_CHECKING:
    from pyarrow import DataType
    from pyarrow import Schema as ArrowSchema

_SHOWN = 12


class Schema:
    """Columns that every file must have, each of one kind throughout.

    Parameters
    ----------
    path : str
        The first file.
    features, used, filtered : sequence of str
        Columns of X; of y and weights; of the filter.
    """

    def __init__(
        self, path: str, features: Sequence[str], used: Sequence[str], filtered: Sequence[str]
    ) -> None:
        self.features = list(features)
        self._read = [*features, *used]
        self._needed = list(dict.fromkeys([*self._read, *filtered]))
        self._first: dict[str, tuple[Kind, str]] = {}
        self._declared: set[str] = set()

    @property
    def kinds(self) -> list[Kind]:
        """Numbers or categories, of each feature; a column that is empty throughout is numbers."""
        return [self._first[n][0] if n in self._first else "number" for n in self.features]

    def is_declared_categorical(self, name: str) -> bool:
        """Whether a column is stored as a dictionary."""
        return name in self._declared

    def check(self, path: str, schema: ArrowSchema) -> None:
        """Compare a file with those before it.

        Raises
        ------
        ValueError
            If a column is not there, is there twice, or is of another kind than in another file.
        TypeError
            If it is neither number nor text.
        """
        import pyarrow as pa

        for name in self._needed:
            if (places := schema.names.count(name)) != 1:
                listed = ", ".join(map(repr, schema.names[:_SHOWN]))
                more = "" if len(schema.names) <= _SHOWN else f" and {len(schema.names) - _SHOWN}"
                times = "is not there" if not places else f"is there {places} times"
                raise ValueError(f"column {name!r} {times}; there are {listed}{more}.")
        for name in self._read:
            stored = schema.field(name).type
            if pa.types.is_null(stored):
                continue
            kind = _kind(name, stored)
            if pa.types.is_dictionary(stored):
                self._declared.add(name)
            was, where = self._first.setdefault(name, (kind, path))
            if was != kind:
                words = {"number": "numbers", "category": "text"}
                raise ValueError(
                    f"column {name!r} holds {words[kind]} ({stored}), but {words[was]} in {where}; "
                    f"it must be of one kind in all files."
                )


def _kind(name: str, stored: DataType) -> Kind:
    from pyarrow import types

    if types.is_boolean(stored) or types.is_integer(stored) or types.is_floating(stored):
        return "number"
    of_text = (types.is_string, types.is_large_string, types.is_string_view, types.is_dictionary)
    if any(is_kind(stored) for is_kind in of_text):
        return "category"
    raise TypeError(
        f"column {name!r} has the type {stored}; a feature, target or weight is a number, a "
        f"boolean or text. Convert it, or leave it out of `features`."
    )
