"""Scores on labels of a class that training lacked: finite where they can be, and never flattering.

Such a label is a miss to whatever looks at predictions. Model and baseline gave it no probability,
so its deviance is that of 2.2e-16 for both, as in scikit-learn's log loss.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from architecture_walk import CLASSIFIERS, MIXED, eager, over, small
from people import make_people
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import brier_score_loss, log_loss
from sklearn.model_selection import PredefinedSplit, cross_validate

from sklearn_ple import (
    PLEClassifier,
    PLEClassifierRegressor,
    PLEEstimator,
    multitask_scorers,
    task_scorer,
)

X, Y = make_people(173)
RARE = np.arange(173) % 17 == 3  # 10 rows
NEW = Y.assign(shade=Y["shade"].where(~RARE, "violet"))
KNOWN = Y.assign(shade=Y["shade"].where(~RARE, None))
FLOOR = -np.log(np.finfo(float).eps)
WARNS = pytest.warns(UndefinedMetricWarning, match=r"'shade'.*10 label.*'violet'")


@pytest.fixture(scope="module")
def model() -> PLEClassifierRegressor:
    return eager(PLEClassifierRegressor).fit(X, Y)


def shades(model: PLEClassifierRegressor) -> tuple[np.ndarray, np.ndarray]:
    """Codes, 3 for the unseen class, and probabilities with a column of zeros for it."""
    rows = NEW["shade"].notna()
    codes = NEW["shade"][rows].map({"blue": 0, "green": 1, "red": 2, "violet": 3})
    p = model.predict_proba(X)[2][rows]
    return codes.to_numpy(int), np.column_stack([p, np.zeros(len(p))])


def test_score_tasks_charges_model_and_baseline_alike(model) -> None:
    codes, p = shades(model)
    shares = np.exp(model.tasks_.tasks[2].baseline_)
    surprise = -np.log(np.clip(p[np.arange(len(p)), codes], np.finfo(float).eps, None))
    null = -np.log(np.append(shares / shares.sum(), np.finfo(float).eps))[codes]
    with WARNS:
        found = model.score_tasks(X, NEW)
    assert found["shade"] == pytest.approx(1 - surprise.sum() / null.sum(), rel=1e-6)


@over(MIXED)
def test_it_lowers_that_score_towards_zero_and_no_other(cls) -> None:
    model = eager(cls).fit(X, Y)
    without = model.score_tasks(X, KNOWN)
    with WARNS:
        found = model.score_tasks(X, NEW)
    assert 0 < found["shade"] < without["shade"]
    pd.testing.assert_series_equal(found.drop("shade"), without.drop("shade"))


def test_two_models_rank_as_on_the_other_rows(model) -> None:
    worse = small(PLEClassifierRegressor, max_epochs=1).fit(X, Y)
    assert worse.score_tasks(X, KNOWN)["shade"] < model.score_tasks(X, KNOWN)["shade"]
    with WARNS:
        assert worse.score_tasks(X, NEW)["shade"] < model.score_tasks(X, NEW)["shade"]


def test_labels_without_weight_do_not_count(model) -> None:
    weight = np.ones((173, 3))
    weight[RARE, 2] = 0
    found = model.score_tasks(X, NEW, weight)
    pd.testing.assert_series_equal(found, model.score_tasks(X, KNOWN, weight))


@over(CLASSIFIERS)
def test_accuracy_counts_a_miss(cls) -> None:
    model = small(cls).fit(X, Y["shade"])
    rows = NEW["shade"].notna()
    hits = model.predict(X)[rows] == NEW["shade"][rows]
    assert model.score(X, NEW["shade"]) == pytest.approx(hits.mean())
    assert task_scorer(0, "accuracy")(model, X, NEW["shade"]) == pytest.approx(hits.mean())


def test_scores_of_probabilities(model) -> None:
    codes, p = shades(model)
    labels = [0, 1, 2, 3]
    scores = {}
    for metric in ("neg_log_loss", "neg_brier", "d2_log_loss"):
        with WARNS:
            scores[metric] = task_scorer("shade", metric)(model, X, NEW)
    assert scores["neg_log_loss"] == pytest.approx(-log_loss(codes, p, labels=labels))
    assert scores["neg_log_loss"] < -FLOOR * RARE.sum() / len(codes)
    assert scores["neg_brier"] == pytest.approx(-brier_score_loss(codes, p, labels=labels))
    assert np.isfinite(scores["d2_log_loss"])


@pytest.mark.parametrize("metric", ["roc_auc", "average_precision"])
@pytest.mark.parametrize("task", ["shade", "bought"])
def test_rankings_are_not_defined(model, task: str, metric: str) -> None:
    y = Y.assign(**{task: Y[task].where(~RARE, "violet")})
    with pytest.warns(UndefinedMetricWarning, match=f"'{task}'.*'violet'"):
        assert np.isnan(task_scorer(task, metric)(model, X, y))


def test_a_third_class_of_a_binary_task_keeps_the_scale_of_brier(model) -> None:
    """scikit-learn halves the score of two classes only; the scale must not jump."""
    y = Y.assign(bought=Y["bought"].where(~RARE, "maybe"))
    rows = y["bought"].notna()
    one_hot = np.array(["no", "yes", "maybe"]) == y["bought"][rows].to_numpy()[:, None]
    p = np.column_stack([model.predict_proba(X)[0][rows], np.zeros(rows.sum())])
    with pytest.warns(UndefinedMetricWarning, match="'bought'.*'maybe'"):
        found = task_scorer("bought", "brier")(model, X, y)
    assert found == pytest.approx(-((p - one_hot) ** 2).sum(axis=1).mean() / 2)


def test_cross_validation_with_a_class_in_one_fold_only_is_finite() -> None:
    """The class is missing where that fold is left out; the other fold scores as ever."""
    scorers = multitask_scorers(NEW, metrics={"shade": ["neg_log_loss", "accuracy"]})
    with pytest.warns(UndefinedMetricWarning, match="'violet'"):
        result = cross_validate(
            small(PLEEstimator),
            X,
            NEW,
            cv=PredefinedSplit(np.where(RARE, 0, np.arange(173) % 2)),
            scoring=scorers,
            error_score="raise",
        )
    for name in scorers:
        assert np.isfinite(result[f"test_{name}"]).all()


@pytest.mark.parametrize("coding", [[0, 1, 2], ["Blue", "Green", "Red"]], ids=["codes", "case"])
def test_labels_of_which_none_is_known_are_coded_otherwise(model, coding: list) -> None:
    y = Y.assign(shade=Y["shade"].map(dict(zip(["blue", "green", "red"], coding, strict=True))))
    with pytest.raises(ValueError, match="'shade': label .* is not one of the classes"):
        model.score(X, y)
    with pytest.raises(ValueError, match="'shade': label .* is not one of the classes"):
        task_scorer("shade", "neg_log_loss")(model, X, y)


def test_training_and_stopping_still_refuse_them() -> None:
    with pytest.raises(ValueError, match="'shade': label 'violet' is not one of the classes"):
        small(PLEClassifierRegressor).fit(X, KNOWN, X_val=X, y_val=NEW)
    with pytest.raises(ValueError, match="label 'violet' is not one of the classes"):
        small(PLEClassifier).fit(X, KNOWN["shade"]).partial_fit(X, NEW["shade"])
