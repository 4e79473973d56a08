"""`GroupReader`: row groups a part at a time, and how many of them memory holds open at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from sklearn_ple.sources.files import parquet
from sklearn_ple.sources.located import located
from sklearn_ple.sources.row_filter import RowFilter
from sklearn_ple.sources.row_group import RowGroup

if TYPE_CHECKING:
    from pyarrow import RecordBatch

PASS_BYTES, PASS_ROWS = 2**24, 65_536  # of a part, at most
READ_BYTES = 2**15  # of a column; fewer take about as long
WIDTH_OF_NUMBERS = 16  # bytes of a value, at most
AT_ONCE, AT_LEAST, HELD_BYTES = 16, 2, 2**29  # row groups, and what they hold together
PAGE_BYTES = 2**20  # what writers take for a page, or a dictionary, of a column
BUFFER_BYTES = 2**14  # of a column that is read


class GroupReader:
    """Reads row groups of files.

    Parameters
    ----------
    metadata : mapping
        Of each file, by path.
    row_filter : RowFilter or None
        Which rows are taken.
    """

    def __init__(self, metadata: Mapping[str, Any], row_filter: RowFilter | None) -> None:
        self.metadata = metadata
        self.row_filter = row_filter

    def batches(self, group: RowGroup, names: Sequence[str], n_rows: int) -> Iterator[RecordBatch]:
        """Columns of a row group, about so many stored rows at a time, those that pass the filter.

        Parts of a row group have one size, up to half as many more, for a small rest takes as long
        as a whole part. Wide rows come in parts of fewer, so that none holds much more than
        `PASS_BYTES`.
        """
        pq = parquet()
        wanted, columns = list(dict.fromkeys(names)), self._columns(names)
        read_rows, n_reads = self._plan(group, columns, n_rows)
        options: dict[str, Any] = {"pre_buffer": False, "buffer_size": BUFFER_BYTES}
        with located(group):
            file = pq.ParquetFile(group.path, metadata=self.metadata[group.path], **options)
        with file:
            reads = file.iter_batches(
                read_rows, row_groups=[group.index], columns=columns, use_threads=False
            )
            while (part := self._part(reads, n_reads, group)) is not None:
                while part:  # nothing but the list holds them, or whoever waits for a turn would
                    yield part.pop(0).select(wanted)

    def at_once(self, groups: Sequence[RowGroup], names: Sequence[str]) -> int:
        """How many row groups may be open at once, so that they hold about `HELD_BYTES` at most.

        An open one holds a page, a dictionary and a buffer of each column.
        """
        largest = max(groups, key=lambda group: group.n_rows)
        sizes = self._sizes(largest, self._columns(names))
        held = sum(min(2 * size, PAGE_BYTES) + BUFFER_BYTES for size in sizes)
        return min(AT_ONCE, max(AT_LEAST, HELD_BYTES // max(1, held)))

    def _plan(self, group: RowGroup, columns: Sequence[str], n_rows: int) -> tuple[int, int]:
        """Rows of a read, and how many reads are put together to a part of about `n_rows`.

        One, unless there is long text: pyarrow holds the last read for as long as a row group is
        open, so that those are of about `READ_BYTES` a column.
        """
        n_columns = max(1, len(columns))
        stored = sum(self._sizes(group, columns)) / max(1, group.n_rows)
        width = max(stored, 8 * n_columns)
        n_rows = max(1, min(n_rows, round(PASS_BYTES / width)))
        n_parts = max(1, round(group.n_rows / n_rows))
        n_rows = max(1, -(-group.n_rows // n_parts))
        if width <= WIDTH_OF_NUMBERS * n_columns:
            return n_rows, 1
        n_reads = max(1, min(n_rows, round(n_rows * width / (READ_BYTES * n_columns))))
        return -(-n_rows // n_reads), n_reads

    def _columns(self, names: Sequence[str]) -> list[str]:
        """Those that are read: the named ones, and what the filter asks for."""
        filtered = [] if self.row_filter is None else self.row_filter.names
        return list(dict.fromkeys([*names, *filtered]))

    def _sizes(self, group: RowGroup, columns: Sequence[str]) -> Iterator[int]:
        """Bytes of each column of a row group, before compression."""
        stored, names = self.metadata[group.path].row_group(group.index), set(columns)
        for i in range(stored.num_columns):
            column = stored.column(i)
            path = column.path_in_schema  # that of a nested one goes on after a dot
            if path in names or path.partition(".")[0] in names:
                yield column.total_uncompressed_size

    def _part(
        self, reads: Iterator[RecordBatch], n_reads: int, group: RowGroup
    ) -> list[RecordBatch] | None:
        """The rows of the next few reads that pass the filter, None where there is nothing to read.

        They are one batch, or none, unless there is more text than a batch can hold.
        """
        import pyarrow as pa

        with located(group):
            batches = list(islice(reads, n_reads))
            if not batches:
                return None
            rows = pa.Table.from_batches(batches)
            if self.row_filter is not None:
                rows = self.row_filter.of(rows)
            return [batch for batch in rows.combine_chunks().to_batches() if batch.num_rows]
