"""A `Predictor` says what the estimator says, to the last bit, however it is asked."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from architecture_walk import ARCHITECTURES, ESTIMATORS, over, small
from asked import (
    ASKED,
    CHAIN,
    X,
    Y,
    assert_same,
    assert_same_answers,
    predictor_of,
    row_of,
    targets_for,
)
from people import make_people

from sklearn_ple import ESMMEstimator, PLEEstimator, PLERegressor, SharedBottomEstimator
from sklearn_ple.base import MultiTaskEstimator
from sklearn_ple.serving import Predictor


@over(ESTIMATORS)
def test_every_estimator(cls, tmp_path: Path) -> None:
    model = small(cls, max_epochs=2).fit(X, targets_for(cls))
    predictor = predictor_of(model, tmp_path)
    assert_same_answers(model, predictor, ASKED)
    for i in (0, 17):
        assert_same_answers(model, predictor, ASKED.iloc[[i]])
        assert_same_answers(model, predictor, ASKED.iloc[[i]], row_of(ASKED, i))


@pytest.mark.parametrize("precision", ["float32", "float64", "bf16-mixed"])
@pytest.mark.parametrize("encoding", ["piecewise_linear", "standard", "quantile"])
@pytest.mark.parametrize("calibrated", [False, True], ids=["plain", "calibrated"])
def test_every_precision_and_encoding(
    precision: str, encoding: str, calibrated: bool, tmp_path: Path
) -> None:
    """At the widths of the defaults, where a processor adds as it does in earnest."""
    settings = {"precision": precision, "numeric_encoding": encoding, "random_state": 0}
    model = PLEEstimator(max_epochs=1, **settings).fit(X, Y)
    if calibrated:
        methods = {"bought": "isotonic", "shade": "isotonic", "spent": "linear"}
        model.calibrate(X, Y, method=methods, thresholds={"bought": 0.4})
    predictor = predictor_of(model, tmp_path)
    assert_same_answers(model, predictor, ASKED)
    for i in range(8):
        assert_same_answers(model, predictor, ASKED.iloc[[i]], row_of(ASKED, i))


@pytest.mark.parametrize("n_rows", [1, 2, 15, 16, 17, 63, 64, 65, 129, 2049])
@pytest.mark.parametrize("cls", [PLEEstimator, SharedBottomEstimator])
def test_any_number_of_rows(cls, n_rows: int, tmp_path: Path) -> None:
    model = cls(max_epochs=1, random_state=0).fit(X, Y)
    frame, _ = make_people(n_rows, seed=2)
    assert_same_answers(model, predictor_of(model, tmp_path), frame)


def test_more_rows_than_are_prepared_at_once(tmp_path: Path) -> None:
    model = small(PLERegressor, max_epochs=1).fit(X, Y["spent"])
    frame, _ = make_people(8_233, seed=3)
    assert_same_answers(model, predictor_of(model, tmp_path), frame)


def test_chains_and_what_corrects_them(tmp_path: Path) -> None:
    model = small(ESMMEstimator, max_epochs=2).fit(X, CHAIN)
    assert_same_answers(model, predictor_of(model, tmp_path), ASKED)
    model.calibrate(X, CHAIN, thresholds=0.4)
    assert_same_answers(model, predictor_of(model, tmp_path), ASKED, ASKED.to_dict("list"))


@pytest.fixture(scope="module")
def both(tmp_path_factory) -> tuple[MultiTaskEstimator, Predictor]:
    model = small(PLEEstimator, max_epochs=2).fit(X, Y)
    return model, predictor_of(model, tmp_path_factory.mktemp("model"))


WAYS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "other order": lambda frame: frame[frame.columns[::-1]],
    "dict of lists": lambda frame: frame.to_dict(orient="list"),
    "dict of arrays": lambda frame: {name: frame[name].to_numpy() for name in frame},
    "dict of columns": lambda frame: dict(frame.items()),
    "objects": lambda frame: frame.astype(object),
}


@pytest.mark.parametrize("way", WAYS)
def test_columns_are_found_by_name(way: str, both) -> None:
    model, predictor = both
    assert_same_answers(model, predictor, ASKED, WAYS[way](ASKED))


def test_the_index_of_a_table_is_kept(both) -> None:
    model, predictor = both
    frame = ASKED.set_index(np.arange(41) * 3)
    assert_same(model.predict_frame(frame), predictor.predict_frame(frame))


@pytest.mark.parametrize("way", ["frame", "dict", "row"])
def test_missing_and_unknown_columns_are_named(way: str, both) -> None:
    _, predictor = both
    asked: Any = ASKED.rename(columns={"age": "agee"})
    asked = {"frame": asked, "dict": asked.to_dict("list"), "row": row_of(asked, 0)}[way]
    with pytest.raises(ValueError, match=r"Missing: \['age'\]; not seen at fit: \['agee'\]"):
        predictor.predict(asked)
    too_many: Any = row_of(ASKED, 0) | {"size": 3}
    with pytest.raises(ValueError, match=r"Missing: \[\]; not seen at fit: \['size'\]"):
        predictor.predict(too_many)


def test_no_row_is_an_error(both) -> None:
    with pytest.raises(ValueError, match="0 sample"):
        both[1].predict(ASKED[:0])


def test_columns_without_names(tmp_path: Path) -> None:
    numbers = X[["age", "visits"]].to_numpy()
    model = small(PLERegressor, max_epochs=1).fit(numbers, Y["spent"])
    predictor = predictor_of(model, tmp_path)
    assert predictor.feature_names is None
    assert_same_answers(model, predictor, numbers)
    assert_same_answers(model, predictor, numbers, numbers.tolist())
    assert_same_answers(model, predictor, numbers, pd.DataFrame(numbers, columns=["a", "b"]))
    with pytest.raises(ValueError, match="without names"):
        predictor.predict({"a": 1.0, "b": 2.0})
    with pytest.raises(ValueError, match="3 features, but fit saw 2"):
        predictor.predict(np.zeros((4, 3)))


def test_what_it_says_of_itself(both) -> None:
    _, predictor = both
    assert predictor.feature_names == ["age", "visits", "city", "plan", "member"]
    assert predictor.n_features == 5
    assert predictor.task_names == ["bought", "spent", "shade"]
    assert {name: c.tolist() for name, c in predictor.classes.items()} == {
        "bought": ["no", "yes"],
        "shade": ["blue", "green", "red"],
    }


def test_regressions_alone_have_no_probabilities(tmp_path: Path) -> None:
    predictor = predictor_of(small(PLERegressor, max_epochs=1).fit(X, Y["spent"]), tmp_path)
    with pytest.raises(AttributeError, match="No task is a classification"):
        predictor.predict_proba(ASKED)


def test_from_many_threads(both) -> None:
    model, predictor = both
    expected = model.predict_frame(ASKED)
    with ThreadPoolExecutor(4) as pool:
        asked = [i % 41 for i in range(60)]
        for i, answer in zip(
            asked, pool.map(lambda i: predictor.predict_frame(row_of(ASKED, i)), asked), strict=True
        ):
            assert_same(expected.iloc[[i]].reset_index(drop=True), answer)


@over(ARCHITECTURES)
def test_few_rows_are_answered_as_among_many(cls, tmp_path: Path) -> None:
    """Default widths: whatever number of rows the predictor finds enough, bits stay."""
    model = cls(max_epochs=1, random_state=0).fit(X, targets_for(cls))
    predictor = predictor_of(model, tmp_path)
    whole = predictor.predict_frame(ASKED)
    for i in range(0, 41, 5):
        part = predictor.predict_frame(ASKED.iloc[i : i + 3])
        assert_same(whole.iloc[i : i + 3], part)
