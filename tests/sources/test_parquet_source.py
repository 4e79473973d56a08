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
        ({"targets": ["t", "y"]}, r"\['y'\] are named twice"),
        ({"features": ["x", "x"]}, r"\['x'\] are named twice"),
        ({"targets": ["t", "u", "v"], "weight": ["w", "q"]}, "2 columns for 3 targets"),
        ({"buffer_rows": 0}, "buffer_rows must be a positive int, got 0"),
        ({"max_categories": 2.5}, "max_categories must be a positive int, got 2.5"),
    ],
)
def test_settings_that_make_no_sense(changes, message) -> None:
    with pytest.raises(ValueError, match=message):
        ParquetSource(**SETTINGS | changes)


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
    with pytest.raises(ImportError, match=r"pip install sklearn-ple\[parquet\]"):
        OpenSource(source(tmp_path))
