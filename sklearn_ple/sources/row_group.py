"""`RowGroup`: a part of a file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RowGroup:
    """A row group.

    Attributes
    ----------
    path : str
        Its file.
    index : int
        Its place in there.
    n_rows : int
    """

    path: str
    index: int
    n_rows: int

    def __str__(self) -> str:
        return f"{self.path}, row group {self.index}"
