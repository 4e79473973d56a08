"""Warnings point at the line that can do something about them: the user's."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from architecture_walk import small
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.model_selection import GridSearchCV, KFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_ple import PLEEstimator, masked_score, multitask_scorers, task_scorer
from sklearn_ple.tasks import TaskInferenceWarning, infer_task
from sklearn_ple.tasks.user_warning import warn_user

RNG = np.random.default_rng(0)
X = RNG.normal(size=(67, 3))
STARS = np.column_stack([np.arange(67) % 4, RNG.normal(size=67)])
NOTHING = np.full(67, np.nan)


def model() -> PLEEstimator:
    return small(PLEEstimator, max_epochs=1)


INFERENCE: dict[str, Callable[[], Any]] = {
    "infer_task": lambda: infer_task("stars", STARS[:, 0]),
    "fit": lambda: model().fit(X, STARS),
    "partial_fit": lambda: model().partial_fit(X, STARS),
    "in a pipeline": lambda: make_pipeline(StandardScaler(), model()).fit(X, STARS),
    "in a search": lambda: GridSearchCV(model(), {"lr": [0.1]}, cv=KFold(2)).fit(X, STARS),
    "in cross-validation": lambda: cross_validate(model(), X, STARS, cv=KFold(2)),
    "multitask_scorers": lambda: multitask_scorers(STARS),
}
SCORES: dict[str, Callable[[Any], Any]] = {
    "masked_score": lambda _: masked_score("mse", NOTHING, NOTHING),
    "one class": lambda _: masked_score("d2_log_loss", [1, 1], [0.1, 0.2], classes=[0, 1]),
    "a scorer": lambda fitted: task_scorer("y1", "mse")(
        fitted, X, np.column_stack([STARS[:, 0], NOTHING])
    ),
    "an unseen class": lambda fitted: fitted.score(X, STARS + np.array([1, 0])),
}


@pytest.mark.parametrize("way", INFERENCE)
def test_an_inferred_kind(way: str) -> None:
    with pytest.warns(TaskInferenceWarning) as caught:
        INFERENCE[way]()
    assert {warning.filename for warning in caught} == {__file__}


@pytest.mark.parametrize("way", SCORES)
def test_a_score(way: str) -> None:
    fitted = small(PLEEstimator, max_epochs=1, tasks=["multiclass", "regression"]).fit(X, STARS)
    with pytest.warns(UndefinedMetricWarning) as caught:
        SCORES[way](fitted)
    assert {warning.filename for warning in caught} == {__file__}


def test_the_line_is_that_of_the_call() -> None:
    with pytest.warns(TaskInferenceWarning) as caught:
        model().fit(X, STARS)
    (warning,) = caught
    assert warning.lineno == 2 + test_the_line_is_that_of_the_call.__code__.co_firstlineno


def test_a_filter_by_module_finds_it() -> None:
    """As `python -W ignore:::mine` or a filter in a script does."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", module=__name__.replace(".", r"\."))
        warn_user("seen by nobody", UserWarning)


def test_the_same_line_warns_once_by_default() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(3):
            warn_user("again", UserWarning)
    assert len(caught) == 1
