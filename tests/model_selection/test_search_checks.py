"""scikit-learn's own checks over a search, as over any estimator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from architecture_walk import small
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_ple import SharedBottomClassifier, SharedBottomRegressor
from sklearn_ple.model_selection import MultiTaskSearchCV

# Some checks hand over a class of a single row, which no two folds can share.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn_ple.splitting.SparseFoldWarning")

EXACT = {
    "precision": "float64",
    "dropout": 0.0,
    "early_stopping": False,
    "batch_size": 100_000,
    "max_epochs": 30,
    "lr_schedule": "constant",
    "weight_decay": 0.0,
    "weight_averaging": None,
    "numeric_encoding": "standard",
}
NOT_OF_A_SEARCH = {
    "check_classifiers_one_label_sample_weights": (
        "it looks for sample_weight in the signature of fit, which no search has"
    )
}
SEARCHES = [
    MultiTaskSearchCV(small(cls, **EXACT), {"lr": [0.03]}, n_trials=1, cv=2, random_state=0)
    for cls in (SharedBottomRegressor, SharedBottomClassifier)
]


@pytest.mark.slow
@parametrize_with_checks(
    SEARCHES,
    expected_failed_checks=lambda search: (
        NOT_OF_A_SEARCH if isinstance(search.estimator, SharedBottomClassifier) else {}
    ),
    xfail_strict=True,
)
def test_a_search_is_an_estimator(estimator: Any, check: Callable[[Any], None]) -> None:
    check(estimator)
