"""`TableWriter`: a Parquet file that is there only once it is whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from sklearn_ple.sources.files import parquet


class TableWriter:
    """Tables of one schema, that of the first, as a file.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: Any = None

    @classmethod
    @contextmanager
    def at(cls, path: Path) -> Iterator[TableWriter]:
        """A writer whose file is there only once all of it is.

        Raises
        ------
        IsADirectoryError, FileNotFoundError
            If the path is a folder, or lies in none; before anything is written.
        """
        if path.is_dir():
            raise IsADirectoryError(f"{path} is a folder; name a file to write.")
        if not path.parent.is_dir():
            raise FileNotFoundError(f"There is no folder {path.parent} to write {path.name!r} in.")
        part = path.with_name(f".{path.name}.part")
        writer = cls(part)
        try:
            yield writer
            writer.close()
            part.replace(path)
        finally:
            writer.close()
            part.unlink(missing_ok=True)

    def write(self, kept: dict[str, Any], answers: pd.DataFrame) -> None:
        """Columns that are kept, as they are stored, and a frame of answers.

        Raises
        ------
        ValueError
            If a name is among both.
        """
        import pyarrow as pa

        both = set(kept) & set(answers.columns)
        if both:
            raise ValueError(f"keep names {sorted(both)}, which are names of answers too.")
        table = pa.Table.from_pandas(answers, preserve_index=False).replace_schema_metadata(None)
        for i, (name, column) in enumerate(kept.items()):
            table = table.add_column(i, name, column)
        if self._file is None:
            self._file = parquet().ParquetWriter(self.path, table.schema)
        self._file.write_table(table.cast(self._file.schema))

    def close(self) -> None:
        """End the file."""
        if self._file is not None:
            self._file.close()
