"""Row groups come in parts: all rows in order, little held between them, not too many at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sklearn_ple import ParquetSource
from sklearn_ple.sources import OpenSource, group_reader
from sklearn_ple.sources.group_reader import GroupReader
from sklearn_ple.sources.row_filter import RowFilter
from sklearn_ple.sources.row_group import RowGroup

N_ROWS, GROUP_ROWS = 431, 173
COLUMNS = ["number", "text", "level", "list"]


def _table(n_characters: int) -> pa.Table:
    rng = np.random.default_rng(0)
    text = [f"{i:03d}" + "x" * n_characters for i in range(N_ROWS)]
    levels = rng.choice(["Aix", "Bonn", "Cork"], N_ROWS)
    columns = [
        pa.array(np.arange(N_ROWS, dtype=float)),
        pa.array([None if i % 7 == 3 else each for i, each in enumerate(text)]),
        pa.array(levels).dictionary_encode(),
        pa.array([list(range(i % 4)) for i in range(N_ROWS)]),
    ]
    return pa.table(columns, COLUMNS)


def _written(path: Path, table: pa.Table, **options) -> tuple[dict, list[RowGroup]]:
    """A file's metadata by its path, and its row groups."""
    pq.write_table(table, path, use_dictionary=False, compression="none", **options)
    metadata = pq.ParquetFile(path).metadata
    sizes = [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)]
    return {str(path): metadata}, [RowGroup(str(path), i, n) for i, n in enumerate(sizes)]


@pytest.mark.parametrize("n_characters", [2, 90, 5_000])
@pytest.mark.parametrize("n_rows", [1, 37, 173, 10_000])
def test_all_rows_in_order_whatever_their_width(
    tmp_path: Path, n_characters: int, n_rows: int
) -> None:
    table = _table(n_characters)
    metadata, groups = _written(tmp_path / "a", table, row_group_size=GROUP_ROWS)
    reader = GroupReader(metadata, None)
    parts = [[*reader.batches(group, COLUMNS, n_rows)] for group in groups]
    read = pa.Table.from_batches([part for of_group in parts for part in of_group])
    assert read.to_pylist() == table.to_pylist()
    for of_group in parts:
        sizes = [len(part) for part in of_group]
        assert max(sizes) <= 1.5 * n_rows
        assert set(sizes[:-1]) <= {sizes[0]}


@pytest.mark.parametrize("n_characters", [2, 5_000])
def test_a_filter_is_read_but_not_given(tmp_path: Path, n_characters: int) -> None:
    table = _table(n_characters)
    metadata, groups = _written(tmp_path / "a", table, row_group_size=GROUP_ROWS)
    reader = GroupReader(metadata, RowFilter((("number", ">=", 200.0), ("number", "<", 210.0))))
    parts = [part for group in groups for part in reader.batches(group, ["level"], 5)]
    assert [part.schema.names for part in parts] == [["level"]] * len(parts)
    assert all(len(part) for part in parts)
    levels = [level for part in parts for level in part.column(0).to_pylist()]
    assert levels == table.column("level").to_pylist()[200:210]


def test_a_part_holds_no_more_than_it_may(tmp_path: Path, monkeypatch) -> None:
    table = _table(5_000)
    metadata, groups = _written(tmp_path / "a", table, row_group_size=GROUP_ROWS)
    monkeypatch.setattr(group_reader, "PASS_BYTES", 2**17)
    parts = [*GroupReader(metadata, None).batches(groups[0], COLUMNS, 10_000)]
    assert len(parts) > 5
    assert max(part.nbytes for part in parts) < 1.6 * 2**17


def test_what_waits_holds_a_fraction_of_its_last_part(tmp_path: Path) -> None:
    """Where the text is long, and so a page of it, or a part, is large."""
    options = {"row_group_size": GROUP_ROWS, "write_batch_size": 1, "data_page_size": 2**14}
    metadata, groups = _written(tmp_path / "a", _table(20_000), **options)
    before = pa.total_allocated_bytes()
    parts = GroupReader(metadata, None).batches(groups[0], COLUMNS, 80)
    size = next(parts).nbytes
    assert size > 80 * 15_000
    assert pa.total_allocated_bytes() - before < 0.4 * size
    parts.close()
    assert pa.total_allocated_bytes() == before


@pytest.mark.parametrize(("held", "expected"), [(2**29, 16), (3_000_000, 7), (1, 2)])
def test_as_many_are_open_at_once_as_memory_holds(
    tmp_path: Path, monkeypatch, held: int, expected: int
) -> None:
    """Twenty columns of 299 numbers: their pages, as much for a dictionary, and a buffer each."""
    table = pa.table({f"x{i}": np.arange(299.0) + i for i in range(20)})
    metadata, groups = _written(tmp_path / "a", table, row_group_size=299)
    monkeypatch.setattr(group_reader, "HELD_BYTES", held)
    assert GroupReader(metadata, None).at_once(groups, list(table.column_names)) == expected
    assert GroupReader(metadata, None).at_once(groups, ["x3"]) == (16 if held > 1 else 2)


def test_large_columns_count_as_their_pages(tmp_path: Path, monkeypatch) -> None:
    table = pa.table({"x": np.arange(200_000.0), "y": np.arange(200_000.0)})
    metadata, groups = _written(tmp_path / "a", table)
    monkeypatch.setattr(group_reader, "HELD_BYTES", 7 * group_reader.PAGE_BYTES)
    assert GroupReader(metadata, None).at_once(groups, ["x", "y"]) == 3


def test_columns_that_are_not_read_do_not_count(tmp_path: Path, monkeypatch) -> None:
    table = pa.table({"x": np.arange(299.0), "t": np.arange(299.0), "other": ["x" * 900] * 299})
    pq.write_table(table, tmp_path / "a.parquet", use_dictionary=False, compression="none")
    monkeypatch.setattr(group_reader, "HELD_BYTES", 180_000)
    few = OpenSource(ParquetSource(tmp_path, features=["x"], targets="t"))
    assert few.groups_at_once == 4
    assert OpenSource(ParquetSource(tmp_path, targets="t")).groups_at_once == 2
