"""Where y's columns come in another order than at fit, weights of labels go with them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from sklearn_ple import SharedBottomRegressor
from sklearn_ple.metrics import task_scorer

N = 173
SMALL: dict[str, Any] = {
    "bottom_widths": (7,),
    "tower_widths": (),
    "numeric_encoding": "standard",
    "batch_size": 59,
    "max_epochs": 3,
    "random_state": 0,
}


@pytest.fixture
def rows() -> tuple[np.ndarray, pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(5)
    X = rng.normal(size=(N, 4))
    Y = pd.DataFrame({"b": X[:, 0] + 1, "a": X[:, 1] ** 2, "c": X[:, 2] - X[:, 3]})
    return X, Y, rng.uniform(0, 3, size=(N, 3))


ORDER = [2, 0, 1]


def test_in_scores(rows: Any) -> None:
    X, Y, weight = rows
    model = SharedBottomRegressor(**SMALL).fit(X, Y)
    straight = model.score_tasks(X, Y, weight)
    turned = model.score_tasks(X, Y.iloc[:, ORDER], weight[:, ORDER])
    pd.testing.assert_series_equal(turned, straight)
    assert model.score(X, Y.iloc[:, ORDER], weight[:, ORDER]) == pytest.approx(
        model.score(X, Y, weight)
    )
    assert not np.allclose(model.score_tasks(X, Y, weight[:, ORDER]), straight)


def test_in_rows_to_stop_by(rows: Any) -> None:
    X, Y, weight = rows
    histories = [
        SharedBottomRegressor(**SMALL)
        .fit(X, Y, X_val=X, y_val=Y.iloc[:, order], sample_weight_val=weight[:, order])
        .history_
        for order in ([0, 1, 2], ORDER)
    ]
    scores = [history.filter(like="score") for history in histories]
    pd.testing.assert_frame_equal(*scores)


def test_in_a_fit_that_goes_on(rows: Any) -> None:
    X, Y, weight = rows
    predictions = []
    for order in ([0, 1, 2], ORDER):
        model = SharedBottomRegressor(**SMALL).partial_fit(X, Y, sample_weight=weight)
        model.partial_fit(X, Y.iloc[:, order], sample_weight=weight[:, order])
        predictions.append(model.predict(X))
    np.testing.assert_array_equal(*predictions)


def test_as_a_table(rows: Any) -> None:
    """Its columns go by their own names, in whatever order."""
    X, Y, weight = rows
    table = pd.DataFrame(weight, columns=Y.columns)
    given = {"array": weight, "table": table, "turned": table.iloc[:, ORDER]}
    models = {
        name: SharedBottomRegressor(**SMALL).fit(X, Y, sample_weight=each)
        for name, each in given.items()
    }
    expected = models["array"].predict(X)
    for name, each in given.items():
        np.testing.assert_array_equal(models[name].predict(X), expected)
        score = models[name].score_tasks(X, Y, each)
        pd.testing.assert_series_equal(score, models["array"].score_tasks(X, Y, weight))


@pytest.mark.parametrize("names", [[0, 1, 2], [2021, 2019, 2020]])
def test_as_a_table_whose_names_are_numbers(rows: Any, names: list[int]) -> None:
    X, Y, weight = rows
    numbered = Y.set_axis(names, axis=1)
    table = pd.DataFrame(weight, columns=names).iloc[:, ORDER]
    model = SharedBottomRegressor(**SMALL).fit(X, numbered, sample_weight=table)
    expected = SharedBottomRegressor(**SMALL).fit(X, Y, sample_weight=weight)
    np.testing.assert_array_equal(model.predict(X), expected.predict(X))
    turned = model.score_tasks(X, numbered.iloc[:, ORDER], table)
    np.testing.assert_allclose(turned, expected.score_tasks(X, Y, weight), rtol=1e-12)


@pytest.mark.parametrize("metric", ["neg_rmse", "r2", "d2"])
def test_in_scorers(rows: Any, metric: str) -> None:
    X, Y, weight = rows
    model = SharedBottomRegressor(**SMALL).fit(X, Y)
    scorer = task_scorer("a", metric)
    straight = scorer(model, X, Y, sample_weight=weight)
    turned = scorer(model, X, Y.iloc[:, ORDER], sample_weight=weight[:, ORDER])
    table = pd.DataFrame(weight, columns=Y.columns).iloc[:, ORDER]
    assert turned == pytest.approx(straight, rel=1e-12)
    assert scorer(model, X, Y, sample_weight=table) == pytest.approx(straight, rel=1e-12)
