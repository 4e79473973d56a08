"""Calibration and coupling are in the graph."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from architecture_walk import small
from exported import KINDS, assert_agrees, assert_both_agree, census, in_eager_torch

from sklearn_ple import ESMMEstimator, SharedBottomEstimator
from sklearn_ple.base import MultiTaskEstimator

METHODS: dict[str, Any] = {
    "temperature": "temperature",
    "sigmoid": "sigmoid",
    "isotonic": {"income": "isotonic", "never_married": "isotonic", "education": "isotonic"},
    "linear": {"last_seen": "linear", "employers": "linear"},
    "a mixture": {"income": "isotonic", "education": "sigmoid", "employers": "linear"},
}


def calibrated(
    method: Any, precision: str = "float32", **changes: Any
) -> tuple[MultiTaskEstimator, Any]:
    X, Y, test = census()
    model = small(SharedBottomEstimator, tasks=KINDS, max_epochs=2, precision=precision)
    model.fit(X[:250], Y[:250]).calibrate(X[250:], Y[250:], method=method, **changes)
    return model, test


def chain() -> tuple[MultiTaskEstimator, Any]:
    X, Y, test = census()
    Y["income"] = Y["income"].where(Y["never_married"] == 1, 0)
    Y = Y[["never_married", "income", "education"]]
    tasks = {name: KINDS[name] for name in Y}
    model = small(ESMMEstimator, tasks=tasks, max_epochs=2, chain=["never_married", "income"])
    return model.fit(X[:250], Y[:250]).calibrate(X[250:], Y[250:]), test


@pytest.mark.parametrize("method", METHODS)
def test_every_method_by_itself(method: str, tmp_path: Path) -> None:
    model, test = calibrated(METHODS[method])
    uncalibrated = model.predict_frame(test)
    assert_agrees(in_eager_torch(model), model, test)
    model.calibrate(*census()[:2], method=None)
    assert not uncalibrated.equals(model.predict_frame(test))


def test_a_calibrated_chain_by_itself(tmp_path: Path) -> None:
    model, test = chain()
    assert_agrees(in_eager_torch(model), model, test)


def test_a_chain_whose_towers_are_very_sure(tmp_path: Path) -> None:
    model, test = chain()
    model.calibrate(*_held_out(), method=None)
    model.module_.towers.weight.data *= 3000
    signature, run = in_eager_torch(model)
    for answer in run(signature.arrays(test)).values():
        assert np.isfinite(answer).all()


@pytest.mark.slow
def test_a_mixture_of_methods_exported(tmp_path: Path) -> None:
    # In float64: isotonic lines can be steep, and would magnify what float32 rounds.
    model, test = calibrated(METHODS["a mixture"], precision="float64")
    assert_both_agree(model, test, tmp_path)


def test_thresholds_are_told(tmp_path: Path) -> None:
    model, _ = calibrated("sigmoid", thresholds={"income": 0.25})
    signature, _ = in_eager_torch(model)
    thresholds = {each.task: each.threshold for each in signature.outputs}
    assert thresholds == dict.fromkeys(KINDS) | {"income": 0.25}


def _held_out() -> tuple[Any, Any]:
    X, Y, _ = census()
    Y["income"] = Y["income"].where(Y["never_married"] == 1, 0)
    return X, Y[["never_married", "income", "education"]]
