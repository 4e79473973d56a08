"""`OpenSource`: the files of a source, checked, and read row group by row group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_ple.features import Columns, read_columns
from sklearn_ple.sources.files import find_files, parquet
from sklearn_ple.sources.parquet_source import ParquetSource
from sklearn_ple.sources.schema import Schema
from sklearn_ple.tasks import Targets, read_targets

if TYPE_CHECKING:
    from pyarrow import RecordBatch

Part = tuple[Columns, Targets, NDArray[np.float64]]
PASS_BYTES, PASS_ROWS = 2**24, 65_536
_END = 65_536


@dataclass(frozen=True)
class RowGroup:
    """A row group.

    Attributes
    ----------
    path : str
        Its file.
    index : int
        Its place in there.
    n_rows, n_bytes : int
        What is stored in it, before compression.
    """

    path: str
    index: int
    n_rows: int
    n_bytes: int

    def __str__(self) -> str:
        return f"{self.path}, row group {self.index}"


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
        If a file can't be read, lacks a column, or has it of another type than the first one; the
        message names both.
    """

    def __init__(self, source: ParquetSource, features: Sequence[str] | None = None) -> None:
        self.source = source
        pq = parquet()
        used = [*source.target_names, *source.weight_names]
        given = list(source.features or features or ())
        self._filter = None
        filtered: list[str] = []
        if source.filter:
            self._filter, filtered = pq.filters_to_expression(source.filter), _names(source.filter)
        self._metadata: dict[str, Any] = {}
        self.groups: list[RowGroup] = []
        schema: Schema | None = None
        for path in find_files(source.path):
            with located(path), pq.ParquetFile(path) as file:
                self._metadata[path] = file.metadata
                if schema is None:
                    given = given or [n for n in file.schema_arrow.names if n not in used]
                    schema = Schema(path, given, used, filtered)
                schema.check(path, file.schema_arrow)
                for i in range(file.metadata.num_row_groups):
                    stored = file.metadata.row_group(i)
                    group = RowGroup(path, i, stored.num_rows, stored.total_byte_size)
                    self.groups.append(group)
        assert schema is not None, "find_files never finds nothing"
        self.features, self.schema = given, schema
        self._filter_names = filtered
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

    def no_rows(self) -> Columns:
        """X without rows: its names and kinds."""
        frame = pd.DataFrame({name: np.zeros(0) for name in self.features})
        return replace(read_columns(frame), kinds=self.schema.kinds)

    def batches(self, group: RowGroup, names: Sequence[str], n_rows: int) -> Iterator[RecordBatch]:
        """Columns of a row group, about so many stored rows at a time, those that pass the filter.

        Parts of a row group have one size, up to half as many more, for a small rest takes as long
        as a whole part. Wide rows come in parts of fewer, so that none holds much more than
        `PASS_BYTES`.
        """
        pq = parquet()
        wanted = list(dict.fromkeys(names))
        columns = list(dict.fromkeys([*wanted, *self._filter_names]))
        width = max(group.n_bytes / max(1, group.n_rows), 8 * len(columns))
        n_rows = max(1, min(n_rows, round(PASS_BYTES / width)))
        n_rows = max(1, -(-group.n_rows // max(1, round(group.n_rows / n_rows))))
        options: dict[str, Any] = {"pre_buffer": False, "buffer_size": 2**16}
        with located(group):
            file = pq.ParquetFile(group.path, metadata=self._metadata[group.path], **options)
        with file:
            batches = file.iter_batches(
                n_rows, row_groups=[group.index], columns=columns, use_threads=False
            )
            while (batch := self._next(batches, group)) is not None:
                part = [batch.select(wanted)] if batch.num_rows else []
                del batch  # or whoever waits for its turn would hold it
                while part:
                    yield part.pop()

    def rows(
        self, group: RowGroup, n_rows: int = PASS_ROWS, *, with_features: bool = True
    ) -> Iterator[Part]:
        """X by column, y by column, and weights (n, n_targets), of the same rows."""
        source = self.source
        features = self.features if with_features else []
        names = [*features, *source.target_names, *source.weight_names]

        def part(batch: RecordBatch) -> Part:
            with located(group):
                frame = frame_of(batch)
                targets = read_targets(_of_targets(frame, source))
                weight = _weights(frame[source.weight_names], len(targets.names))
                return self.columns(frame[features]), targets, weight

        return map(part, self.batches(group, names, n_rows))

    def columns(self, frame: pd.DataFrame) -> Columns:
        """X of some rows, its kinds those of the schema."""
        columns = read_columns(frame)
        return replace(columns, kinds=self.schema.kinds) if frame.shape[1] else columns

    def _next(self, batches: Iterator[RecordBatch], group: RowGroup) -> RecordBatch | None:
        with located(group):
            batch = next(batches, None)
            if batch is None or self._filter is None:
                return batch
            return batch.filter(self._filter)

    def whole(self) -> tuple[pd.DataFrame, pd.DataFrame | pd.Series, NDArray[np.float64] | None]:
        """All rows in memory: X, y and sample weights.

        Raises
        ------
        ValueError
            If the filter leaves none, or a part of a file can't be read.
        """
        import pyarrow as pa

        source = self.source
        names = [*self.features, *source.target_names, *source.weight_names]
        batches = [b for group in self.groups for b in self.batches(group, names, PASS_ROWS)]
        self.require_rows(sum(batch.num_rows for batch in batches))
        table = pa.Table.from_batches([_plain(b, batches[0]) for b in batches]).unify_dictionaries()
        frame = table.to_pandas(ignore_metadata=True)
        weight = frame[source.weight_names].to_numpy(np.float64) if source.weight else None
        if weight is not None and isinstance(source.weight, str):
            weight = weight[:, 0]
        return frame[self.features], _of_targets(frame, source), weight

    def require_rows(self, n_rows: int) -> None:
        """Raise ValueError where no row is left to read."""
        if not n_rows:
            raise ValueError(
                f"No row of {self.source.path} passes the filter {self.source.filter}, out of "
                f"{self.n_stored} rows."
            )


@contextmanager
def located(place: object) -> Iterator[None]:
    """What goes wrong inside is said to be of this place."""
    from pyarrow import ArrowException

    try:
        yield
    except (ArrowException, OSError) as error:
        raise ValueError(f"{place}: this is no Parquet file that can be read: {error}") from error
    except TypeError as error:
        raise TypeError(f"{place}: {error}") from error
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from error


def frame_of(batch: RecordBatch) -> pd.DataFrame:
    """A batch as a frame."""
    return batch.to_pandas(ignore_metadata=True)


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


def _plain(batch: RecordBatch, first: RecordBatch) -> RecordBatch:
    """With the types of the first, where files store a column in several."""
    return batch if batch.schema.equals(first.schema) else batch.cast(first.schema)


def _names(filters: Any) -> list[str]:
    """The columns that a filter reads."""
    if filters and isinstance(filters[0], str):
        return [filters[0]]
    return list(dict.fromkeys(name for each in filters for name in _names(each)))
