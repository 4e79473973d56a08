"""`Schema`: what all files of a source must have in common."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sklearn_ple.features.columns import Kind
from sklearn_ple.sources.common_types import is_number, is_plain_text

if TYPE_CHECKING:
    from pyarrow import DataType
    from pyarrow import Schema as ArrowSchema

_SHOWN = 12
_TEXT, _BOOLEANS, _NUMBERS = "text", "booleans", "numbers"


class Schema:
    """Columns that every file must have, each of one kind throughout.

    Parameters
    ----------
    path : str
        The first file.
    features, targets, weights, filtered : sequence of str
        Columns of X, of y, of weights, and of the filter.
    """

    def __init__(
        self,
        path: str,
        features: Sequence[str],
        targets: Sequence[str],
        weights: Sequence[str],
        filtered: Sequence[str],
    ) -> None:
        self.features = list(features)
        self._targets = set(targets)
        self._read = [*features, *targets, *weights]
        self._needed = list(dict.fromkeys([*self._read, *filtered]))
        self._first: dict[str, tuple[str, str]] = {}
        self._declared: set[str] = set()

    @property
    def kinds(self) -> list[Kind]:
        """Numbers or categories, of each feature; a column that is empty throughout is numbers."""
        text = {name for name, (holds, _) in self._first.items() if holds == _TEXT}
        return ["category" if name in text else "number" for name in self.features]

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
            require_column(path, schema, name)
        for name in self._read:
            stored = schema.field(name).type
            if pa.types.is_null(stored):
                continue
            holds = _holds(name, stored)
            if pa.types.is_dictionary(stored):
                self._declared.add(name)
            if holds == _BOOLEANS and name not in self._targets:
                holds = _NUMBERS
            was, where = self._first.setdefault(name, (holds, path))
            if was != holds:
                role = "target" if name in self._targets else "column"
                raise ValueError(
                    f"{role} {name!r} holds {holds} ({stored}), but {was} in {where}; it must be "
                    f"of one kind in all files."
                )


def require_column(path: str, schema: ArrowSchema, name: str) -> None:
    """Raise ValueError unless a file has a column, once."""
    places = schema.names.count(name)
    if places == 1:
        return
    listed = ", ".join(map(repr, schema.names[:_SHOWN]))
    more = "" if len(schema.names) <= _SHOWN else f" and {len(schema.names) - _SHOWN}"
    times = "is not there" if not places else f"is there {places} times"
    folder = [part for part in Path(path).parts[:-1] if part.startswith(f"{name}=")]
    of_folder = (
        f" Of {folder[-1]!r} it is the name of a folder and not a column; what folders are called "
        f"is not read, so write it into the files."
        if folder and not places
        else ""
    )
    raise ValueError(f"column {name!r} {times}; there are {listed}{more}.{of_folder}")


def index_columns(schema: ArrowSchema) -> set[str]:
    """Columns that pandas wrote as the index of a frame."""
    stored = (schema.pandas_metadata or {}).get("index_columns") or []
    return {name for name in stored if isinstance(name, str)}


def _holds(name: str, stored: DataType) -> str:
    from pyarrow import types

    if is_number(stored):
        return _BOOLEANS if types.is_boolean(stored) else _NUMBERS
    if is_plain_text(stored) or types.is_dictionary(stored):
        return _TEXT
    raise TypeError(
        f"column {name!r} has the type {stored}; a feature, target or weight is a number, a "
        f"boolean or text. Convert it, or leave it out of `features`."
    )
