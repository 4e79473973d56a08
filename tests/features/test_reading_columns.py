"""Any container to columns: their kinds, labels and values, without copies where none are due."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse

from sklearn_ple.features import read_columns

TABLE = {
    "real": [1.5, None, -2.0],
    "whole": [3, 1, None],
    "flag": [True, False, None],
    "word": ["b", None, "a"],
}
CONTAINERS: dict[str, Callable[[], Any]] = {
    "pandas": lambda: pd.DataFrame(TABLE),
    "pandas of objects": lambda: pd.DataFrame(TABLE, dtype=object),
    "pandas nullable": lambda: pd.DataFrame(TABLE).convert_dtypes(),
    "pandas of arrow": lambda: pd.DataFrame(TABLE).convert_dtypes(dtype_backend="pyarrow"),
    "polars": lambda: pl.DataFrame(TABLE),
    "arrow": lambda: pa.table(TABLE),
    "array of objects": lambda: pd.DataFrame(TABLE, dtype=object).to_numpy(),
    "lists": lambda: [list(row) for row in zip(*TABLE.values(), strict=True)],
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_the_same_columns_from_every_container(container: str) -> None:
    columns = read_columns(CONTAINERS[container]())
    assert columns.n_rows == 3
    assert columns.kinds == ["number", "number", "number", "category"]
    numbers = columns.numbers([0, 1, 2])
    assert numbers.dtype == np.float64
    np.testing.assert_array_equal(numbers, [[1.5, 3, 1], [np.nan, 1, 0], [-2, np.nan, np.nan]])
    codes, levels = columns.levels(3)
    words = [None if code < 0 else levels[code] for code in codes]
    assert words == ["b", None, "a"]
    named = "array" not in container and container != "lists"
    assert columns.names == (list(TABLE) if named else None)
    assert columns.labels[1] == ("column 'whole'" if named else "column 1")


@pytest.mark.parametrize("container", CONTAINERS)
def test_some_rows(container: str) -> None:
    columns = read_columns(CONTAINERS[container]()).take(np.array([2, 0]))
    assert columns.n_rows == 2
    np.testing.assert_array_equal(columns.numbers([0]), [[-2], [1.5]])


VIEWS = pa.array(["b", "a", None, "b"], type=pa.string_view())
STRINGS = np.dtypes.StringDType(na_object=None)


def of_arrow(column: pa.Array) -> pd.DataFrame:
    return pd.DataFrame({"c": pd.array(column, dtype=pd.ArrowDtype(column.type))})


CATEGORIES = {
    "pandas": lambda: pd.DataFrame({"c": pd.Categorical(["b", "a", None, "b"])}),
    "polars categorical": lambda: pl.DataFrame(
        {"c": ["b", "a", None, "b"]}, schema={"c": pl.Categorical}
    ),
    "polars enum": lambda: pl.DataFrame(
        {"c": ["b", "a", None, "b"]}, schema={"c": pl.Enum(["a", "b"])}
    ),
    "arrow dictionary": lambda: pa.table(
        {"c": pa.array(["b", "a", None, "b"]).dictionary_encode()}
    ),
    "arrow dictionary in pandas": lambda: of_arrow(
        pa.array(["b", "a", None, "b"]).dictionary_encode()
    ),
    "arrow views": lambda: pa.table({"c": VIEWS}),
    "arrow views in pandas": lambda: of_arrow(VIEWS),
    "arrow dictionary of views": lambda: pa.table(
        {"c": pa.DictionaryArray.from_arrays([0, 1, None, 0], VIEWS[:2])}
    ),
    "numpy strings": lambda: np.array([["b"], ["a"], [None], ["b"]], dtype=STRINGS),
}


@pytest.mark.parametrize("make", CATEGORIES)
def test_categories_of_every_make(make: str) -> None:
    columns = read_columns(CATEGORIES[make]())
    assert columns.kinds == ["category"]
    codes, levels = columns.levels(0)
    assert [None if code < 0 else levels[code] for code in codes] == ["b", "a", None, "b"]


def test_whole_numbers_with_gaps_stay_exact_as_levels() -> None:
    big = [2**60, 2**60 + 1, None]
    for table in (
        pl.DataFrame({"id": big}),
        pa.table({"id": big}),
        pd.DataFrame({"id": pd.array(big, dtype="Int64")}),
        pd.DataFrame({"id": pd.array(big, dtype="int64[pyarrow]")}),
    ):
        codes, levels = read_columns(table).levels(0)
        assert codes[2] == -1
        assert [levels[code] for code in codes[:2]] == big[:2]


BIG = 2**63
TOGETHER = {
    "beyond int64": ([BIG + 1, BIG + 2], np.uint64),
    "beyond int64 and small": ([BIG + 1, BIG + 2, 5], np.uint64),
    "beyond int64 and negative": ([BIG + 1, BIG + 2, -5], object),
    "beyond uint64": ([2**64, 2**64 + 1, 3], object),
    "beyond float64 and a half": ([2**53, 2**53 + 1, 0.5], object),
    "beyond float64 and a whole float": ([2**53, 2**53 + 1, 2.0], np.int64),
    "small and a half": ([True, 7, 0.5], np.float64),
}


@pytest.mark.parametrize("name", TOGETHER)
@pytest.mark.parametrize("gap", [[], [None]], ids=["whole", "with a gap"])
def test_numbers_as_objects_stay_exact_as_levels(name: str, gap: list) -> None:
    numbers, dtype = TOGETHER[name]
    column = np.array([*numbers, *gap], dtype=object)
    for table in (pd.DataFrame({"id": column}), column[:, None]):
        codes, levels = read_columns(table).levels(0)
        assert levels.tolist() == numbers
        assert levels.dtype == dtype
        assert codes.tolist() == [*range(len(numbers)), *(-1 for _ in gap)]


UNSIGNED: dict[str, Callable[[list], Any]] = {
    "pandas nullable": lambda ids: pd.DataFrame({"id": pd.array(ids, dtype="UInt64")}),
    "pandas of arrow": lambda ids: pd.DataFrame({"id": pd.array(ids, dtype="uint64[pyarrow]")}),
    "polars": lambda ids: pl.DataFrame({"id": pl.Series(ids, dtype=pl.UInt64)}),
    "arrow": lambda ids: pa.table({"id": pa.array(ids, type=pa.uint64())}),
    "arrow dictionary": lambda ids: pa.table(
        {"id": pa.array(ids, type=pa.uint64()).dictionary_encode()}
    ),
}


@pytest.mark.parametrize("make", UNSIGNED)
def test_unsigned_numbers_with_gaps_stay_exact_as_levels(make: str) -> None:
    ids = [BIG + 1, None, 5, BIG + 2]
    codes, levels = read_columns(UNSIGNED[make](ids)).levels(0)
    assert [None if code < 0 else levels[code] for code in codes] == ids
    assert levels.dtype == np.uint64


@pytest.mark.parametrize("gap", [[], [None]], ids=["whole", "with a gap"])
def test_numbers_of_128_bits(gap: list) -> None:
    ids = [2**100, 2**100 + 1, -3]
    columns = read_columns(pl.DataFrame({"id": pl.Series([*ids, *gap], dtype=pl.Int128)}))
    assert columns.kinds == ["number"]
    assert columns.levels(0)[1].tolist() == ids
    np.testing.assert_array_equal(columns.numbers([0])[:3, 0], np.array(ids, dtype=np.float64))


@pytest.mark.parametrize(
    "kind", [bool, int, float, np.bool_, np.uint8, np.int64, np.float16, np.longdouble, Decimal]
)
def test_real_numbers_of_any_type_are_numbers_as_objects(kind: type) -> None:
    column = np.array([kind(1), None, kind(0)], dtype=object)
    columns = read_columns(pd.DataFrame({"m": column}))
    assert columns.kinds == ["number"]
    np.testing.assert_array_equal(columns.numbers([0])[:, 0], [1, np.nan, 0])


def test_categories_of_numbers_are_numbers_where_a_number_is_wanted() -> None:
    column = pd.Series(pd.Categorical([3, 1, None, 3]))
    np.testing.assert_array_equal(
        read_columns(pd.DataFrame({"c": column})).numbers([0])[:, 0], [3, 1, np.nan, 3]
    )


VOID: dict[str, Callable[[], Any]] = {
    "pandas of objects": lambda: pd.DataFrame({"void": [None, None]}, dtype=object),
    "pandas of arrow": lambda: pd.DataFrame({"void": [None, None]}).convert_dtypes(
        dtype_backend="pyarrow"
    ),
    "polars": lambda: pl.DataFrame({"void": [None, None]}),
    "arrow": lambda: pa.table({"void": pa.nulls(2)}),
}


@pytest.mark.parametrize("make", VOID)
def test_a_column_of_nothing_but_gaps_is_a_number(make: str) -> None:
    columns = read_columns(VOID[make]())
    assert columns.kinds == ["number"]
    assert np.isnan(columns.numbers([0])).all()


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("which", [[0, 1, 2], [2, 0]])
def test_numbers_of_an_array_are_a_copy(order: str, which: list[int]) -> None:
    array = np.arange(12.0).reshape(4, 3, order=order)
    numbers = read_columns(array).numbers(which)
    np.testing.assert_array_equal(numbers, array[:, which])
    assert not np.shares_memory(numbers, array)


@pytest.mark.parametrize("infinity", [np.inf, -np.inf])
def test_infinity_is_named(infinity: float) -> None:
    table = pd.DataFrame({"a": [1.0, 2.0], "b": [0.0, infinity]})
    with pytest.raises(ValueError, match="infinity or a value too large.*column 'b'"):
        read_columns(table).numbers([0, 1])
    with pytest.raises(ValueError, match="infinity or a value too large.*column 'b'"):
        read_columns(table).numbers([1])


REFUSED: dict[str, tuple[Any, type[Exception], str]] = {
    "sparse": (sparse.eye(3).tocsr(), TypeError, r"toarray\(\)"),
    "1-D": (np.ones(3), ValueError, r"1D array instead.*reshape\(-1, 1\)"),
    "scalar": (7, ValueError, "0D array instead"),
    "3-D": (np.ones((2, 3, 4)), ValueError, "3D array instead"),
    "complex": (np.ones((2, 3)) * 1j, ValueError, "Complex data not supported"),
    "dates": (np.ones((2, 3), dtype="datetime64[s]"), TypeError, "column 0 has dtype datetime64"),
    "duplicates": (pd.DataFrame([[1, 2]], columns=["a", "a"]), ValueError, r"names: \['a'\]"),
    "mixture": (pd.DataFrame({"m": [1, "x"]}), TypeError, r"column 'm' .*\['int', 'str'\]"),
    "bytes": (pd.DataFrame({"m": [b"x", b"y"]}), TypeError, "column 'm' .*bytes"),
    "polars dates": (
        pl.DataFrame({"d": [1, 2]}).with_columns(pl.col("d").cast(pl.Date)),
        TypeError,
        "column 'd' has dtype datetime64",
    ),
    "complex numbers as objects": (
        pd.DataFrame({"m": [np.complex128(1 + 2j), 3.0]}, dtype=object),
        TypeError,
        r"column 'm' .*\['complex128', 'float'\]",
    ),
    "durations as objects": (
        pd.DataFrame({"m": pd.Series([np.timedelta64(5, "s"), None], dtype=object)}),
        TypeError,
        "column 'm' .*timedelta64",
    ),
    "lazy": (
        pl.LazyFrame({"a": [1, 2, 3]}),
        TypeError,
        r"LazyFrame has no rows yet.*\.collect\(\)",
    ),
    "polars lists": (pl.DataFrame({"m": [[1], [2]]}), TypeError, "column 'm' .*list"),
}


@pytest.mark.parametrize("sort", REFUSED)
def test_what_can_be_no_table_of_features(sort: str) -> None:
    X, error, message = REFUSED[sort]
    with pytest.raises(error, match=message):
        read_columns(X)


NO_LEVELS: dict[str, tuple[Any, str]] = {
    "text and numbers": (pd.Categorical([1, "x"]), "int', 'str"),
    "intervals": (pd.cut([1.0, 2.0, 5.0], 2), "Interval"),
    "moments": (pd.Categorical(pd.to_datetime(["2020-01-01", "2021-02-03"])), "datetime64"),
    "spans": (pd.Categorical(pd.to_timedelta(["1s", "3min"])), "timedelta64"),
    "decimals": ([Decimal("1.5"), Decimal(2)], "Decimal"),
    "bytes": (pd.Categorical([b"x", b"y"]), "bytes"),
}


@pytest.mark.parametrize("name", NO_LEVELS)
def test_what_can_be_no_level_is_named(name: str) -> None:
    column, types = NO_LEVELS[name]
    table = pd.DataFrame({"m": column})
    with pytest.raises(TypeError, match=rf"column 'm' .* of the types \['{types}'\].*astype\(str"):
        read_columns(table).levels(0)
    assert len(read_columns(table.astype(str)).levels(0)[1]) == table["m"].nunique()


def test_bytes_in_an_array_can_be_no_levels() -> None:
    array = np.array([[b"x"], [b"y"]])
    with pytest.raises(TypeError, match=r"column 0 .* of the types \['bytes'\]"):
        read_columns(array).levels(0)
    assert read_columns(array.astype(str)).levels(0)[1].tolist() == ["x", "y"]
