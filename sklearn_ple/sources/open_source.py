"""`OpenSource`: the files of a source, checked, and read row group by row group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_ple.features import Columns, read_columns
from sklearn_ple.sources.common_types import common_type
from sklearn_ple.sources.files import find_files, parquet
from sklearn_ple.sources.frames import frame_of, united_frame
from sklearn_ple.sources.group_reader import PASS_ROWS, GroupReader
from sklearn_ple.sources.located import located
from sklearn_ple.sources.parquet_source import ParquetSource
from sklearn_ple.sources.row_filter import RowFilter
from sklearn_ple.sources.row_group import RowGroup
from sklearn_ple.sources.schema import Schema, index_columns, require_column
from sklearn_ple.tasks import Targets, read_targets

if TYPE_CHECKING:
    from pyarrow import DataType, RecordBatch
    from pyarrow import Schema as ArrowSchema

Part = tuple[Columns, Targets, NDArray[np.float64]]
_END = 65_536


class OpenSource:
    """A source whose files exist and agree with each other.

    Parameters
    ----------
    source : ParquetSource
    features : sequence of str or None
        Columns of X where the source does not name any.

    Attributes
    ----------
    features : list of str
        Columns of X.
    groups : list of RowGroup
    n_stored : int
        Rows before any filter.

    Raises
    ------
    ImportError
        If pyarrow is not installed.
    FileNotFoundError
        If a path leads to no file.
    ValueError, TypeError
        If a file can't be read, lacks a column, or has it of another type than the first one, or
        the filter does not go with it; the message names both.
    """

    def __init__(self, source: ParquetSource, features: Sequence[str] | None = None) -> None:
        self.source = source
        pq = parquet()
        row_filter = RowFilter(source.filter) if source.filter else None
        self._metadata: dict[str, Any] = {}
        self.groups: list[RowGroup] = []
        named = source.features or (None if features is None else tuple(features))
        schema: Schema | None = None
        for path in find_files(source.path):
            with located(path), pq.ParquetFile(path) as file:
                self._metadata[path] = file.metadata
                if schema is None:
                    used = named or _all_but(source, file.schema_arrow)
                    filtered = row_filter.names if row_filter is not None else []
                    schema = Schema(path, used, source.target_names, source.weight_names, filtered)
                schema.check(path, file.schema_arrow)
                if row_filter is not None:
                    row_filter.check(file.schema_arrow)
                for i in range(file.metadata.num_row_groups):
                    self.groups.append(RowGroup(path, i, file.metadata.row_group(i).num_rows))
        assert schema is not None, "find_files never finds nothing"
        self._reader = GroupReader(self._metadata, row_filter)
        self.features, self.schema = schema.features, schema
        self.n_stored = sum(group.n_rows for group in self.groups)
        if not self.n_stored:
            raise ValueError(f"{source.path} has no rows.")

    def fingerprint(self, name: str) -> dict[str, str]:
        """What the rows are, in short: settings, and sizes and ends of files, but not their paths.

        A Parquet file ends in what it knows of each of its parts.
        """
        digest = sha256()
        for path in dict.fromkeys(group.path for group in self.groups):
            size = Path(path).stat().st_size
            with Path(path).open("rb") as file:
                file.seek(max(0, size - _END))
                digest.update(str(size).encode() + file.read())
        shape = f"{self.n_stored} rows of {len(self.features)} columns in files"
        settings = replace(self.source, path="", features=self.features)
        return {
            name: shape,
            f"settings of {name}": repr(settings),
            f"files of {name}": f"content {digest.hexdigest()[:16]}",
        }

    def common_types(self, names: Sequence[str]) -> dict[str, DataType]:
        """Some columns of any sort, each with a type that its values in all files have.

        Raises
        ------
        ValueError, TypeError
            If a file lacks one, or there is no such type; the message names file and column.
        """
        found: dict[str, DataType] = {}
        for path, metadata in self._metadata.items():
            stored = metadata.schema.to_arrow_schema()
            with located(path):
                for name in dict.fromkeys(names):
                    require_column(path, stored, name)
                    one = stored.field(name).type
                    found[name] = common_type(name, [found.get(name, one), one])
        return found

    def no_rows(self) -> Columns:
        """X without rows: its names and kinds."""
        frame = pd.DataFrame({name: np.zeros(0) for name in self.features})
        return replace(read_columns(frame), kinds=self.schema.kinds)

    @property
    def groups_at_once(self) -> int:
        """How many row groups may be read at once."""
        return self._reader.at_once(self.groups, self._names(self.features))

    def batches(self, group: RowGroup, names: Sequence[str], n_rows: int) -> Iterator[RecordBatch]:
        """Columns of a row group, about so many stored rows at a time, those that pass the filter.

        Parts of a row group have one size; wide rows come in parts of fewer.
        """
        return self._reader.batches(group, names, n_rows)

    def rows(
        self, group: RowGroup, n_rows: int = PASS_ROWS, *, with_features: bool = True
    ) -> Iterator[Part]:
        """X by column, y by column, and weights (n, n_targets), of the same rows."""
        source = self.source
        features = self.features if with_features else []

        def part(batch: RecordBatch) -> Part:
            with located(group):
                frame = frame_of(batch)
                targets = read_targets(_of_targets(frame, source))
                weight = _weights(frame[source.weight_names], len(targets.names))
                return self.columns(frame[features]), targets, weight

        return map(part, self.batches(group, self._names(features), n_rows))

    def columns(self, frame: pd.DataFrame) -> Columns:
        """X of some rows, its kinds those of the schema."""
        columns = read_columns(frame)
        return replace(columns, kinds=self.schema.kinds) if frame.shape[1] else columns

    def whole(self) -> tuple[pd.DataFrame, pd.DataFrame | pd.Series, NDArray[np.float64] | None]:
        """All rows in memory: X, y and sample weights.

        Raises
        ------
        ValueError
            If the filter leaves none, none weighs anything, or a part of a file can't be read.
        """
        source = self.source
        names = self._names(self.features)
        batches = [b for group in self.groups for b in self.batches(group, names, PASS_ROWS)]
        self.require_rows(sum(batch.num_rows for batch in batches))
        with located(source.path):
            frame = united_frame(batches)
            weight = frame[source.weight_names].to_numpy(np.float64, na_value=np.nan)
        if source.weight:
            self.require_weight(int(weight.any(axis=1).sum()))
        given = weight[:, 0] if weight.shape[1] == 1 else weight
        return frame[self.features], _of_targets(frame, source), given if source.weight else None

    def _names(self, features: Sequence[str]) -> list[str]:
        """Columns to read with these of X."""
        return [*features, *self.source.target_names, *self.source.weight_names]

    def require_rows(self, n_rows: int) -> None:
        """Raise ValueError where the filter leaves no row to read; without one there are some."""
        if not n_rows:
            raise ValueError(
                f"No row of {self.source.path} passes the filter {self.source.filter}, out of "
                f"{self.n_stored} rows."
            )

    def require_weight(self, n_rows: int) -> None:
        """Raise ValueError where no row that is read weighs anything."""
        if not n_rows:
            names = self.source.weight_names
            columns = f"column{'s' if len(names) > 1 else ''} {', '.join(map(repr, names))}"
            passing = f" that pass the filter {self.source.filter}" if self.source.filter else ""
            raise ValueError(
                f"All weights of {columns} are zero in the rows of {self.source.path}{passing}: no "
                f"row is left that counts."
            )


def _of_targets(frame: pd.DataFrame, source: ParquetSource) -> pd.DataFrame | pd.Series:
    names = source.target_names
    return frame[names[0]] if isinstance(source.targets, str) else frame[names]


def _weights(frame: pd.DataFrame, n_targets: int) -> NDArray[np.float64]:
    """Weights (n, n_targets); what they must be is asked of every part."""
    if not frame.shape[1]:
        return np.ones((len(frame), n_targets))
    weight = frame.to_numpy(np.float64, na_value=np.nan)
    bad = ~np.isfinite(weight) | (weight < 0)
    if bad.any():
        name = frame.columns[int(bad.any(axis=0).argmax())]
        raise ValueError(f"column {name!r}, of weights, holds negative, NaN or infinite values.")
    return np.repeat(weight, n_targets, axis=1) if weight.shape[1] == 1 else weight


def _all_but(source: ParquetSource, schema: ArrowSchema) -> list[str]:
    """Columns that a source does not name, without those of an index."""
    used = {*source.target_names, *source.weight_names, *index_columns(schema)}
    return [name for name in schema.names if name not in used]
