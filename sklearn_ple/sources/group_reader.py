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

PASS_BYTES, PASS_ROWS = 2**24, 65_536
READ_BYTES = 2**15  # of a column; fewer take about as long
WIDTH_OF_NUMBERS = 16  # bytes of a value, at most
AT_ONCE, AT_LEAST, HELD_BYTES = 16, 2, 2**29
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
        `PASS_BYTES`. Where there is long text, a part is put together out of reads of about
        `READ_BYTES` a column, for pyarrow holds the last of them while the row group is open.
        """
        pq = parquet()
        wanted, columns = list(dict.fromkeys(names)), self._columns(names)
        stored = sum(self._sizes(group, columns)) / max(1, group.n_rows)
        width = max(stored, 8 * max(1, len(columns)))
        n_rows = max(1, min(n_rows, round(PASS_BYTES / width)))
        n_rows = max(1, -(-group.n_rows // max(1, round(group.n_rows / n_rows))))
        n_reads = 1
        if width > WIDTH_OF_NUMBERS * len(columns):
            n_reads = max(1, min(n_rows, round(n_rows * width / (READ_BYTES * len(columns)))))
        options: dict[str, Any] = {"pre_buffer": False, "buffer_size": BUFFER_BYTES}
        with located(group):
            file = pq.ParquetFile(group.path, metadata=self.metadata[group.path], **options)
        with file:
            reads = file.iter_batches(
                -(-n_rows // n_reads), row_groups=[group.index], columns=columns, use_threads=False
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
