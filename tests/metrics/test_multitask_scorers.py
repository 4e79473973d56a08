"""Scorers of all tasks: stable names, defaults by kind."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as skm

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
    for source in (y, model, model.tasks_):
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


def test_mistakes_are_named(model, y) -> None:
    with pytest.raises(ValueError, match="incom"):
        multitask_scorers(y, metrics={"incom": ["roc_auc"]})
    with pytest.raises(ValueError, match="tasks='regressions'"):
        multitask_scorers(y, tasks="regressions")
    with pytest.raises(ValueError, match="fitted already"):
        multitask_scorers(model, tasks=["binary"] * 4)
