"""Rows that were encoded before are not encoded again, and nothing else comes out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd
import pytest
from architecture_walk import small
from people import make_people

from sklearn_ple import SharedBottomEstimator
from sklearn_ple.base.fit.encoding import (
    EncodingMemory,
    learn_features,
    prepare_rows,
    remembering,
)
from sklearn_ple.features import FeatureTable, read_columns

OPTIONS: dict[str, Any] = {
    "categorical": [2, 3],
    "encoding": "piecewise_linear",
    "n_quantile_knots": 7,
    "n_distinct_knots": 11,
}


def people(n: int = 40, seed: int = 0) -> pd.DataFrame:
    return make_people(n, seed)[0]


def learn(X: pd.DataFrame, weight: Any = None, **changes: Any) -> FeatureTable:
    weight = np.ones(len(X)) if weight is None else weight
    return learn_features(read_columns(X), weight, **OPTIONS | changes)


def test_the_same_rows_are_learned_and_prepared_once() -> None:
    memory, X = EncodingMemory(), people()
    with remembering(memory):
        table = learn(X)
        rows = prepare_rows(table, read_columns(X), np.float32)
        assert learn(X.copy()) is table
        assert prepare_rows(table, read_columns(X.copy()), np.float32) is rows
    assert memory.n_made == 2


@pytest.mark.parametrize(
    "other",
    [
        lambda X: learn(X, np.arange(1.0, 41.0)),
        lambda X: learn(X, encoding="standard"),
        lambda X: learn(X, n_distinct_knots=13),
        lambda X: learn(X, categorical=[2, 3, 4]),
        lambda X: learn(X.assign(age=X["age"] + 1)),
        lambda X: learn(X[:-1]),
        lambda X: learn(X.assign(city=X["city"].cat.rename_categories(str.upper))),
        lambda X: learn(X.rename(columns={"age": "years"})),
    ],
    ids=["weights", "encoding", "knots", "categories", "a value", "a row less", "levels", "names"],
)
def test_what_differs_is_learned_anew(other: Any) -> None:
    memory, X = EncodingMemory(), people()
    with remembering(memory):
        assert other(X) is not learn(X)
    assert memory.n_made == 2


def test_other_rows_and_precisions_are_prepared_anew() -> None:
    memory, X = EncodingMemory(), people()
    with remembering(memory):
        table = learn(X)
        single = prepare_rows(table, read_columns(X), np.float32)["numbers"]
        double = prepare_rows(table, read_columns(X), np.float64)["numbers"]
        part = prepare_rows(table, read_columns(X[:9]), np.float32)["numbers"]
    assert (single.dtype, double.dtype, len(part)) == (np.float32, np.float64, 9)


def test_outside_of_the_context_nothing_is_remembered() -> None:
    memory, X = EncodingMemory(), people()
    with remembering(memory):
        inside = learn(X)
    assert learn(X) is not inside
    assert memory.n_made == 1


def test_a_table_from_elsewhere_is_used_as_it_is() -> None:
    memory, X = EncodingMemory(), people()
    table = learn(X)
    with remembering(memory):
        rows = prepare_rows(table, read_columns(X), np.float32)
    np.testing.assert_array_equal(rows["numbers"], table.prepare(read_columns(X))["numbers"])
    assert memory.n_made == 0


@pytest.mark.parametrize("encoding", ["piecewise_linear", "standard", "quantile"])
def test_a_fit_is_the_same_with_what_an_earlier_one_encoded(encoding: str) -> None:
    X, y = make_people(90)
    y = y[["bought", "spent"]]
    model = small(
        SharedBottomEstimator,
        numeric_encoding=encoding,
        early_stopping=True,
        validation_fraction=0.3,
    )
    expected = model.fit(X, y).predict_frame(X)
    memory = EncodingMemory()
    with remembering(memory):
        model.set_params(lr=0.05).fit(X, y).predict_frame(X)
        made = memory.n_made
        again = model.set_params(lr="auto").fit(X, y).predict_frame(X)
    assert made >= 4  # what was learned; the rows to train on, those held out, those to predict
    assert memory.n_made == made
    assert again.equals(expected)


def test_what_was_not_asked_for_longest_is_forgotten() -> None:
    X = people()
    with remembering(EncodingMemory()):
        size = sum(
            each.nbytes for each in prepare_rows(learn(X), read_columns(X), np.float32).values()
        )
    memory = EncodingMemory(max_bytes=2 * size)
    with remembering(memory):
        table = learn(X)

        def prepare(seed: int) -> dict[str, Any]:
            return prepare_rows(table, read_columns(people(seed=seed)), np.float32)

        first, second = prepare(1), prepare(2)
        learn(X)
        assert prepare(1) is first
        prepare(3)  # of three, the second was not asked for longest
        assert prepare(1) is first
        assert prepare(2) is not second


def test_threads_share_a_memory_and_not_a_context() -> None:
    memory, X = EncodingMemory(), people()

    def work(inside: bool) -> FeatureTable:
        if not inside:
            return learn(X)
        with remembering(memory):
            return learn(X)

    first = work(True)
    with remembering(memory), ThreadPoolExecutor(3) as pool:
        tables = list(pool.map(work, [True, False, True, True, False]))
    assert [table is first for table in tables] == [True, False, True, True, False]
    assert memory.n_made == 1
