"""A column that files store in different types is one column, read whole or streamed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from parquet_rows import estimator, source

SIZES = (57, 84)
BUFFERS = {"streamed": 64, "whole": 1_000}
_TEXT = pa.dictionary(pa.int8(), pa.string())

# The type in the first file, that in the second, and what the values are drawn from.
NUMBERS: dict[str, tuple[Any, Any, list, list]] = {
    "int64, double": (pa.int64(), pa.float64(), [1, 2, 9], [0.5, 2.0, None]),
    "double, int64": (pa.float64(), pa.int64(), [0.5, 2.0, None], [1, 2, 9]),
    "int32, int64": (pa.int32(), pa.int64(), [1, 2], [2, 2**40]),
    "int8 with gaps, int64": (pa.int8(), pa.int64(), [1, None, 3], [2, 2**40]),
    "int64, uint64": (pa.int64(), pa.uint64(), [-1, 2], [2, 7]),
    "float, double": (pa.float32(), pa.float64(), [0.25, 2.0], [2.0, 1e40]),
    "half, double": (pa.float16(), pa.float64(), list(np.float16([0.25, 2])), [2.0, 3e7]),
    "nothing, int64": (pa.null(), pa.int64(), [None], [3, 4]),
    "int64, nothing": (pa.int64(), pa.null(), [3, 4], [None]),
}
BOOLEANS: dict[str, tuple[Any, Any, list, list]] = {
    "bool, int64": (pa.bool_(), pa.int64(), [True, False], [0, 5, 7]),
    "int64, bool": (pa.int64(), pa.bool_(), [0, 5, 7], [True, False]),
    "bool with gaps, half": (pa.bool_(), pa.float16(), [True, None], list(np.float16([0, 5]))),
}
TEXTS: dict[str, tuple[Any, Any, list, list]] = {
    "string, large string": (pa.string(), pa.large_string(), ["a", "b"], ["b", "c", None]),
    "string, dictionary": (pa.string(), _TEXT, ["a", "b"], ["b", "c", None]),
    "dictionary, large string": (_TEXT, pa.large_string(), ["a", None], ["b", "c"]),
    "nothing, string": (pa.null(), pa.string(), [None], ["b", "c"]),
    "nothing, dictionary": (pa.null(), _TEXT, [None], ["b", "c"]),
}


def _write(folder: Path, name: str, case: tuple[Any, Any, list, list]) -> Path:
    """Two files in which a column has the two types, beside features and a target of one."""
    *types, first, second = case
    rng = np.random.default_rng(0)
    for i, (n, stored, values) in enumerate(zip(SIZES, types, (first, second), strict=True)):
        column = [values[j] for j in rng.integers(len(values), size=n)]
        other = {"age": rng.normal(size=n), "spent": rng.normal(size=n)}
        plain = pa.array(column, stored.value_type if pa.types.is_dictionary(stored) else stored)
        other[name] = plain.dictionary_encode() if pa.types.is_dictionary(stored) else plain
        pq.write_table(pa.table(other), folder / f"part-{i}.parquet", row_group_size=25)
    return folder


def _fitted(folder: Path, buffer_rows: int, tasks: list[str], **options: Any) -> Any:
    names = {"features": ["age", "x"], "targets": ["spent"]}
    given = {name: options.pop(name, value) for name, value in names.items()}
    rows = source(folder, buffer_rows=buffer_rows, **given)
    return estimator(tasks=tasks, batch_size=sum(SIZES), **options).fit(rows)


def _assert_same(folder: Path, tasks: list[str], **options: Any) -> None:
    streamed, whole = (_fitted(folder, n, tasks, **options.copy()) for n in BUFFERS.values())
    levels = [[v.levels.tolist() for v in m._features.vocabularies] for m in (streamed, whole)]
    assert levels[0] == levels[1]
    for one, other in zip(streamed._features.knots, whole._features.knots, strict=True):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(streamed.tasks_, whole.tasks_, strict=True):
        if one.classes_ is not None:
            assert one.classes_.dtype == other.classes_.dtype
            assert one.classes_.tolist() == other.classes_.tolist()
    frames = []
    for model in (streamed, whole):
        model.predict_to_parquet(source(folder, features=None, targets=None), folder / "answers")
        frames.append(pd.read_parquet(folder / "answers"))
    pd.testing.assert_frame_equal(*frames, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", NUMBERS | BOOLEANS | TEXTS)
def test_a_feature(tmp_path: Path, name: str) -> None:
    case = (NUMBERS | BOOLEANS | TEXTS)[name]
    folder = _write(tmp_path, "x", case)
    _assert_same(folder, ["regression"], features=["age", "x"])


@pytest.mark.parametrize("name", NUMBERS | BOOLEANS)
def test_numbers_that_are_categories(tmp_path: Path, name: str) -> None:
    folder = _write(tmp_path, "x", (NUMBERS | BOOLEANS)[name])
    _assert_same(folder, ["regression"], categorical_features=["x"])


@pytest.mark.parametrize("name", [name for name in NUMBERS if "double" not in name])
def test_labels_that_are_numbers(tmp_path: Path, name: str) -> None:
    folder = _write(tmp_path, "x", NUMBERS[name])
    _assert_same(folder, ["multiclass"], features=["age", "spent"], targets=["x"])


@pytest.mark.parametrize("name", NUMBERS)
def test_quantities_to_predict(tmp_path: Path, name: str) -> None:
    folder = _write(tmp_path, "x", NUMBERS[name])
    _assert_same(folder, ["regression"], features=["age", "spent"], targets=["x"])


@pytest.mark.parametrize("name", TEXTS)
def test_labels_that_are_text(tmp_path: Path, name: str) -> None:
    folder = _write(tmp_path, "x", TEXTS[name])
    _assert_same(folder, ["multiclass"], features=["age", "spent"], targets=["x"])


@pytest.mark.parametrize("buffer_rows", BUFFERS.values(), ids=BUFFERS)
@pytest.mark.parametrize("name", BOOLEANS)
def test_boolean_labels_beside_numbers_are_an_error(
    tmp_path: Path, name: str, buffer_rows: int
) -> None:
    folder = _write(tmp_path, "x", BOOLEANS[name])
    with pytest.raises(ValueError, match=r"part-1.parquet: target 'x' holds .*, but .* in .*-0"):
        _fitted(folder, buffer_rows, ["multiclass"], features=["age"], targets=["x"])


@pytest.mark.parametrize("buffer_rows", BUFFERS.values(), ids=BUFFERS)
def test_booleans_stay_classes_of_their_own(tmp_path: Path, buffer_rows: int) -> None:
    case = pa.bool_(), pa.null(), [True, False, None], [None]
    folder = _write(tmp_path, "x", case)
    model = _fitted(folder, buffer_rows, ["binary"], features=["age"], targets=["x"])
    assert model.tasks_.tasks[0].classes_.tolist() == [False, True]
