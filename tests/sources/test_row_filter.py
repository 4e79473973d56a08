"""A filter is the same in every interpreter, and what is wrong with it is said of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from parquet_rows import make_rows, source, write

from sklearn_ple import ParquetSource
from sklearn_ple.sources import OpenSource

LANDS = ["NL", "BE", "FR", "DE", "IT"]
COLLECTIONS = {
    "list": LANDS,
    "set": set(LANDS),
    "frozen set": frozenset(LANDS),
    "array": np.array(LANDS),
    "index": pd.Index(LANDS),
    "series": pd.Series(LANDS),
}


def _source(filter: object) -> ParquetSource:
    return ParquetSource("rows.parquet", filter=filter)


@pytest.mark.parametrize("name", COLLECTIONS)
def test_values_come_in_any_collection(name: str) -> None:
    one, other = (_source([("land", "in", COLLECTIONS[name])]) for _ in range(2))
    assert one == other
    assert hash(one) == hash(other)
    ((_, _, values),) = one.filter
    assert isinstance(values, tuple)
    assert sorted(values) == sorted(LANDS)
    assert eval(repr(one), {"ParquetSource": ParquetSource}) == one


def test_a_set_reads_the_same_in_every_interpreter() -> None:
    code = (
        "from sklearn_ple.sources import ParquetSource;"
        f"print(ParquetSource('rows', filter=[('land', 'in', {set(LANDS)!r})]))"
    )
    texts = set()
    for seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", code]
        run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        texts.add(run.stdout)
    assert len(texts) == 1


def test_an_array_is_written_out_in_full() -> None:
    """Two long ones that differ in the middle have no text in common."""
    many = np.arange(3_000)
    texts = {repr(_source([("id", "in", each)])) for each in (many, np.append(many[:-1], 9_999))}
    other = many.copy()
    other[1_500] = -1
    assert repr(_source([("id", "in", other)])) not in texts
    assert len(texts) == 2


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("a", ">", 5), r"filter=\('a', '>', 5\) is one condition; give a list of them"),
        (["a", "==", "b"], "is one condition"),
        ("a > 5", "filter='a > 5' is no list of conditions"),
        ([("a", ">")], r"holds \('a', '>'\), which is no condition"),
        ([("a", "~", 5)], r"holds \('a', '~', 5\), which is no condition: a column, one of =="),
        ([("a", "in", "NL")], "several in a list after 'in' and 'not in'"),
        ([("a", ">", 5), [("b", "<", 3)]], r"holds \(\('b', '<', 3\),\), which is no condition"),
        ([[("a", ">", 5)], [("b", 3)]], r"holds \('b', 3\), which is no condition"),
        ([[]], r"holds \(\), which is no condition"),
        ([("a", "in", [])], r"holds \('a', 'in', \(\)\), whose list of values is empty"),
        ([[("b", "<", 3)], [("a", "not in", set())]], r"holds \('a', 'not in', \(\)\), whose list"),
        ([("a", "in", range(5, 5))], r"holds \('a', 'in', range\(5, 5\)\), whose list"),
        ({"a": 5}, "is no list of conditions"),
    ],
    ids=[
        "a condition alone",
        "the same as a list",
        "text",
        "no value",
        "no such sign",
        "text to be among",
        "conditions and lists of them",
        "a bad condition in a list",
        "an empty list",
        "no value to be among",
        "no value to be none of",
        "an empty range",
        "a dict",
    ],
)
def test_what_is_no_filter(given: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _source(given)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (("town", ">", 5), "'town' is large_string|'town' is string"),
        (("visits", "==", "many"), "'visits' is int64"),
        (("visits", "in", ["many", "few"]), "'visits' is int64"),
        (("visits", ">", [1, 2]), "'visits' is int64"),
    ],
    ids=["a number", "text", "texts", "several values"],
)
def test_a_value_that_a_column_can_not_be_compared_with(
    tmp_path: Path, condition: tuple, words: str
) -> None:
    """It is the filter's mistake and not the file's, and found before anything is read."""
    write(tmp_path, make_rows())
    with pytest.raises(
        ValueError, match="part-0.parquet: the filter .* does not go with"
    ) as caught:
        OpenSource(source(tmp_path, filter=[condition]))
    assert caught.match(words)
    assert "no Parquet file" not in str(caught.value)


def test_values_without_a_type_in_common(tmp_path: Path) -> None:
    write(tmp_path, make_rows())
    with pytest.raises(ValueError, match="The filter .* can't be applied"):
        OpenSource(source(tmp_path, filter=[("visits", "in", [1, "many"])]))


def test_a_column_that_is_of_another_type_in_the_second_file(tmp_path: Path) -> None:
    write(tmp_path, make_rows())
    path = tmp_path / "part-1.parquet"
    pd.read_parquet(path).assign(id="x").to_parquet(path)
    with pytest.raises(ValueError, match="part-1.parquet: the filter .* does not go with"):
        OpenSource(source(tmp_path, filter=[("id", "<", 7)]))


@pytest.mark.parametrize(
    ("given", "n_rows"),
    [
        ([("visits", ">", 1), ("id", "<", 200)], None),
        ([[("visits", ">", 1)], [("id", "<", 200)]], None),
        ([("id", "in", range(3, 11))], 8),
        ([("town", "not in", {"Aix", "Cork"}), ("id", "<", 50)], None),
        ([], 331),
        (None, 331),
    ],
    ids=["all of two", "any of two", "a range", "not among", "no condition", "no filter"],
)
def test_rows_that_pass(tmp_path: Path, given: object, n_rows: int | None) -> None:
    frame = make_rows()
    write(tmp_path, frame)
    opened = OpenSource(source(tmp_path, features=["id"], filter=given))
    got = sum(len(weight) for group in opened.groups for *_, weight in opened.rows(group))
    visits, early = frame["visits"] > 1, frame["id"] < 200
    expected = {
        "and": (visits & early).sum(),
        "or": (visits | early).sum(),
        "not": ((frame["town"] == "Bonn") | frame["town"].isna())[:50].sum(),
    }
    assert got == n_rows or got in expected.values()
