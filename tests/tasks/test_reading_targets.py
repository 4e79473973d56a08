"""y in any container: the same labels, missing ones recognised, names kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from sklearn_ple.tables import missing
from sklearn_ple.tasks import Targets, read_targets
from sklearn_ple.tasks.targets import weights_by_target

NUMBERS = [1.5, None, -2.0, 0.25, 1e12]
WHOLE = [3, 1, None, 2, 7]
TEXT = ["yes", "no", None, "yes", "maybe"]
FLAGS = [True, None, False, True, True]
TABLE = {"price": NUMBERS, "visits": WHOLE, "answer": TEXT, "flag": FLAGS}


def _as_lists() -> list[list[Any]]:
    return [list(row) for row in zip(*TABLE.values(), strict=True)]


def _nullable() -> pd.DataFrame:
    dtypes = {"price": "Float64", "visits": "Int64", "answer": "string", "flag": "boolean"}
    return pd.DataFrame(TABLE, dtype=object).astype(dtypes)


CONTAINERS: dict[str, Callable[[], Any]] = {
    "list of lists": _as_lists,
    "array of objects": lambda: np.array(_as_lists(), dtype=object),
    "pandas": lambda: pd.DataFrame(TABLE),
    "pandas, objects": lambda: pd.DataFrame(TABLE, dtype=object),
    "pandas, nullable": _nullable,
    "pandas, Arrow": lambda: pd.DataFrame(TABLE, dtype=object).astype(
        {
            "price": pd.ArrowDtype(pa.float64()),
            "visits": pd.ArrowDtype(pa.int64()),
            "answer": pd.ArrowDtype(pa.string()),
            "flag": pd.ArrowDtype(pa.bool_()),
        }
    ),
    "polars": lambda: pl.DataFrame(TABLE),
    "Arrow": lambda: pa.table(TABLE),
}


def _assert_labels(column: np.ndarray, expected: list[Any]) -> None:
    gaps = [value is None for value in expected]
    assert missing(column).tolist() == gaps
    assert [v for v, gap in zip(column.tolist(), gaps, strict=True) if not gap] == [
        v for v in expected if v is not None
    ]


@pytest.mark.parametrize("name", CONTAINERS)
def test_tables(name: str) -> None:
    container = CONTAINERS[name]()
    targets = read_targets(container)
    named = "list" not in name and "array" not in name
    assert targets.names == (list(TABLE) if named else ["y0", "y1", "y2", "y3"])
    assert not targets.is_1d
    for column, expected in zip(targets.columns, TABLE.values(), strict=True):
        _assert_labels(column, expected)
    assert [column.dtype.kind for column in targets.columns] == ["f", "f", "O", "O"]


COLUMNS: dict[str, Callable[[list[Any]], Any]] = {
    "list": lambda values: values,
    "Series": lambda values: pd.Series(values, name="answer"),
    "polars": lambda values: pl.Series("answer", values),
    "array": lambda values: np.array(values, dtype=object),
}


@pytest.mark.parametrize("values", [NUMBERS, WHOLE, TEXT, FLAGS])
@pytest.mark.parametrize("name", COLUMNS)
def test_one_column(name: str, values: list[Any]) -> None:
    targets = read_targets(COLUMNS[name](values))
    assert targets.is_1d
    assert targets.names == (["answer"] if name in ("Series", "polars") else ["y0"])
    _assert_labels(targets.columns[0], values)


@pytest.mark.parametrize(
    "unnamed",
    [pd.Series([1.0, 2.0]), pl.Series([1.0, 2.0]), pa.chunked_array([[1.0], [2.0]])],
    ids=["pandas", "polars", "Arrow"],
)
def test_a_column_without_a_name_is_y0(unnamed: Any) -> None:
    assert read_targets(unnamed).names == ["y0"]


@pytest.mark.parametrize(
    "categorical",
    [
        pd.Series(["b", "a", None, "b"], dtype="category"),
        pl.Series("c", ["b", "a", None, "b"], dtype=pl.Categorical),
        pl.Series("c", ["b", "a", None, "b"], dtype=pl.Enum(["a", "b", "z"])),
        pa.array(["b", "a", None, "b"]).dictionary_encode(),
    ],
    ids=["pandas", "polars", "polars Enum", "Arrow"],
)
def test_categoricals_say_so(categorical: Any) -> None:
    if isinstance(categorical, pa.Array):
        categorical = pa.chunked_array([categorical])
    targets = read_targets(categorical)
    assert targets.declared_categorical == [True]
    _assert_labels(targets.columns[0], ["b", "a", None, "b"])


def test_categoricals_of_numbers_stay_numbers() -> None:
    targets = read_targets(pd.Series([30, 10, 20, 10], dtype="category"))
    assert targets.declared_categorical == [True]
    assert targets.columns[0].tolist() == [30, 10, 20, 10]
    assert targets.columns[0].dtype.kind == "i"


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int64", "float16", "float32", "bool", ">f8"])
def test_arrays_of_numbers(dtype: str) -> None:
    array = np.array([[1, 0], [0, 1], [1, 1]]).astype(dtype)
    targets = read_targets(array)
    for k in range(2):
        assert targets.columns[k].tolist() == array[:, k].tolist()


def test_large_whole_numbers_stay_exact() -> None:
    big = 2**61 + 1
    assert read_targets(np.array([big, 1])).columns[0].tolist() == [big, 1]
    assert read_targets(pd.Series([big, 1], dtype="Int64")).columns[0].tolist() == [big, 1]


def test_the_word_nan_is_a_label() -> None:
    _assert_labels(read_targets(np.array(["nan", "a"])).columns[0], ["nan", "a"])


def test_the_input_is_left_alone() -> None:
    frame = pd.DataFrame(TABLE, dtype=object)
    before = frame.copy(deep=True)
    read_targets(frame)
    pd.testing.assert_frame_equal(frame, before)


def test_some_of_the_rows() -> None:
    targets = read_targets(pd.DataFrame(TABLE)).take(np.array([4, 0]))
    assert isinstance(targets, Targets)
    assert len(targets) == 2
    _assert_labels(targets.columns[0], [1e12, 1.5])
    _assert_labels(targets.columns[2], ["maybe", "yes"])


@pytest.mark.parametrize(
    ("y", "gist"),
    [
        (None, "requires y to be passed, but the target y is None"),
        (np.zeros((3, 0)), "0 columns"),
        (np.zeros((3, 2, 2)), "1d or 2d"),
        (np.array(5.0), "1d or 2d"),
        (np.array([1j, 2.0]), "Complex data not supported: y is complex"),
        (pd.Series([1j, 2.0], name="wave"), "Complex data not supported: Target 'wave'"),
        ([np.complex64(1 + 2j), None], "Complex data not supported"),
        (pd.DataFrame(np.zeros((3, 2)), columns=["a", "a"]), "duplicated column names: .'a'"),
        (pd.Series(pd.to_datetime(["2020-01-01", "2021-01-01"]), name="due"), "'due' holds dates"),
        (np.array(["2020-01-01"], dtype="datetime64[D]"), "dates"),
    ],
)
def test_what_is_no_target(y: Any, gist: str) -> None:
    with pytest.raises(ValueError, match=gist):
        read_targets(y)


DURATIONS = pd.Series(pd.to_timedelta([90, None, 7], unit="s"), name="stay")
TIMES: dict[str, Any] = {
    "pandas": DURATIONS,
    "pandas in nanoseconds": DURATIONS.astype("timedelta64[ns]"),
    "pandas of objects": DURATIONS.astype(object),
    "pandas of Arrow": DURATIONS.astype(pd.ArrowDtype(pa.duration("ms"))),
    "numpy": DURATIONS.to_numpy(),
    "numpy of objects": np.array([np.timedelta64(3, "s"), np.timedelta64(1, "s")], dtype=object),
    "list": [timedelta(3), None, timedelta(1)],
    "polars": pl.Series("stay", [timedelta(3), None, timedelta(1)]),
    "Arrow": pa.table({"stay": pa.array([3, None, 1], type=pa.duration("us"))}),
    "one of two columns": pd.DataFrame({"price": [1.5, 2.5, 0.5], "stay": DURATIONS}),
    "periods": pd.Series(pd.period_range("2020-03", periods=3, freq="M"), name="stay"),
    "periods as objects": pd.Series([pd.Period("2020-03"), None], dtype=object, name="stay"),
    "dates as objects": pd.Series([date(2020, 3, 1), None], dtype=object, name="stay"),
    "moments in a list": [datetime(2020, 3, 1), datetime(2021, 5, 8)],
    "timestamps as objects": pd.Series([pd.Timestamp(2020, 3, 1)], dtype=object, name="stay"),
    "dates of Arrow": pd.Series([date(2020, 3, 1)], dtype="date32[pyarrow]", name="stay"),
}


@pytest.mark.parametrize("name", TIMES)
def test_dates_and_durations_are_no_targets(name: str) -> None:
    """As numbers they depend on the unit of their storage, which a file or a version sets."""
    y = TIMES[name]
    who = "y" if isinstance(y, list | np.ndarray) else "Target 'stay'"
    with pytest.raises(ValueError, match=rf"^{who} holds dates or durations; give numbers \("):
        read_targets(y)


def test_dates_and_durations_may_be_declared_classes() -> None:
    days = pd.Series([date(2020, 3, 1), None, date(2020, 2, 1)], dtype="category")
    for y in (days, DURATIONS.astype("category")):
        targets = read_targets(y)
        assert targets.declared_categorical == [True]
        _assert_labels(targets.columns[0], [v if v == v else None for v in y.astype(object)])


@pytest.mark.parametrize("gap", [None, Decimal("NaN"), Decimal("0.5")], ids=["None", "NaN", "none"])
def test_decimals_are_numbers(gap: Any) -> None:
    (column,) = read_targets([Decimal("1.25"), gap, Decimal(3)]).columns
    middle = np.nan if gap is None or gap.is_nan() else 0.5
    np.testing.assert_array_equal(column, [1.25, middle, 3.0])
    assert column.dtype == np.float64


@pytest.mark.parametrize("dtype", ["int64", "int8", "bool", "float64", "<U3"])
def test_labels_in_the_dtype_they_were_given_in(dtype: str) -> None:
    """Whatever was hidden meanwhile, as long as those are not asked for."""
    given = np.array([[0, 1], [1, 1], [1, 0]]).astype(dtype)
    hidden = np.array([[True, False], [False, False], [False, True]])
    targets = read_targets(given).hide(hidden).take(np.array([2, 1, 0]))
    rows = np.array([True, True, False])
    assert targets.labels(0, rows).dtype.kind == given.dtype.kind
    np.testing.assert_array_equal(targets.labels(0, rows), given[[2, 1], 0])
    assert missing(targets.labels(1, rows)).tolist() == [True, False]


WEIGHTS = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 0.0]])
TURNED = pd.DataFrame(WEIGHTS[:, ::-1], columns=["b", "a"])


def test_weights_of_targets_by_name() -> None:
    by_name = {"pandas": TURNED, "polars": pl.from_pandas(TURNED)}
    for table in by_name.values():
        np.testing.assert_array_equal(weights_by_target(table, ["a", "b"]), WEIGHTS)
    for given in (WEIGHTS, WEIGHTS.tolist(), pd.DataFrame(WEIGHTS)):
        np.testing.assert_array_equal(weights_by_target(given, ["a", "b"]), WEIGHTS)
    np.testing.assert_array_equal(weights_by_target(TURNED, ["y0", "y1"]), WEIGHTS[:, ::-1])
    np.testing.assert_array_equal(weights_by_target(TURNED["a"], ["a", "b"]), WEIGHTS[:, 0])


@pytest.mark.parametrize("names", [[0, 1], [7, 3], ["7", 3], [("a", 7), ("a", 3)]])
def test_weights_of_targets_whose_names_are_no_text(names: list) -> None:
    frame = pd.DataFrame(WEIGHTS)
    frame.columns = pd.Index(names, tupleize_cols=False)
    targets = read_targets(frame).names
    for order in ([0, 1], [1, 0]):
        np.testing.assert_array_equal(weights_by_target(frame.iloc[:, order], targets), WEIGHTS)


def test_weights_without_names_go_by_position() -> None:
    for names in (["1", "0"], ["a", "b"]):
        np.testing.assert_array_equal(weights_by_target(pd.DataFrame(WEIGHTS), names), WEIGHTS)


def test_weights_of_other_targets() -> None:
    with pytest.raises(ValueError, match=r"\['b', 'a'\], but y has \['a', 'c'\]"):
        weights_by_target(TURNED, ["a", "c"])
    with pytest.raises(ValueError, match=r"\['5', '2'\], but y has \['5', '3'\]"):
        weights_by_target(TURNED.set_axis([5, 2], axis=1), ["5", "3"])
    with pytest.raises(TypeError, match="dict"):
        weights_by_target({"a": WEIGHTS[:, 0]}, ["a", "b"])
