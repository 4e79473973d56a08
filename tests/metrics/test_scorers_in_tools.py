"""Scorers in the tools of scikit-learn: validation, searches, importance, routing."""

from __future__ import annotations

import pickle
from collections import Counter

import numpy as np
import pytest
import sklearn
from linear_tasks import LinearTasks, LinearTasksClassifier
from sklearn.base import clone
from sklearn.experimental import enable_halving_search_cv  # noqa: F401  it is how they are had
from sklearn.inspection import permutation_importance
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, KFold, cross_validate

from sklearn_ple.metrics import multitask_scorers, task_scorer


def test_cross_validate_gives_what_each_fold_gives_by_hand(X, y) -> None:
    scorers = multitask_scorers(y)
    result = cross_validate(LinearTasks(), X, y, scoring=scorers, cv=KFold(3))
    for fold, (train, test) in enumerate(KFold(3).split(X)):
        model = LinearTasks().fit(X[train], y.iloc[train])
        for name, scorer in scorers.items():
            expected = scorer(model, X[test], y.iloc[test])
            assert result[f"test_{name}"][fold] == pytest.approx(expected)


def test_all_scorers_share_one_prediction(X, y, calls: Counter[str]) -> None:
    cross_validate(LinearTasks(), X, y, scoring=multitask_scorers(y), cv=KFold(3))
    assert calls == {"predict": 3, "predict_proba": 3}


def test_the_shared_prediction_is_not_the_one_scikit_learn_keeps(X, y) -> None:
    target = y["click"].fillna(0)
    mixed = {
        "theirs": "roc_auc",
        "ours": task_scorer(0, "roc_auc"),
        "theirs_too": "neg_log_loss",
        "ours_too": task_scorer(0, "neg_log_loss"),
    }
    for scoring in (mixed, dict(reversed(mixed.items()))):
        result = cross_validate(LinearTasksClassifier(), X, target, scoring=scoring, cv=3)
        np.testing.assert_allclose(result["test_ours"], result["test_theirs"])
        np.testing.assert_allclose(result["test_ours_too"], result["test_theirs_too"])


@pytest.mark.parametrize("refit", ["deviance_explained", "hours_neg_rmse"])
def test_grid_search_refits_by_name(X, y, refit) -> None:
    search = GridSearchCV(
        LinearTasks(),
        {"C": [1e-4, 1.0]},
        scoring=multitask_scorers(y),
        refit=refit,
        cv=KFold(3),
    ).fit(X, y)
    column = search.cv_results_[f"mean_test_{refit}"]
    assert search.best_score_ == column.max()
    assert search.score(X, y) == multitask_scorers(y)[refit](search, X, y)
    assert search.cv_results_["mean_test_income_neg_log_loss"].argmax() == 1


def test_halving_search(X, y) -> None:
    search = HalvingGridSearchCV(
        LinearTasks(),
        {"C": [1e-4, 1.0]},
        scoring=task_scorer("income", "neg_log_loss"),
        cv=KFold(3),
        min_resources=70,
        random_state=0,
    ).fit(X, y)
    assert search.best_params_ == {"C": 1.0}


def test_permutation_importance_finds_each_tasks_own_feature(model, X, y) -> None:
    result = permutation_importance(
        model, X, y, scoring=multitask_scorers(model), n_repeats=2, random_state=0
    )
    for name, feature in [("income_roc_auc", 0), ("hours_r2", 1), ("colour_neg_log_loss", 2)]:
        assert result[name].importances_mean.argmax() == feature


@pytest.mark.parametrize("two_dimensional", [False, True])
def test_weights_are_routed(X, y, two_dimensional) -> None:
    weight = np.random.default_rng(5).uniform(0.1, 3, size=(len(X), 4))
    weight = weight if two_dimensional else weight[:, 0]
    with sklearn.config_context(enable_metadata_routing=True):
        model = LinearTasks().set_fit_request(sample_weight=True)
        scorers = multitask_scorers(y)
        for scorer in scorers.values():
            scorer.set_score_request(sample_weight=True)
        params = {"sample_weight": weight}
        result = cross_validate(model, X, y, scoring=scorers, cv=KFold(3), params=params)
    train, test = list(KFold(3).split(X))[2]
    fitted = LinearTasks().fit(X[train], y.iloc[train], weight[train])
    for name, scorer in scorers.items():
        expected = scorer(fitted, X[test], y.iloc[test], sample_weight=weight[test])
        assert result[f"test_{name}"][2] == pytest.approx(expected)
        assert expected != pytest.approx(scorer(fitted, X[test], y.iloc[test]))


def test_weights_reach_the_scorers_of_a_search_without_routing(X, y) -> None:
    weight = np.random.default_rng(5).uniform(0.1, 3, size=(len(X), 4))
    search = GridSearchCV(
        LinearTasks(),
        {"C": [1.0]},
        scoring=multitask_scorers(y),
        refit=False,
        cv=KFold(3),
    ).fit(X, y, sample_weight=weight)
    scorer, scores = task_scorer("click", "roc_auc"), []
    for train, test in KFold(3).split(X):
        fitted = LinearTasks().fit(X[train], y.iloc[train], weight[train])
        scores.append(scorer(fitted, X[test], y.iloc[test], sample_weight=weight[test]))
    assert search.cv_results_["mean_test_click_roc_auc"][0] == pytest.approx(np.mean(scores))


def test_weights_not_asked_for_are_an_error_under_routing(model, X, y) -> None:
    with (
        sklearn.config_context(enable_metadata_routing=True),
        pytest.raises(Exception, match="not explicitly set"),
    ):
        cross_validate(
            LinearTasks().set_fit_request(sample_weight=True),
            X,
            y,
            scoring=task_scorer("click", "roc_auc"),
            cv=KFold(3),
            params={"sample_weight": np.ones(len(X))},
        )


def test_scorers_survive_pickling_and_cloning(model, X, y) -> None:
    for scorer in multitask_scorers(model).values():
        again = pickle.loads(pickle.dumps(scorer))
        assert again(model, X, y) == scorer(model, X, y)
        assert repr(clone(scorer, safe=False)) == repr(scorer)
