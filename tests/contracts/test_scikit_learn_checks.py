"""scikit-learn's own checks over every exported estimator, in two configurations."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from architecture_walk import ESTIMATORS, small_widths
from sklearn.utils.estimator_checks import parametrize_with_checks

# The checks hand whole-numbered y to neutral estimators, which warn that they take it for classes.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn_ple.tasks.TaskInferenceWarning")

EXACT = {
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
    "embedding_dim": 4,
    "random_state": 0,
}
NOT_BY_NATURE = {
    "check_sample_weight_equivalence_on_dense_data": (
        "twice the weight is not the row twice where batches and dropout are drawn by row"
    )
}
NOT_A_CHAIN = {
    "ESMMClassifier": {
        "check_classifier_multioutput": (
            "its three targets are no chain of events: a later one happens where an earlier did not"
        )
    }
}


def _readable(value: Any) -> str:
    """The estimator's class, and the check's name with its options."""
    if isinstance(value, partial):
        options = [f"{name}={each}" for name, each in value.keywords.items()]
        return value.func.__name__ + (f"({', '.join(options)})" if options else "")
    return value.__name__ if callable(value) else type(value).__name__


def _checks(estimators: list[Any], expected_failures: dict[str, str]) -> pytest.MarkDecorator:
    mark = parametrize_with_checks(
        estimators,
        expected_failed_checks=lambda one: (
            expected_failures | NOT_A_CHAIN.get(type(one).__name__, {})
        ),
        xfail_strict=True,
    ).mark
    names, cases = mark.args
    return pytest.mark.parametrize(names, list(cases), ids=_readable)  # 1.9.0 has a generator


@_checks([cls(**EXACT | small_widths(cls)) for cls in ESTIMATORS], {})
def test_all_hold_in_the_exact_configuration(estimator: Any, check: Callable[[Any], None]) -> None:
    check(estimator)


@_checks([cls() for cls in ESTIMATORS], NOT_BY_NATURE)
def test_all_but_one_hold_with_the_defaults(estimator: Any, check: Callable[[Any], None]) -> None:
    check(estimator)
