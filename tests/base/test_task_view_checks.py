"""scikit-learn's checks on views, behind a `fit` that fits the estimator to be viewed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import numpy as np
import pandas as pd
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import check_is_fitted, column_or_1d

from sklearn_ple import SharedBottomEstimator
from sklearn_ple.base.answers.task_view import TaskView
from sklearn_ple.base.answers.task_view_roles import TaskClassifier, TaskRegressor

EXACT: dict[str, Any] = {
    "bottom_widths": (13,),
    "tower_widths": (5,),
    "embedding_dim": 4,
    "precision": "float64",
    "dropout": 0.0,
    "early_stopping": False,
    "batch_size": 100_000,
    "max_epochs": 60,
    "lr": 0.01,
    "lr_schedule": "constant",
    "weight_decay": 0.0,
    "weight_averaging": None,
    "task_weights": None,
    "numeric_encoding": "standard",
    "random_state": 0,
}


class FitThenView(TaskView):
    """What a view would be if it were fitted: to its target, and one that follows from it."""

    def __init__(self) -> None:
        pass

    task = "target"

    @property
    def estimator(self) -> Any:
        return getattr(self, "parent_", SharedBottomEstimator())

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        if y is None:
            raise ValueError("This estimator requires y to be passed, but the target y is None.")
        y = column_or_1d(y, warn=True)
        if np.asarray(sample_weight).ndim == 2:
            raise ValueError("One target has one weight per row.")
        parent = SharedBottomEstimator(tasks=[self.kind(), "regression"], **EXACT)
        self.parent_ = parent.fit(
            X, pd.DataFrame({"target": y, "other": self.other(y)}), sample_weight
        )
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "parent_")

    def __sklearn_clone__(self) -> Self:
        return type(self)()


class FitThenViewClassifier(FitThenView, TaskClassifier):
    def kind(self) -> str:
        return "classification"

    def other(self, y: np.ndarray) -> np.ndarray:
        return np.unique(y, return_inverse=True)[1].astype(float)


class FitThenViewRegressor(FitThenView, TaskRegressor):
    def kind(self) -> str:
        return "regression"

    def other(self, y: np.ndarray) -> np.ndarray:
        return np.abs(y)


@parametrize_with_checks([FitThenViewClassifier(), FitThenViewRegressor()])
def test_all_hold(estimator: Any, check: Callable[[Any], None]) -> None:
    check(estimator)


@pytest.mark.parametrize("cls", [FitThenViewClassifier, FitThenViewRegressor])
def test_the_model_behind_has_two_tasks_and_the_view_shows_the_first(cls) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(37, 3)), rng.integers(0, 3, 37)
    view = cls().fit(X, y)
    check_is_fitted(view)
    assert view.estimator.target_names_in_.tolist() == ["target", "other"]
    np.testing.assert_array_equal(view.predict(X), view.estimator.predict(X)[:, 0])
