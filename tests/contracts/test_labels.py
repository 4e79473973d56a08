"""Labels: any sort comes back as it was, and errors name the task."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from architecture_walk import (
    CLASSIFIERS,
    ESTIMATORS,
    MIXED,
    REGRESSORS,
    eager,
    over,
    small,
)

from sklearn_ple import PLEClassifier, PLEClassifierRegressor, PLEEstimator, PLERegressor

RNG = np.random.default_rng(0)
X = RNG.normal(size=(131, 3))
SIGNAL = X[:, 0] + 0.1 * RNG.normal(size=131)
HIGH = (SIGNAL > 0).astype(int)
THIRDS = np.digitize(SIGNAL, [-0.4, 0.4])

LABELS: dict[str, Any] = {
    "-1 and 1": np.array([-1, 1])[HIGH],
    "-1.0 and 1.0": np.array([-1.0, 1.0])[HIGH],
    "float32": np.array([-1.5, 3.0], dtype=np.float32).round()[HIGH],
    "big-endian": np.array([7, 300], dtype=">i4")[HIGH],
    "bool": HIGH.astype(bool),
    "text": np.array(["no", "yes"])[HIGH],
    "text objects": np.array(["no", "yes"], dtype=object)[HIGH],
    "whole numbers with holes": np.array([7, 23, 1000])[THIRDS],
    "negative whole numbers": np.array([-40, -3, 12])[THIRDS],
    "small integers": np.array([0, 2, 5], dtype=np.int8)[THIRDS],
    "three words": np.array(["hi", "lo", "mid"])[THIRDS],
}


@pytest.mark.parametrize(
    ("cls", "sort"),
    [(PLEClassifier, sort) for sort in LABELS] + [(cls, "three words") for cls in CLASSIFIERS],
)
def test_labels_come_back_as_they_were(cls, sort: str) -> None:
    labels = LABELS[sort]
    before = labels.copy()
    model = eager(cls).fit(X, labels)
    predicted = model.predict(X)
    assert predicted.dtype == labels.dtype.newbyteorder("=")
    np.testing.assert_array_equal(model.classes_, np.unique(labels))
    assert np.mean(predicted == labels) > 0.75
    np.testing.assert_array_equal(labels, before)


@pytest.mark.parametrize("sort", LABELS)
def test_labels_beside_a_regression_come_back_in_the_frame(sort: str) -> None:
    y = pd.DataFrame({"label": LABELS[sort], "signal": SIGNAL})
    model = eager(PLEClassifierRegressor, tasks={"label": "classification"}).fit(X, y)
    frame = model.predict_frame(X)
    assert set(frame["label"]) <= set(LABELS[sort].tolist())
    assert np.mean(frame["label"].to_numpy() == LABELS[sort]) > 0.75


@pytest.mark.parametrize("dtype", ["category", "str", "string[pyarrow]", object])
def test_text_labels_of_every_dtype(dtype: Any) -> None:
    expected = small(PLEClassifier).fit(X, LABELS["three words"]).predict(X)
    model = small(PLEClassifier).fit(X, pd.Series(LABELS["three words"], dtype=dtype))
    np.testing.assert_array_equal(model.predict(X), expected)


@over(CLASSIFIERS)
def test_continuous_labels_for_a_classifier(cls) -> None:
    y = pd.DataFrame({"known": HIGH, "signal": SIGNAL})
    with pytest.raises(ValueError, match=r"'signal'.*continuous"):
        small(cls).fit(X, y)


@pytest.mark.parametrize("kind", ["binary", "multiclass", "classification"])
def test_continuous_labels_for_a_task_declared_a_classification(kind: str) -> None:
    with pytest.raises(ValueError, match=r"'y1'.*continuous"):
        small(PLEEstimator, tasks=["binary", kind]).fit(X, np.column_stack([HIGH, SIGNAL]))


@over(ESTIMATORS)
@pytest.mark.parametrize("infinity", [np.inf, -np.inf])
def test_infinite_labels(cls, infinity: float) -> None:
    y = np.column_stack([HIGH, HIGH]).astype(float)
    y[3, 1] = infinity
    with pytest.raises(ValueError, match=r"'y1'.*infinity"):
        small(cls).fit(X, y)


@over(REGRESSORS + MIXED)
@pytest.mark.parametrize("constant", [0.5, -1e9, 1e-9])
def test_a_constant_regression(cls, constant: float) -> None:
    y = np.column_stack([SIGNAL, np.full(131, constant)])
    model = eager(cls, max_epochs=10).fit(X, y)
    predicted = model.predict(X)
    np.testing.assert_allclose(predicted[:, 1], constant, atol=0.3, rtol=1e-6)
    assert np.isfinite(list(model.score_tasks(X, y))).all()
    assert model.score_tasks(X, y)["y0"] > 0.5


@over(REGRESSORS)
def test_tiny_beside_huge_targets(cls) -> None:
    y = np.column_stack([1e12 * (SIGNAL + 5), 1e-3 * SIGNAL, SIGNAL + 1e8])
    model = eager(cls).fit(X, y)
    assert np.isfinite(model.predict(X)).all()
    assert model.score_tasks(X, y).min() > 0.8


@over(ESTIMATORS)
def test_one_dimensional_y_is_the_same_model_as_one_column(cls) -> None:
    flat = small(cls).fit(X, HIGH)
    column = small(cls).fit(X, HIGH[:, None])
    assert flat.predict(X).shape == (131,)
    np.testing.assert_array_equal(column.predict(X), flat.predict(X)[:, None])
    assert flat.score(X, HIGH) == column.score(X, HIGH[:, None])
    if hasattr(flat, "predict_proba"):
        assert isinstance(flat.classes_, np.ndarray)
        assert isinstance(column.classes_, list)
        np.testing.assert_array_equal(column.predict_proba(X)[0], flat.predict_proba(X))
        np.testing.assert_array_equal(column.classes_[0], flat.classes_)


def test_y_of_any_container() -> None:
    expected = small(PLEClassifierRegressor).fit(X, np.column_stack([HIGH, SIGNAL])).predict(X)
    for y in (
        [list(row) for row in zip(HIGH.tolist(), SIGNAL.tolist(), strict=True)],
        np.asfortranarray(np.column_stack([HIGH, SIGNAL])),
        np.column_stack([HIGH, SIGNAL]).astype(object),
        np.column_stack([HIGH, SIGNAL]).astype(">f8"),
        pd.DataFrame(
            {"a": pd.Series(HIGH, dtype="Int64"), "b": pd.Series(SIGNAL, dtype="Float64")}
        ),
    ):
        np.testing.assert_array_equal(small(PLEClassifierRegressor).fit(X, y).predict(X), expected)


@pytest.mark.parametrize("tasks", [["binary"], ["binary", "regression", "regression"]])
def test_another_number_of_targets_than_tasks(tasks: list[str]) -> None:
    with pytest.raises(ValueError, match=f"tasks has {len(tasks)} entries, but y has 2 columns"):
        small(PLEEstimator, tasks=tasks).fit(X, np.column_stack([HIGH, SIGNAL]))


def test_another_number_of_targets_than_at_fit() -> None:
    model = small(PLERegressor).fit(X, np.column_stack([HIGH, SIGNAL]))
    for method in (model.score, model.score_tasks, model.partial_fit):
        with pytest.raises(ValueError, match=r"y has 1 columns.*fitted on 2"):
            method(X, SIGNAL)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.zeros((131, 2, 2)), "1d or 2d array"),
        (np.zeros((131, 0)), "y has 0 columns"),
        (HIGH * 1j, "[Cc]omplex"),
        (pd.DataFrame(np.zeros((131, 2)), columns=["a", "a"]), r"y has duplicated column names"),
        (pd.DataFrame({"when": pd.date_range("2020-01-01", periods=131)}), "'when' holds dates"),
        (pd.DataFrame({"stay": pd.to_timedelta(np.arange(131), "s")}), "'stay' holds dates or dur"),
        (pd.DataFrame({"mix": ["a", 1] * 65 + ["b"]}), "'mix'.*mix types"),
    ],
    ids=["3-D", "no columns", "complex", "duplicated", "dates", "durations", "mixed types"],
)
def test_y_that_is_no_table_of_labels(y: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        small(PLEEstimator).fit(X, y)
