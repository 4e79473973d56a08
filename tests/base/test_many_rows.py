"""Answers for many rows: chunk by chunk, in bounded memory, and the same for a row anywhere."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch
from architecture_walk import small
from people import make_people
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_ple import PLEClassifier, PLEClassifierRegressor, PLERegressor
from sklearn_ple.base import reader
from sklearn_ple.base.answers.gathering import RowParts
from sklearn_ple.nn.feature_encoder import CategoryTable, KnotTable
from sklearn_ple.tables import row_slicer

X, Y = make_people(311)
Y["calls"] = np.random.default_rng(3).poisson(2.0, 311)
MANY, _ = make_people(1500, seed=4)
COUNTS = {"calls": "count"}
METHODS = ["predict", "predict_proba", "predict_frame"]


@pytest.fixture(scope="module")
def model() -> PLEClassifierRegressor:
    return small(PLEClassifierRegressor, tasks=COUNTS).fit(X, Y)


@pytest.fixture
def short_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_ROWS_CPU", 128)


def assert_same(one: Any, other: Any) -> None:
    if isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(one, other, check_exact=True)
    elif isinstance(one, list):
        for mine, theirs in zip(one, other, strict=True):
            assert_same(mine, theirs)
    else:
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("method", METHODS)
def test_chunks_make_no_difference(method: str, model, monkeypatch) -> None:
    whole = getattr(model, method)(MANY)
    monkeypatch.setattr(reader, "_ROWS_CPU", 128)
    assert_same(getattr(model, method)(MANY), whole)


@pytest.mark.parametrize("promise", [PLEClassifier, PLERegressor])
def test_chunks_make_no_difference_to_tables_of_one_kind(promise, monkeypatch) -> None:
    columns = ["bought", "shade"] if promise is PLEClassifier else ["spent", "calls"]
    fitted = small(promise).fit(X, Y[columns])
    whole, view = fitted.predict(MANY), fitted.task_view(columns[1]).predict(MANY)
    monkeypatch.setattr(reader, "_ROWS_CPU", 128)
    assert_same(fitted.predict(MANY), whole)
    assert fitted.predict(MANY).dtype == whole.dtype
    assert_same(fitted.task_view(columns[1]).predict(MANY), view)


def test_chunks_make_no_difference_to_a_calibrated_model(monkeypatch) -> None:
    fitted = small(PLEClassifierRegressor, tasks=COUNTS).fit(X[:200], Y[:200])
    fitted.calibrate(X[200:], Y[200:], thresholds=0.3)
    whole, score = fitted.predict_frame(MANY), fitted.score(X, Y)
    monkeypatch.setattr(reader, "_ROWS_CPU", 128)
    assert_same(fitted.predict_frame(MANY), whole)
    assert fitted.score(X, Y) == score


@pytest.mark.parametrize("method", METHODS)
def test_tables_of_embeddings_are_made_once_a_call(method: str, model, monkeypatch) -> None:
    expected = getattr(model, method)(MANY)
    monkeypatch.setattr(reader, "_ROWS_FEW", 100)
    monkeypatch.setattr(reader, "_ROWS_CPU", 128)
    made: list[type] = []
    for table in (KnotTable, CategoryTable):
        real = table.table
        monkeypatch.setattr(table, "table", lambda self, r=real: made.append(type(self)) or r(self))
    assert_same(getattr(model, method)(MANY), expected)
    assert sorted(each.__name__ for each in made) == ["CategoryTable", "KnotTable"]
    assert isinstance(model.module_.encoder.knots, KnotTable)


@pytest.mark.parametrize("place", [0, 1, 63, 64, 700, 1499])
def test_a_row_alone_is_answered_as_among_others(place: int, model) -> None:
    whole = model.predict_frame(MANY)
    alone = model.predict_frame(MANY[place : place + 1])
    assert_same(alone, whole[place : place + 1])


def test_probabilities_of_a_row_have_the_same_bits_in_any_chunk(model) -> None:
    """torch computes the last few numbers of an array in another way than the others."""
    raw = torch.randn(700, model.tasks_.n_raw, generator=torch.Generator().manual_seed(0))
    whole = model.tasks_.activate(raw)
    for size in (1, 3, 97):
        for start in range(0, 700 - size, size):
            parts = model.tasks_.activate(raw[start : start + size])
            for mine, theirs in zip(parts, whole, strict=True):
                np.testing.assert_array_equal(mine, theirs[start : start + size])


TABLES: dict[str, Callable[[pd.DataFrame], Any]] = {
    "pandas": lambda frame: frame,
    "polars": pl.from_pandas,
    "arrow": pa.Table.from_pandas,
    "objects": lambda frame: frame.to_numpy(dtype=object),
}


@pytest.mark.parametrize("make", TABLES.values(), ids=TABLES)
def test_tables_are_sliced_without_being_read(make) -> None:
    take = row_slicer(make(MANY))
    assert take is not None
    part = take(slice(37, 41))
    assert type(part) is type(make(MANY))
    assert len(part) == 4
    values = part[:, 1] if isinstance(part, np.ndarray) else pd.Series(part["visits"])
    assert [int(value) for value in values] == MANY["visits"][37:41].tolist()


@pytest.mark.parametrize("make", TABLES.values(), ids=TABLES)
def test_every_table_is_answered_in_chunks(make, model, short_chunks) -> None:
    named = make is not TABLES["objects"]
    fitted = model if named else small(PLEClassifierRegressor, tasks=COUNTS).fit(make(X), Y)
    expected = np.concatenate(
        [fitted.predict(make(MANY[start : start + 100])) for start in range(0, 1500, 100)]
    )
    assert_same(fitted.predict(make(MANY)), expected)


def test_lists_are_answered_in_chunks(short_chunks) -> None:
    numbers = np.random.default_rng(5).normal(size=(300, 3))
    fitted = small(PLERegressor).fit(numbers, numbers[:, :2])
    assert_same(fitted.predict(numbers.tolist()), fitted.predict(numbers))


@pytest.mark.parametrize("method", METHODS)
def test_a_bad_row_in_a_later_chunk_is_named(method: str, model, short_chunks) -> None:
    bad = MANY.assign(visits=MANY["visits"].astype(float))
    bad.loc[1400, "visits"] = np.inf
    with pytest.raises(ValueError, match="'visits'"):
        getattr(model, method)(bad)


@pytest.mark.parametrize("method", METHODS)
def test_progress_counts_rows_and_changes_nothing(method: str, model, short_chunks, capsys) -> None:
    silent = getattr(model, method)(MANY)
    assert capsys.readouterr().err == ""
    assert_same(getattr(model, method)(MANY, progress=True), silent)
    shown = capsys.readouterr().err
    assert "PLEClassifierRegressor: 100%" in shown
    assert "1.50k/1.50k" in shown


def test_progress_passes_through_a_pipeline(capsys) -> None:
    numbers = np.random.default_rng(6).normal(size=(41, 3))
    steps = make_pipeline(StandardScaler(), small(PLERegressor, max_epochs=1))
    steps.fit(numbers, numbers[:, :2])
    steps.predict(numbers, progress=True)
    assert "41.0/41.0" in capsys.readouterr().err


def above_inputs_and_outputs(call: Callable[[], Any], n_bytes: Callable[[Any], int]) -> int:
    """Bytes that were held at the peak of a call, less those of its answer."""
    tracemalloc.start()
    try:
        answer = call()
        return tracemalloc.get_traced_memory()[1] - n_bytes(answer)
    finally:
        tracemalloc.stop()


def size(answer: Any) -> int:
    if isinstance(answer, pd.DataFrame):
        return int(answer.memory_usage(index=False).sum())
    arrays = answer if isinstance(answer, list) else [answer]
    return sum(each.nbytes for each in arrays if each is not None)


@pytest.mark.parametrize("method", METHODS)
def test_memory_does_not_grow_with_the_rows(method: str) -> None:
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(60_000, 4)).astype(np.float32)
    labels = np.column_stack([numbers[:300, 0] > 0, numbers[:300, 1]])
    fitted = small(PLEClassifierRegressor, max_epochs=1).fit(numbers[:300], labels)
    call = getattr(fitted, method)
    call(numbers[:9000])
    few, many = (
        above_inputs_and_outputs(lambda n=n: call(numbers[:n]), size) for n in (20_000, 60_000)
    )
    assert many - few < 40_000 * 1  # less than a byte a row more


def parts(*lengths: int) -> Iterator[torch.Tensor]:
    yield from torch.arange(float(sum(lengths)))[:, None].split(list(lengths))


def test_texts_of_a_later_chunk_are_not_cut() -> None:
    def answer(raw: torch.Tensor) -> list[np.ndarray]:
        return [np.array(["a" * (1 + int(row)) for row in raw[:, 0]])]

    gathered = RowParts(5, parts(2, 3)).gather(answer)[0]
    assert gathered.tolist() == ["a", "aa", "aaa", "aaaa", "aaaaa"]


def test_whole_numbers_become_real_where_a_later_chunk_has_gaps() -> None:
    def answer(raw: torch.Tensor) -> list[np.ndarray]:
        values = raw[:, 0].numpy()
        return [values.astype(int) if values.max() < 2 else np.append(values[:-1], np.nan)]

    gathered = RowParts(5, parts(2, 3)).gather(answer)[0]
    np.testing.assert_array_equal(gathered, [0, 1, 2, 3, np.nan])
