"""Pipelines, cross-validation and searches on real data: mixed kinds, labels missing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn
from architecture_walk import MIXED, over, small
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.impute import SimpleImputer
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    RandomizedSearchCV,
    cross_val_predict,
    cross_validate,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from sklearn_ple import PLEClassifierRegressor, load_census_income
from sklearn_ple.metrics import multitask_scorers, task_scorer

SETTINGS = {"batch_size": 64, "max_epochs": 6, "lr": 0.01, "dropout": 0.1}
FOLDS = KFold(3, shuffle=True, random_state=0)

Data = tuple[pd.DataFrame, pd.DataFrame]


@pytest.fixture(scope="module")
def census() -> Data:
    """600 rows of the shipped sample; a third task, partly unlabelled, is a number."""
    X, y = load_census_income(return_X_y=True)
    rows = np.random.default_rng(0).permutation(len(X))[:600]
    X, y = X.iloc[rows].reset_index(drop=True), y.iloc[rows].reset_index(drop=True).astype(float)
    worked = X.pop("weeks_worked").astype(float)
    y["weeks"] = worked.where(X["age"] >= 15)
    y.loc[::4, "income"] = np.nan
    return X, y


@pytest.fixture(scope="module")
def adult(real_data: Callable[[str], Path]) -> Data:
    """900 rows of Adult: a binary, a six-class and a numeric task, each partly unlabelled."""
    table = pd.read_parquet(real_data("adult_mixed") / "train.parquet")
    table = table.sample(900, random_state=0).reset_index(drop=True)
    y = table[["income_gt_50k", "marital-status", "hours-per-week"]].astype(object)
    y = y.mask(y == "Married-AF-spouse")  # too rare to be in the training part of every fold
    X = table.drop(columns=[*y, "fnlwgt", "relationship", "income"], errors="ignore")
    y = y.mask(np.random.default_rng(1).random(y.shape) < [0.3, 0.1, 0.2])
    return X, y.astype({"income_gt_50k": float, "hours-per-week": float})


def model(**changes: Any) -> PLEClassifierRegressor:
    return small(PLEClassifierRegressor, **SETTINGS | changes)


def preparation(output: str) -> ColumnTransformer:
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    words = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return ColumnTransformer(
        [
            ("numbers", numbers, make_column_selector(dtype_include="number")),
            ("words", words, make_column_selector(dtype_exclude="number")),
        ]
    ).set_output(transform=output)


@pytest.mark.parametrize("output", ["default", "pandas", "polars"])
def test_behind_a_column_transformer(census: Data, output: str) -> None:
    X, y = census
    pipeline = Pipeline([("prepare", preparation(output)), ("net", model())]).fit(X[:400], y[:400])
    assert pipeline.score(X[400:], y[400:]) > 0.1
    frame = pipeline[-1].predict_frame(pipeline[:-1].transform(X[400:]))
    np.testing.assert_array_equal(frame["weeks"], pipeline.predict(X[400:])[:, 2])
    assert [None if p is None else p.shape for p in pipeline.predict_proba(X[400:])] == [
        (200, 2),
        (200, 2),
        None,
    ]
    if output != "default":
        names = pipeline[:-1].get_feature_names_out()
        assert pipeline[-1].feature_names_in_.tolist() == names.tolist()


def test_categories_pass_through_a_column_transformer(census: Data) -> None:
    """With pandas output, dtypes survive, and so does what is a category."""
    X, y = census
    scale = ("scale", StandardScaler(), make_column_selector(dtype_include="number"))
    prepare = ColumnTransformer([scale], remainder="passthrough", verbose_feature_names_out=False)
    pipeline = make_pipeline(prepare.set_output(transform="pandas"), model()).fit(X, y)
    categorical = pipeline[-1]._features.categorical
    names = pipeline[-1].feature_names_in_[categorical].tolist()
    assert names == [name for name in X if X[name].dtype == "category"]


@over(MIXED)
def test_cross_validate_by_the_estimators_own_score(cls, census: Data) -> None:
    X, y = census
    result = cross_validate(small(cls, **SETTINGS), X, y, cv=FOLDS, return_estimator=True)
    for estimator, score, (_, test) in zip(
        result["estimator"], result["test_score"], FOLDS.split(X), strict=True
    ):
        assert score == pytest.approx(estimator.score(X.iloc[test], y.iloc[test]))
        assert score > 0.15


def test_cross_validate_by_scorers_of_each_task(adult: Data) -> None:
    X, y = adult
    kinds = {"income_gt_50k": "binary"}
    scorers = multitask_scorers(y, tasks=kinds)
    result = cross_validate(model(tasks=kinds), X, y, cv=FOLDS, scoring=scorers)
    assert result["test_income_gt_50k_roc_auc"].min() > 0.7
    assert result["test_marital-status_neg_log_loss"].min() > -1.4
    assert result["test_hours-per-week_r2"].mean() > 0
    assert result["test_deviance_explained"].min() > 0


def test_a_grid_search_with_missing_labels_and_mixed_kinds(adult: Data) -> None:
    X, y = adult
    grid = [{"lr": [1e-6]}, {"lr": [0.01], "n_shared_experts": [1, 2]}]
    search = GridSearchCV(
        model(tasks={"income_gt_50k": "binary"}),
        grid,
        cv=FOLDS,
        scoring=multitask_scorers(y, tasks={"income_gt_50k": "binary"}),
        refit="deviance_explained",
        error_score="raise",
    ).fit(X, y)
    assert search.best_params_["lr"] == 0.01
    assert [task.kind for task in search.best_estimator_.tasks_] == [
        "binary",
        "multiclass",
        "regression",
    ]
    assert search.predict(X).shape == (900, 3)
    assert search.score(X, y) == pytest.approx(search.best_estimator_.score(X, y))


def test_a_search_through_a_pipeline(census: Data) -> None:
    X, y = census
    pipeline = Pipeline([("keep", FunctionTransformer()), ("net", model())])
    search = RandomizedSearchCV(
        pipeline,
        {"net__tower_widths": [(3,), (5, 3)], "net__dropout": [0.0, 0.2]},
        n_iter=2,
        cv=KFold(2),
        scoring=task_scorer("income", "roc_auc"),
        random_state=0,
        error_score="raise",
    ).fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_out_of_fold_predictions(census: Data) -> None:
    X, y = census
    predicted = cross_val_predict(model(), X, y, cv=FOLDS)
    train, test = next(iter(FOLDS.split(X)))
    expected = model().fit(X.iloc[train], y.iloc[train]).predict(X.iloc[test])
    np.testing.assert_array_equal(predicted[test], expected)


@pytest.mark.parametrize("two_dimensional", [False, True], ids=["by row", "by row and task"])
def test_weights_are_routed_through_a_pipeline_and_a_search(
    census: Data, two_dimensional: bool
) -> None:
    X, y = census
    weight = np.random.default_rng(2).uniform(0.1, 3, size=(600, 3))
    weight = weight if two_dimensional else weight[:, 0]
    with sklearn.config_context(enable_metadata_routing=True):
        net = model(max_epochs=2).set_fit_request(sample_weight=True)
        net.set_score_request(sample_weight=True)
        pipeline = make_pipeline(FunctionTransformer(), net)
        search = GridSearchCV(pipeline, {"pleclassifierregressor__lr": [0.01]}, cv=FOLDS)
        search.fit(X, y, sample_weight=weight)
    scores = []
    for train, test in FOLDS.split(X):
        direct = model(max_epochs=2).fit(X.iloc[train], y.iloc[train], weight[train])
        scores.append(direct.score(X.iloc[test], y.iloc[test], weight[test]))
    assert search.best_score_ == pytest.approx(np.mean(scores))
    refitted = model(max_epochs=2).fit(X, y, weight)
    np.testing.assert_array_equal(search.predict(X), refitted.predict(X))


def test_weights_that_nobody_asked_for_are_an_error(census: Data) -> None:
    X, y = census
    with (
        sklearn.config_context(enable_metadata_routing=True),
        pytest.raises(Exception, match="sample_weight.*not explicitly set"),
    ):
        make_pipeline(FunctionTransformer(), model()).fit(X, y, sample_weight=np.ones(600))


def test_validation_rows_are_routed(census: Data) -> None:
    """`X_val` and kin are metadata too."""
    X, y = census
    with sklearn.config_context(enable_metadata_routing=True):
        net = model(max_epochs=2).set_fit_request(X_val=True, y_val=True)
        pipeline = make_pipeline(FunctionTransformer(), net)
        pipeline.fit(X[:400], y[:400], X_val=X[400:], y_val=y[400:])
    assert "score" in pipeline[-1].history_
