"""A search that is over in a blink, and rows for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from architecture_walk import small
from people import make_people

from sklearn_ple import SharedBottomClassifierRegressor
from sklearn_ple.model_selection import MultiTaskSearchCV

SPACE: dict[str, Any] = {"lr": [0.0005, 0.03, 0.01], "bottom_widths": [(13,), (17, 7)]}


def people(n: int = 150, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Three tasks of three kinds, labels missing from each."""
    return make_people(n, seed)


def net(**changes: Any) -> SharedBottomClassifierRegressor:
    """A network of two epochs."""
    return small(SharedBottomClassifierRegressor, **{"max_epochs": 2, "dropout": 0.0} | changes)


def stopping_net(**changes: Any) -> SharedBottomClassifierRegressor:
    """A network of four epochs that holds rows out, so that its epochs have scores."""
    return net(**{"max_epochs": 4, "early_stopping": True, "validation_fraction": 0.3} | changes)


def search(estimator: Any = None, space: Any = SPACE, **changes: Any) -> MultiTaskSearchCV:
    """Three trials on two folds."""
    options: dict[str, Any] = {"n_trials": 3, "cv": 2, "random_state": 0} | changes
    return MultiTaskSearchCV(net() if estimator is None else estimator, space, **options)


def fold_scores(found: MultiTaskSearchCV, metric: str = "score") -> np.ndarray:
    """Test scores (n_trials, n_folds)."""
    columns = [found.cv_results_[f"split{k}_test_{metric}"] for k in range(found.n_splits_)]
    return np.column_stack(columns)
