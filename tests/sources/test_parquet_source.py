"""A source is its settings: equal, copied, pickled; and it says what is wrong with them."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from parquet_rows import make_rows, source, write
from sklearn.base import clone

from sklearn_ple import ParquetSource
from sklearn_ple.sources import OpenSource
from sklearn_ple.sources.files import find_files

SETTINGS = {
    "path": ["a.parquet", Path("b.parquet")],
    "features": ["x", "y"],
    "targets": ["t"],
    "weight": "w",
    "filter": [("year", ">=", 2020), ("land", "in", ["NL", "BE"])],
    "buffer_rows": 10,
}


@pytest.mark.parametrize(
    "copied",
    [
        copy.deepcopy,
        lambda s: pickle.loads(pickle.dumps(s)),
        lambda s: clone(s, safe=False),
        lambda s: eval(repr(s), {"ParquetSource": ParquetSource}),
    ],
    ids=["deep copy", "pickle", "clone", "repr"],
)
def test_a_copy_is_equal_and_has_the_same_hash(copied) -> None:
    one = ParquetSource(**SETTINGS)
    other = copied(one)
    assert other == one
    assert hash(other) == hash(one)
    assert other != ParquetSource(**SETTINGS | {"buffer_rows": 11})


def test_names_may_come_in_any_sequence() -> None:
    for names in (["x", "y"], ("x", "y"), pd.Index(["x", "y"]), np.array(["x", "y"])):
        changed = ParquetSource(**SETTINGS | {"features": names})
        assert (changed, hash(changed)) == (ParquetSource(**SETTINGS), hash(changed))
        assert changed.features == ("x", "y")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"features": "x"}, "features='x' is one name"),
        ({"features": []}, "features is an empty list; None takes all that are not otherwise"),
        ({"features": np.array([], dtype=str)}, "features is an empty list"),
        ({"targets": ["t", "y"]}, r"\['y'\] are named twice"),
        ({"features": ["x", "x"]}, r"\['x'\] are named twice"),
        ({"targets": ["t", "u", "v"], "weight": ["w", "q"]}, "2 columns for 3 targets"),
        ({"buffer_rows": 0}, "buffer_rows must be a positive int, got 0"),
        ({"max_categories": 2.5}, "max_categories must be a positive int, got 2.5"),
        ({"buffer_rows": True}, "buffer_rows must be a positive int, got True"),
    ],
)
def test_settings_that_make_no_sense(changes, message) -> None:
    with pytest.raises(ValueError, match=message):
        ParquetSource(**SETTINGS | changes)


def test_numbers_may_be_of_any_integer_type() -> None:
    one = ParquetSource("a.parquet", buffer_rows=np.int32(10), max_categories=np.uint8(7))
    assert one == ParquetSource("a.parquet", buffer_rows=10, max_categories=7)
    assert "buffer_rows=10)" in repr(one)


def test_a_path_is_a_file_a_folder_a_pattern_or_a_list(tmp_path: Path) -> None:
    for name in ("b", "a", "c/d", "_log/x", ".hidden"):
        file = tmp_path / f"{name}.parquet"
        file.parent.mkdir(exist_ok=True)
        file.touch()
    (tmp_path / "a.csv").touch()

    def found(path) -> list[str]:
        return [str(Path(f).relative_to(tmp_path)) for f in find_files(ParquetSource(path).path)]

    assert found(tmp_path) == ["a.parquet", "b.parquet", "c/d.parquet"]
    assert found(tmp_path / "b.parquet") == ["b.parquet"]
    assert found(str(tmp_path / "[ab].parquet")) == ["a.parquet", "b.parquet"]
    assert found(str(tmp_path / "**" / "d.parquet")) == ["c/d.parquet"]
    assert found([tmp_path / "b.parquet", tmp_path]) == ["b.parquet", "a.parquet", "c/d.parquet"]


def _touched(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def _found(folder: Path, path: object) -> list[str]:
    """Files that a path leads to, relative to a folder."""
    return [str(Path(f).relative_to(folder)) for f in find_files(ParquetSource(path).path)]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("month=*", ["month=1/a.parquet", "month=2/day=7/b.parquet"]),
        ("month=*/", ["month=1/a.parquet", "month=2/day=7/b.parquet"]),
        ("*", ["c.parquet", "month=1/a.parquet", "month=2/day=7/b.parquet"]),
        ("**", ["c.parquet", "month=1/a.parquet", "month=2/day=7/b.parquet"]),
        ("*.parquet", ["c.parquet"]),
        ("_*/*", ["_log/x.parquet"]),
        (".*.parquet", [".hidden.parquet"]),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_a_pattern_goes_into_directories_and_passes_over_hidden_files(
    tmp_path: Path, pattern: str, expected: list[str]
) -> None:
    shown = "c.parquet", "month=1/a.parquet", "month=2/day=7/b.parquet"
    _touched(tmp_path, *shown, "month=1/.a.parquet", "_log/x.parquet", ".hidden.parquet")
    assert _found(tmp_path, str(tmp_path / pattern) + "/" * pattern.endswith("/")) == expected


def test_hidden_folders_that_are_named_are_read(tmp_path: Path) -> None:
    _touched(tmp_path, ".cache/a.parquet", "_spark/b.parquet")
    assert _found(tmp_path, str(tmp_path / ".cache" / "*")) == [".cache/a.parquet"]
    assert _found(tmp_path, tmp_path / "_spark") == ["_spark/b.parquet"]


def test_a_file_is_read_once_by_whatever_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _touched(tmp_path, "a.parquet", "b.parquet")
    (tmp_path / "link.parquet").symlink_to(tmp_path / "a.parquet")
    monkeypatch.chdir(tmp_path)
    names = ["a.parquet", "./a.parquet", str(tmp_path / "a.parquet"), "link.parquet", "b.parquet"]
    assert find_files(names) == ["a.parquet", "b.parquet"]


def test_links_to_folders_are_followed(tmp_path: Path) -> None:
    """As the files of a day that lie on another disk."""
    _touched(tmp_path, "rows/day=1/a.parquet", "disk/b.parquet", "disk/more/c.parquet")
    _touched(tmp_path, "disk/_log/x.parquet", "archive/d.parquet")
    (tmp_path / "rows" / "day=0").symlink_to(tmp_path / "disk")
    (tmp_path / "disk" / "more" / "old").symlink_to(tmp_path / "archive")
    (tmp_path / "rows" / "_not").symlink_to(tmp_path / "archive")
    (tmp_path / "rows" / "nowhere").symlink_to(tmp_path / "gone")
    expected = ["day=0/b.parquet", "day=0/more/c.parquet", "day=0/more/old/d.parquet"]
    expected.append("day=1/a.parquet")
    assert _found(tmp_path / "rows", tmp_path / "rows") == expected
    assert _found(tmp_path / "rows", str(tmp_path / "rows" / "day=*")) == expected


def test_links_that_lead_back_end(tmp_path: Path) -> None:
    """And what has a name without links keeps it, and its place among the files."""
    _touched(tmp_path, "rows/b/x.parquet", "rows/b/deep/y.parquet", "rows/c.parquet", "z.parquet")
    (tmp_path / "rows" / "b" / "round").symlink_to(tmp_path / "rows")
    (tmp_path / "rows" / "a").symlink_to(tmp_path / "rows" / "b")
    own = ["b/deep/y.parquet", "b/x.parquet", "c.parquet"]
    assert _found(tmp_path / "rows", tmp_path / "rows") == own
    (tmp_path / "rows" / "up").symlink_to(tmp_path)
    assert _found(tmp_path / "rows", tmp_path / "rows") == [*own, "up/z.parquet"]


def test_a_path_may_begin_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _touched(tmp_path, "rows/a.parquet")
    monkeypatch.setenv("HOME", str(tmp_path))
    for path in ("~/rows", "~/rows/a.parquet", "~/rows/*.parquet", Path("~/rows")):
        assert _found(tmp_path, path) == ["rows/a.parquet"]


@pytest.mark.parametrize("path", ["nowhere.parquet", "empty", "*.parq", ["nowhere"]])
def test_a_path_to_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="There is no Parquet file at '"):
        find_files(ParquetSource(path).path)
    with pytest.raises(FileNotFoundError, match="an empty list"):
        find_files(())


def test_features_that_are_not_named_are_all_other_columns(tmp_path: Path) -> None:
    write(tmp_path, make_rows())
    opened = OpenSource(source(tmp_path, features=None, weight="w"))
    assert opened.features == ["age", "income", "visits", "colour", "town", "member", "v", "id"]
    kinds = dict(zip(opened.features, opened.no_rows().kinds, strict=True))
    assert [name for name, kind in kinds.items() if kind == "category"] == ["colour", "town"]


def test_a_column_that_a_filter_names_is_a_feature_all_the_same(tmp_path: Path) -> None:
    make_rows()[["age", "visits", "spent"]].to_parquet(tmp_path / "rows.parquet")
    conditions = [("visits", ">", 1)]
    opened = OpenSource(ParquetSource(tmp_path, targets="spent", filter=conditions))
    assert opened.features == ["age", "visits"]


SHUFFLED = make_rows()[["id", "town", "age", "spent"]].sample(frac=1, random_state=0)


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (SHUFFLED, ["id", "town", "age"]),
        (SHUFFLED.rename_axis("row"), ["id", "town", "age"]),
        (SHUFFLED.set_index("id"), ["town", "age"]),
        (SHUFFLED.set_index(["id", "town"]), ["age"]),
        (SHUFFLED.reset_index(drop=True), ["id", "town", "age"]),
        (SHUFFLED.reset_index(), ["index", "id", "town", "age"]),
    ],
    ids=["shuffled", "named", "a column", "two columns", "of numbers in order", "made a column"],
)
def test_an_index_that_pandas_wrote_is_no_feature(
    tmp_path: Path, frame: pd.DataFrame, expected: list[str]
) -> None:
    frame.to_parquet(tmp_path / "rows.parquet")
    opened = OpenSource(ParquetSource(tmp_path, targets="spent"))
    assert opened.features == expected


def test_an_index_is_read_where_it_is_asked_for(tmp_path: Path) -> None:
    SHUFFLED.set_index("id").to_parquet(tmp_path / "rows.parquet")
    opened = OpenSource(ParquetSource(tmp_path, features=["age", "id"], targets="spent"))
    assert opened.features == ["age", "id"]
    opened = OpenSource(ParquetSource(tmp_path, targets="id", filter=[("id", ">", 7)]))
    assert opened.features == ["town", "age", "spent"]


def test_names_of_folders_are_no_columns(tmp_path: Path) -> None:
    for month in (1, 2):
        folder = tmp_path / f"month={month}"
        folder.mkdir()
        make_rows()[["age", "spent"]].to_parquet(folder / "rows.parquet")
    assert OpenSource(ParquetSource(tmp_path, targets="spent")).features == ["age"]
    for path in (tmp_path, str(tmp_path / "month=*")):
        with pytest.raises(ValueError, match="column 'month' is not there.*'month=1' it is the na"):
            OpenSource(ParquetSource(path, features=["age", "month"], targets="spent"))
    with pytest.raises(ValueError, match="name of a folder and not a column"):
        OpenSource(ParquetSource(tmp_path, filter=[("month", "==", 1)]))


def test_rows_are_read_in_order_and_filtered(tmp_path: Path) -> None:
    frame = make_rows()
    write(tmp_path, frame)
    conditions = [("visits", ">", 1), ("colour", "in", ["red", "blue"])]
    opened = OpenSource(source(tmp_path, features=["id"], filter=conditions))
    ids = [
        columns.numbers([0])[:, 0]
        for group in opened.groups
        for columns, *_ in opened.rows(group, 17)
    ]
    kept = frame[(frame["visits"] > 1) & frame["colour"].isin(["red", "blue"])]
    assert [i for part in ids for i in part] == kept["id"].tolist()


def test_pyarrow_is_asked_for_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    with pytest.raises(ImportError, match="pip install pyarrow"):
        OpenSource(source(tmp_path))
