"""Scorers of all tasks: stable names, defaults by kind."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from linear_tasks import LinearTasks
from sklearn import metrics as skm
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_ple.metrics import multitask_scorers

NAMES = [
    "income_roc_auc",
    "income_neg_log_loss",
    "hours_r2",
    "hours_neg_rmse",
    "colour_roc_auc",
    "colour_neg_log_loss",
    "click_roc_auc",
    "click_neg_log_loss",
    "deviance_explained",
]


def test_names_are_the_same_from_labels_and_from_what_was_fitted(model, y) -> None:
    for source in (y, model, model.tasks_, FrozenEstimator(model)):
        assert list(multitask_scorers(source)) == NAMES


def test_kinds_may_be_said(X) -> None:
    y = np.column_stack([np.arange(157) % 4, X[:, 0]])
    names = list(multitask_scorers(y, tasks=["count", "auto"]))
    assert names[:2] == ["y0_d2_poisson", "y0_neg_poisson_deviance"]


def test_a_word_stands_for_estimators_that_take_all_columns_alike() -> None:
    y = np.column_stack([np.arange(157) % 2, np.arange(157) % 30])
    as_numbers = [f"y{k}_{metric}" for k in (0, 1) for metric in ("r2", "neg_rmse")]
    as_classes = [f"y{k}_{metric}" for k in (0, 1) for metric in ("roc_auc", "neg_log_loss")]
    assert list(multitask_scorers(y, tasks="regression"))[:-1] == as_numbers
    assert list(multitask_scorers(y, tasks="classification"))[:-1] == as_classes


def test_metrics_may_be_chosen_by_task(y) -> None:
    scorers = multitask_scorers(y, metrics={"hours": ["mae", skm.max_error], "click": []})
    assert [name for name in scorers if name.startswith(("hours", "click"))] == [
        "hours_neg_mae",
        "hours_max_error",
    ]


@pytest.mark.parametrize("names", [[0, 3], [2019, 2024], [("a", 1), ("a", 2)]])
def test_columns_whose_names_are_no_text_are_named_as_they_are(names: list) -> None:
    y = pd.DataFrame({"seen": np.arange(23) % 2, "spent": np.arange(23) / 7})
    y.columns = pd.Index(names, tupleize_cols=False)
    scorers = multitask_scorers(y, tasks={names[1]: "regression"}, metrics={names[0]: ["brier"]})
    assert list(scorers) == [
        f"{names[0]}_neg_brier",
        *(f"{names[1]}_{metric}" for metric in ("r2", "neg_rmse")),
        "deviance_explained",
    ]


def test_labels_may_have_a_column_called_fit() -> None:
    y = pd.DataFrame({"fit": ["loose", "tight", "loose"], "worn": [1.5, 2.5, 0.5]})
    assert next(iter(multitask_scorers(y))) == "fit_roc_auc"


@pytest.mark.parametrize(
    "make",
    [
        lambda: LinearTasks(),
        lambda: make_pipeline(StandardScaler(), LinearTasks()),
        lambda: GridSearchCV(LinearTasks(), {"C": [0.1, 1]}),
    ],
    ids=["alone", "in a pipeline", "in a search"],
)
def test_an_estimator_that_is_not_fitted_has_no_tasks(make) -> None:
    with pytest.raises(NotFittedError, match="is not fitted, so it has no tasks yet"):
        multitask_scorers(make())


def test_an_estimator_without_tasks_is_told_so() -> None:
    with pytest.raises(ValueError, match="LinearRegression is no multi-task estimator.*give y"):
        multitask_scorers(LinearRegression().fit(np.eye(3), np.arange(3)))


def test_mistakes_are_named(model, y) -> None:
    with pytest.raises(ValueError, match="incom"):
        multitask_scorers(y, metrics={"incom": ["roc_auc"]})
    with pytest.raises(ValueError, match="tasks='regressions'"):
        multitask_scorers(y, tasks="regressions")
    with pytest.raises(ValueError, match="fitted already"):
        multitask_scorers(model, tasks=["binary"] * 4)
