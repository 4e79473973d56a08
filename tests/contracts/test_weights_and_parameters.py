"""Weights of rows and labels, and parameters that make no sense."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from architecture_walk import ARCHITECTURES, CLASSIFIERS, ESTIMATORS, over, small
from sklearn.exceptions import NotFittedError
from sklearn.utils._param_validation import InvalidParameterError

from sklearn_ple import PLEClassifier, PLEEstimator, PLERegressor

RNG = np.random.default_rng(0)
X = RNG.normal(size=(131, 3))
SIGNAL = X[:, 0] + 0.1 * RNG.normal(size=131)
Y = np.column_stack([SIGNAL > 0, X[:, 1]])
EXACT = {
    "precision": "float64",
    "dropout": 0.0,
    "batch_size": 1000,
    "lr": 0.01,
    "max_epochs": 5,
    "task_weights": None,
}

BAD_WEIGHTS = {
    "negative": (np.where(np.arange(131) == 3, -1.0, 1.0), "negative, NaN or infinite"),
    "NaN": (np.where(np.arange(131) == 3, np.nan, 1.0), "negative, NaN or infinite"),
    "infinite": (np.where(np.arange(131) == 3, np.inf, 1.0), "negative, NaN or infinite"),
    "all zero": (np.zeros(131), "sample_weight.*zero"),
    "all zero, by task": (np.zeros((131, 2)), "sample_weight.*zero"),
    "too short": (np.ones(130), r"shape \(130,\); expected \(131,\) or \(131, 2\)"),
    "one column": (np.ones((131, 1)), r"shape \(131, 1\)"),
    "one column too many": (np.ones((131, 3)), r"shape \(131, 3\)"),
    "transposed": (np.ones((2, 131)), r"shape \(2, 131\)"),
}


@pytest.mark.parametrize("sort", BAD_WEIGHTS)
@pytest.mark.parametrize("method", ["fit", "partial_fit", "score", "score_tasks"])
def test_senseless_weights(sort: str, method: str) -> None:
    weight, message = BAD_WEIGHTS[sort]
    call = getattr(small(PLEEstimator, max_epochs=1).fit(X, Y), method)
    with pytest.raises(ValueError, match=message):
        call(X, Y, sample_weight=weight)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.ones(60), r"sample_weight_val has shape \(60,\); expected \(20,\)"),
        (np.zeros(20), "All elements of sample_weight_val are zero"),
    ],
)
def test_weights_of_held_out_rows_are_called_so(weight, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        small(PLEEstimator).fit(X, Y, X_val=X[:20], y_val=Y[:20], sample_weight_val=weight)


def test_weights_of_held_out_rows_need_such_rows() -> None:
    with pytest.raises(ValueError, match="sample_weight_val is of X_val and y_val"):
        small(PLEEstimator).fit(X, Y, sample_weight_val=np.ones(131))


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop", torch.optim.NAdam])
def test_automatic_weight_decay_is_for_adamw_which_decouples_it(optimizer) -> None:
    groups = small(PLEEstimator, optimizer=optimizer).fit(X, Y).net_.optimizer_.param_groups
    assert {group["weight_decay"] for group in groups} == {0.0}
    groups = small(PLEEstimator).fit(X, Y).net_.optimizer_.param_groups
    assert max(group["weight_decay"] for group in groups) > 0


@over(CLASSIFIERS)
def test_a_role_score_refuses_labels_that_are_coded_otherwise(cls) -> None:
    labels = (Y[:, 0] > np.median(Y[:, 0])).astype(int)
    model = small(cls, max_epochs=1).fit(X, labels)
    with pytest.raises(ValueError, match=r"label '\d' is not one of the classes seen at fit"):
        model.score(X, labels.astype(str))


@over(CLASSIFIERS)
def test_senseless_weights_of_a_role_score(cls) -> None:
    model = small(cls, max_epochs=1).fit(X, Y[:, 0])
    with pytest.raises(ValueError, match="negative, NaN or infinite"):
        model.score(X, Y[:, 0], sample_weight=-np.ones(131))


def test_a_task_whose_labels_all_weigh_nothing() -> None:
    weight = np.ones((131, 2))
    weight[:, 1] = 0
    with pytest.raises(ValueError, match="'y1' has no label"):
        small(PLEEstimator).fit(X, Y, weight)


@over(CLASSIFIERS)
def test_one_class_left_after_weighting(cls) -> None:
    with pytest.raises(ValueError, match="one class only"):
        small(cls).fit(X, SIGNAL > 0, sample_weight=(SIGNAL > 0).astype(float))


@over(ARCHITECTURES)
def test_rows_without_weight_are_as_if_they_were_not_there(cls) -> None:
    weight = (np.arange(131) % 4 != 1).astype(float)
    noisy = np.where(weight[:, None] > 0, X, 1e6)
    kept = weight > 0
    model = small(cls, dropout=0.2, batch_size=16).fit(noisy, Y, weight)
    expected = small(cls, dropout=0.2, batch_size=16).fit(X[kept], Y[kept])
    np.testing.assert_array_equal(model.predict(X), expected.predict(X))


@over(ARCHITECTURES)
def test_one_column_of_weights_is_the_same_for_every_task(cls) -> None:
    weight = RNG.uniform(0.5, 2, 131)
    one = small(cls).fit(X, Y, weight)
    each = small(cls).fit(X, Y, np.column_stack([weight, weight]))
    np.testing.assert_array_equal(one.predict(X), each.predict(X))
    assert not np.array_equal(one.predict(X), small(cls).fit(X, Y).predict(X))


@over(ARCHITECTURES)
def test_a_label_without_weight_is_as_good_as_missing(cls) -> None:
    """With the mean weight of every row alike, since the scales of X are weighted by it."""
    gone = np.arange(131) % 3 == 0
    weight = np.ones((131, 3))
    weight[gone, 1] = 0
    weight[~gone, 2] = 0
    y = np.column_stack([Y, Y[:, 1]])
    missing = y.copy()
    missing[gone, 1] = missing[~gone, 2] = np.nan
    model = small(cls, **EXACT).fit(X, y, weight)
    expected = small(cls, **EXACT).fit(X, missing)
    np.testing.assert_allclose(model.predict(X), expected.predict(X), rtol=1e-10)


def test_statistics_of_x_use_the_mean_weight_and_those_of_y_each_tasks_own() -> None:
    weight = RNG.uniform(0.1, 3, size=(131, 2))
    y = np.column_stack([SIGNAL, X[:, 1]])
    settings = {"tasks": ["regression", "regression"], "numeric_encoding": "standard"}
    by_task = small(PLEEstimator, **settings).fit(X, y, weight)
    by_row = small(PLEEstimator, **settings).fit(X, y, weight.mean(axis=1))
    for name, values in by_task._prepared(X).items():
        assert torch.equal(values, by_row._prepared(X)[name])
    for k, task in enumerate(by_task.tasks_):
        assert task.mean_ == pytest.approx(np.average(y[:, k], weights=weight[:, k]))


def test_weights_of_any_container() -> None:
    weight = RNG.uniform(0.5, 2, (131, 2))
    expected = small(PLEEstimator).fit(X, Y, weight).predict(X)
    for container in (weight.tolist(), pd.DataFrame(weight), np.asfortranarray(weight)):
        got = small(PLEEstimator).fit(X, Y, container).predict(X)
        np.testing.assert_array_equal(got, expected)


def test_scores_are_weighted_as_rows_are_repeated() -> None:
    weight = RNG.integers(0, 4, 131)
    model = small(PLEEstimator).fit(X, Y)
    expected = model.score_tasks(np.repeat(X, weight, axis=0), np.repeat(Y, weight, axis=0))
    pd.testing.assert_series_equal(model.score_tasks(X, Y, weight), expected)
    each = np.column_stack([weight, np.ones(131)])
    by_task = model.score_tasks(X, Y, each)
    # A score is one less a ratio near one, so it is exact to the digits of one, not to its own.
    assert by_task["y0"] == pytest.approx(expected["y0"], abs=1e-9)
    assert by_task["y1"] == pytest.approx(model.score_tasks(X, Y)["y1"], abs=1e-9)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("batch_size", value) for value in (0, -1, "a", 2.5)],
        *[("max_epochs", value) for value in (0, "many")],
        *[("lr", value) for value in (0.0, -1e-3, "fast")],
        *[("dropout", value) for value in (-0.1, 1.0)],
        *[("validation_fraction", value) for value in (0.0, 1.0)],
        ("patience", 0),
        ("weight_averaging", 1.0),
        ("embedding_dim", 0),
        ("weight_decay", -1.0),
        ("activation", "step"),
        ("optimizer", "newton"),
        ("lr_schedule", "zigzag"),
        ("numeric_encoding", "one-hot"),
        ("precision", "float16"),
        ("device", 0),
        ("early_stopping", "never"),
        ("weighting", "fair"),
        ("tasks", "regression"),
        ("class_weight", "unbalanced"),
        ("random_state", "lucky"),
    ],
)
def test_senseless_parameters(name: str, value: Any) -> None:
    with pytest.raises(InvalidParameterError, match=f"'{name}' parameter of PLEClassifier must be"):
        PLEClassifier(**{name: value}).fit(X, SIGNAL > 0)
    with pytest.raises(InvalidParameterError, match=f"'{name}' parameter of PLEClassifier must be"):
        PLEClassifier(**{name: value}).partial_fit(X, SIGNAL > 0)


@over(ESTIMATORS)
def test_parameters_are_checked_at_fit_and_kept_as_given(cls) -> None:
    model = cls(batch_size=-1, tower_widths=[7])
    assert model.get_params()["tower_widths"] == [7]
    with pytest.raises(InvalidParameterError, match="batch_size"):
        model.fit(X, Y)
    with pytest.raises(TypeError, match="n_wings"):
        cls(n_wings=2)


@pytest.mark.parametrize("device", ["cuda:9", "quantum", "xla", "cpu:7x"])
def test_a_device_that_is_not_here(device: str) -> None:
    with pytest.raises(ValueError, match=rf"device='{device}' is .*there are \['cpu'"):
        small(PLERegressor, device=device).fit(X, Y)


@over(ESTIMATORS)
def test_predict_before_fit(cls) -> None:
    model = small(cls)
    methods = ["predict", "predict_frame", *(["predict_proba"] * hasattr(model, "predict_proba"))]
    for method in methods:
        with pytest.raises(NotFittedError, match="not fitted yet"):
            getattr(model, method)(X)
    for method in ("score", "score_tasks"):
        with pytest.raises(NotFittedError, match="not fitted yet"):
            getattr(model, method)(X, Y)


@pytest.mark.parametrize("scale", [1e-50, 1e39, 2.0**-20])
def test_only_ratios_of_weights_matter(scale: float) -> None:
    """In float32, too, which ends long before."""
    weight = RNG.uniform(0.5, 2, size=(131, 2))
    model, scaled = (
        PLEEstimator(expert_widths=(5,), tower_widths=(), max_epochs=4, random_state=0).fit(
            X, Y, sample_weight=each, X_val=X[:37], y_val=Y[:37], sample_weight_val=each[:37]
        )
        for each in (weight, scale * weight)
    )
    np.testing.assert_allclose(scaled.predict(X), model.predict(X), rtol=1e-5)
    assert scaled.history_["score"].tolist() == pytest.approx(model.history_["score"], abs=1e-5)


@pytest.mark.parametrize("dtype", ["int64", "bool", "<U5"])
def test_a_label_without_weight_leaves_classes_in_their_dtype(dtype: str) -> None:
    labels = np.column_stack([SIGNAL > 0, X[:, 1] > 0]).astype(dtype)
    weight = np.ones((131, 2))
    weight[3, 0] = 0
    model = PLEClassifier(expert_widths=(5,), tower_widths=(), max_epochs=1, random_state=0)
    model.fit(X, labels, sample_weight=weight)
    assert {each.dtype.kind for each in model.classes_} == {labels.dtype.kind}
    assert model.predict(X).dtype.kind == labels.dtype.kind
