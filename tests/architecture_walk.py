"""The estimators there are, found by walking `sklearn_ple.architectures`: no list to keep."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from typing import Any

import pytest

from sklearn_ple import architectures
from sklearn_ple.base import (
    ClassifierRegressorRole,
    ClassifierRole,
    MultiTaskEstimator,
    RegressorRole,
)

Estimators = list[type[MultiTaskEstimator]]


def _walk() -> Estimators:
    names = [module.name for module in pkgutil.iter_modules(architectures.__path__)]
    modules = [importlib.import_module(f"{architectures.__name__}.{name}") for name in names]
    return [
        thing
        for module in modules
        for thing in vars(module).values()
        if inspect.isclass(thing)
        and issubclass(thing, MultiTaskEstimator)
        and thing.__module__ == module.__name__
    ]


ESTIMATORS = _walk()
CLASSIFIERS = [cls for cls in ESTIMATORS if issubclass(cls, ClassifierRole)]
REGRESSORS = [cls for cls in ESTIMATORS if issubclass(cls, RegressorRole)]
MIXED = [cls for cls in ESTIMATORS if issubclass(cls, ClassifierRegressorRole)]
ARCHITECTURES = [cls for cls in ESTIMATORS if "__init__" in vars(cls)]


def over(estimators: Estimators) -> pytest.MarkDecorator:
    """Run a test for each of these, as its argument `cls`."""
    return pytest.mark.parametrize("cls", estimators, ids=lambda cls: cls.__name__)


def small_widths(cls: type[MultiTaskEstimator]) -> dict[str, Any]:
    """Every layer size an estimator takes, small: towers of 5, all else of 13."""
    names = [name for name in inspect.signature(cls).parameters if name.endswith("_widths")]
    return {name: (5,) if name == "tower_widths" else (13,) for name in names}


def small(cls: type[MultiTaskEstimator], **changes: Any) -> MultiTaskEstimator:
    """An estimator that fits in a blink, and learns little."""
    quick = {"embedding_dim": 3, "batch_size": 64, "max_epochs": 3, "random_state": 0}
    return cls(**small_widths(cls) | quick | changes)


def eager(cls: type[MultiTaskEstimator], **changes: Any) -> MultiTaskEstimator:
    """A small estimator that learns plain patterns from a few hundred rows."""
    settings = {"max_epochs": 20, "batch_size": 32, "lr": 0.02, "dropout": 0.0}
    return small(cls, **settings | changes)
