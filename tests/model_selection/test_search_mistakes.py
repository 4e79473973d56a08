"""A mistake is an error before the first trial; what fails in one trial fails that one alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import optuna
import pandas as pd
import pytest
from architecture_walk import small
from searched import SPACE, net, people, search
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.utils._param_validation import InvalidParameterError

from sklearn_ple import (
    SharedBottomClassifier,
    SharedBottomRegressor,
    SparseFoldWarning,
    task_scorer,
)
from sklearn_ple.model_selection import MultiTaskSearchCV, optuna_objective
from sklearn_ple.training import EpochReport


@pytest.fixture(scope="module")
def data() -> Any:
    return people(110)


def numbers(n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, 5)), rng.normal(size=(n, 2))


CONTINUOUS = {"tasks": {"spent": "binary"}}
MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "a scorer of no task": ({"scoring": "paid_roc_auc"}, "scoring names the tasks \\['paid'\\]"),
    "a scorer of no metric": ({"scoring": "bought_luck"}, "'bought_luck' is no metric"),
    "a scorer object of no task": ({"scoring": task_scorer("paid", "r2")}, "'paid'"),
    "a scorer of one target": ({"scoring": "roc_auc"}, "such as 'bought_roc_auc'"),
    "a scorer of one target among others": (
        {"scoring": {"a": "bought_roc_auc", "b": "accuracy"}, "refit": "a"},
        "'accuracy' is scikit-learn's",
    ),
    "an unknown parameter": ({"space": {"rate": [1]}}, "'rate'"),
    "a range as a pair": ({"space": {"lr": [(1e-4, 1e-2)]}}, "FloatDistribution"),
    "a value not allowed": ({"space": {"lr": [-1.0]}}, "'lr' parameter"),
    "a kind that labels do not fit": ({"estimator": net(**CONTINUOUS)}, "'spent'"),
    "a task that y lacks": ({"estimator": net(tasks={"paid": "binary"})}, "'paid'"),
    "more folds than rows": ({"cv": 111}, "cv=111 folds need as many rows, but there are 110"),
    "a single fold": ({"cv": 1}, "Got 1 instead"),
    "no folds": ({"cv": []}, "no fold"),
    "metrics without a choice": ({"scoring": ["bought_roc_auc", "spent_r2"]}, "name the one"),
    "metrics without that one": (
        {"scoring": ["bought_roc_auc", "spent_r2"], "refit": "shade_accuracy"},
        "name the one",
    ),
    "a metric twice": ({"scoring": ["spent_r2", "spent_r2"]}, "different metrics"),
    "no end": ({"n_trials": None}, "never end"),
    "no trial": ({"n_trials": 0}, "n_trials"),
    "workers that can't see each other": (
        {"n_jobs": 2, "storage": optuna.storages.InMemoryStorage()},
        "memory of one process",
    ),
}


@pytest.mark.parametrize("mistake", list(MISTAKES))
def test_mistakes_end_the_search_before_its_first_trial(data: Any, mistake: str) -> None:
    changes, message = MISTAKES[mistake]
    begun: list[int] = []
    hook = EpochReport(lambda epoch, score: begun.append(epoch))
    given: dict[str, Any] = {"estimator": net(), "space": SPACE} | changes
    given["estimator"].set_params(callbacks=[hook], early_stopping=True)
    with pytest.raises(ValueError, match=message):
        search(**given).fit(*data)
    assert not begun


@pytest.mark.parametrize("scoring", ["roc_auc", "average_precision"])
def test_scores_that_scikit_learn_gives_its_classifiers_alone(data: Any, scoring: str) -> None:
    X, y = data[0], (data[1]["bought"] == "yes").rename("bought")
    with pytest.raises(ValueError, match=f"say 'bought_{scoring}'"):
        search(scoring=scoring).fit(X, y)
    search(scoring=f"bought_{scoring}", n_trials=1).fit(X, y)
    search(small(SharedBottomClassifier), scoring=scoring, n_trials=1).fit(X, y)


def test_mistakes_in_data(data: Any) -> None:
    X, y = data
    for wrong_X, wrong_y, message in [
        (X, None, "requires y to be passed"),
        (X[:-1], y, "inconsistent numbers of samples"),
        (X.assign(when=pd.Timestamp("2020-01-01")), y, "'when'"),
        (X, y.assign(bought="no"), "'bought'"),
        (X, y.assign(spent=np.nan), "'spent'"),
        (X[:0], y[:0], "0 sample"),
    ]:
        with pytest.raises((ValueError, TypeError), match=message):
            search().fit(wrong_X, wrong_y)


def test_a_fold_that_can_not_be_trained_on_is_named(data: Any) -> None:
    X, y = data
    y = y.assign(spent=y["spent"].where(np.arange(len(y)) < 40))
    with pytest.raises(ValueError, match="Fold 0 can't be trained on: Task 'spent'"):
        search(cv=[(np.arange(40, 110), np.arange(40)), (np.arange(40), np.arange(40, 110))]).fit(
            X, y
        )


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
def test_a_class_that_a_fold_lacks_is_told(data: Any) -> None:
    X, y = data
    y = y.assign(shade=y["shade"].where(y.index != 7, "violet"))
    with pytest.warns(SparseFoldWarning, match="task 'shade', class 'violet'"):
        search(n_trials=1).fit(X, y)


def test_an_estimator_that_is_none_of_ours() -> None:
    with pytest.raises(ValueError, match="multi-task estimator"):
        MultiTaskSearchCV(Ridge(), {"alpha": [1.0]}).fit(*numbers())


def test_parameters_are_checked_as_in_scikit_learn(data: Any) -> None:
    for changes in ({"n_trials": 2.5}, {"cv": "five"}, {"timeout": -1}, {"pruner": "median"}):
        with pytest.raises(InvalidParameterError):
            search(**changes).fit(*data)


def test_an_error_that_all_trials_share_is_raised_at_once() -> None:
    class Broken(TransformerMixin, BaseEstimator):
        def fit(self, X: Any, y: Any = None) -> Any:
            raise RuntimeError("no disk")

        def transform(self, X: Any) -> Any:
            return X

    broken = search(make_pipeline(Broken(), net()))
    with pytest.raises(RuntimeError, match="no disk"):
        broken.fit(*people(60))
    assert len(broken.study_.trials) == 1


def test_a_trial_that_diverges_is_one_failed_trial() -> None:
    X, y = numbers()
    estimator = SharedBottomRegressor(
        bottom_widths=(11,), max_epochs=3, optimizer="sgd", lr_schedule="constant", random_state=0
    )
    found = search(estimator, {"lr": [1e30, 1e-3]}, n_trials=6, cv=KFold(2))
    with pytest.warns(FitFailedWarning, match="Trial [0-9] failed: DivergenceError"):
        found.fit(X, y)
    failed = found.cv_results_["state"] == "FAIL"
    assert 0 < failed.sum() < 6
    assert (found.cv_results_["param_lr"][failed] == 1e30).all()
    assert np.isnan(found.cv_results_["mean_test_score"][failed]).all()
    assert (found.cv_results_["rank_test_score"][failed] > 1).all()
    assert found.best_params_ == {"lr": 1e-3}


def test_when_no_trial_goes_well_there_is_an_error() -> None:
    estimator = SharedBottomRegressor(bottom_widths=(11,), max_epochs=3, optimizer="sgd")
    with (
        pytest.warns(FitFailedWarning),
        pytest.raises(ValueError, match="No trial was completed, of 2"),
    ):
        search(estimator, {"lr": [1e30]}, n_trials=2, cv=KFold(2)).fit(*numbers())


def test_later_errors_are_failed_trials(data: Any) -> None:
    """What goes wrong with some parameters only must not lose the others."""

    def moody(estimator: Any, X: Any, y: Any) -> float:
        if estimator.lr == 0.03:
            raise RuntimeError("not at this rate")
        return float(estimator.score(X, y))

    found = search(net(lr=0.01), {"lr": [0.01, 0.03]}, scoring=moody, n_trials=7)
    with pytest.warns(FitFailedWarning, match="RuntimeError: not at this rate"):
        found.fit(*data)
    assert set(found.cv_results_["param_lr"][found.cv_results_["state"] == "FAIL"]) == {0.03}
    assert found.best_params_ == {"lr": 0.01}


def test_a_score_that_is_no_number_is_an_error(data: Any) -> None:
    for scorer, message in [
        (lambda estimator, X, y: np.nan, "NaN in fold 0"),
        (lambda estimator, X, y: {"a": 1.0}, "one number"),
    ]:
        with pytest.raises(ValueError, match=message):
            search(scoring=scorer).fit(*data)


def test_ctrl_c_reaches_the_caller_and_leaves_the_study(data: Any) -> None:
    def interrupt(study: Any, trial: Any) -> None:
        if trial.number == 1:
            raise KeyboardInterrupt

    stopped = search(callbacks=[interrupt])
    with pytest.raises(KeyboardInterrupt):
        stopped.fit(*data)
    assert len(stopped.study_.trials) == 2


def test_an_objective_is_checked_when_it_is_made(data: Any) -> None:
    X, y = data
    with pytest.raises(ValueError, match="'lr' parameter"):
        optuna_objective(net(), X, y, space={"lr": [-1.0]})
    with pytest.raises(ValueError, match="inconsistent"):
        optuna_objective(net(), X[1:], y)
