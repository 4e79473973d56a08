"""The networks themselves, whose predictions the linear stand-in of the other tests imitates."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as skm
from sklearn.metrics._scorer import _cached_call
from sklearn.model_selection import KFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_ple.architectures.ple import PLEClassifier, PLEClassifierRegressor, PLERegressor
from sklearn_ple.metrics import multitask_scorers, task_scorer

SMALL = {"max_epochs": 3, "expert_widths": (7,), "batch_size": 32, "random_state": 0}


def test_a_mixed_network_scores_as_its_frame_of_predictions_does(X, y) -> None:
    model = PLEClassifierRegressor(**SMALL).fit(X, y)
    predicted = model.predict_frame(X)
    click, hours, income = (y[name].notna() for name in ("click", "hours", "income"))
    scores = {name: s(model, X, y) for name, s in multitask_scorers(model).items()}
    assert scores["click_roc_auc"] == pytest.approx(
        skm.roc_auc_score(y["click"][click], predicted["click=1.0"][click])
    )
    assert scores["hours_r2"] == pytest.approx(
        skm.r2_score(y["hours"][hours], predicted["hours"][hours])
    )
    truth = np.where(y["income"] == "yes", predicted["income=yes"], predicted["income=no"])
    assert scores["income_neg_log_loss"] == pytest.approx(np.log(truth[income]).mean(), rel=1e-5)
    assert scores["deviance_explained"] == pytest.approx(model.score(X, y))


@pytest.mark.filterwarnings("ignore::sklearn_ple.tasks.TaskInferenceWarning")
def test_cross_validation_of_a_mixed_network_gives_finite_scores(X, y) -> None:
    model = PLEClassifierRegressor(**SMALL)
    result = cross_validate(model, X, y, scoring=multitask_scorers(y), cv=KFold(2))
    for name in multitask_scorers(y):
        assert np.isfinite(result[f"test_{name}"]).all()


def test_a_classifier_of_zeros_and_ones(X, y) -> None:
    targets = pd.DataFrame({"click": y["click"], "long": (y["hours"] > 40).astype(float)})
    model = PLEClassifier(**SMALL).fit(X, targets)
    p = model.predict_proba(X)[1][:, 1]
    expected = skm.roc_auc_score(targets["long"], p)
    assert task_scorer("long", "roc_auc")(model, X, targets) == pytest.approx(expected)
    rows = targets["click"].notna()
    hits = model.predict(X)[rows, 0] == targets["click"][rows]
    assert task_scorer("click", "accuracy")(model, X, targets) == pytest.approx(hits.mean())


def test_a_classifier_of_booleans_and_text(X, y) -> None:
    targets = pd.DataFrame({"income": y["income"], "long": y["hours"] > 40})
    model = PLEClassifier(**SMALL).fit(X, targets)
    scores = {name: s(model, X, targets) for name, s in multitask_scorers(model).items()}
    p = model.predict_proba(X)[1][:, 1]
    assert scores["long_roc_auc"] == pytest.approx(skm.roc_auc_score(targets["long"], p))
    hits = model.predict(X)[:, 1].astype(bool) == targets["long"]
    assert task_scorer("long", "accuracy")(model, X, targets) == pytest.approx(hits.mean())


def test_a_regressor(X, y) -> None:
    targets = y[["hours", "click"]]
    model = PLERegressor(**SMALL).fit(X, targets)
    rows = targets["click"].notna()
    expected = skm.r2_score(targets["click"][rows], model.predict(X)[rows, 1])
    assert task_scorer("click", "r2")(model, X, targets) == pytest.approx(expected)


@pytest.mark.filterwarnings("ignore::sklearn_ple.tasks.TaskInferenceWarning")
def test_scores_by_how_often_each_row_counts_are_those_of_copies(X, y) -> None:
    """The share of deviance explained too, of one task and of all, alone and in a pipeline."""
    network = PLEClassifierRegressor(**SMALL, precision="float64")  # no ties broken by rounding
    model = make_pipeline(StandardScaler(), network).fit(X, y)
    scorers = multitask_scorers(model) | {f"{k}_d2": task_scorer(k, "d2") for k in (0, "hours")}
    rows = np.random.default_rng(5).integers(len(X), size=len(X))
    counts = np.bincount(rows, minlength=len(X)).astype(float)
    for scorer in scorers.values():
        by_counts = scorer.counted(partial(_cached_call, {}), model, X, y)
        expected = [scorer(model, X, y), scorer(model, X[rows], y.iloc[rows])]
        assert [by_counts(np.ones(len(X))), by_counts(counts)] == pytest.approx(expected, rel=1e-9)
    assert np.isnan(by_counts(y["hours"].isna().to_numpy(dtype=float)))


def test_another_estimator_with_score_tasks_counts_by_weights(model, X, y) -> None:
    counts = np.random.default_rng(6).multinomial(len(X), np.full(len(X), 1 / len(X)))
    rows = np.repeat(np.arange(len(X)), counts)
    scorer = task_scorer("hours", "d2")
    by_counts = scorer.counted(partial(_cached_call, {}), model, X, y)
    assert by_counts(counts.astype(float)) == pytest.approx(scorer(model, X[rows], y.iloc[rows]))
