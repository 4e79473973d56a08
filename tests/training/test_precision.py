"""Other precisions and the compiled module come close to plain float32."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sklearn_ple.architectures import (
    CGCEstimator,
    MMOEEstimator,
    PLEEstimator,
    SharedBottomEstimator,
    SingleTaskEstimator,
)

N = 260
ESTIMATORS: dict[str, tuple[type, dict[str, Any]]] = {
    "SingleTask": (SingleTaskEstimator, {"bottom_widths": (24, 16)}),
    "SharedBottom": (SharedBottomEstimator, {"bottom_widths": (24, 16)}),
    "MMOE": (MMOEEstimator, {"expert_widths": (24, 16), "n_experts": 3}),
    "CGC": (CGCEstimator, {"expert_widths": (24, 16), "n_task_experts": [2, 1, 1]}),
    "PLE": (PLEEstimator, {"expert_widths": [(24,), (16,)], "n_task_experts": [2, 1, 1]}),
}


def _data() -> tuple[np.ndarray, np.ndarray]:
    """Four numbers, one of them with gaps, and three tasks, one with labels missing."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, 4))
    y = np.column_stack(
        [
            X[:, 0] - X[:, 1] + 0.3 * rng.normal(size=N),
            (X[:, 0] + 0.5 * rng.normal(size=N) > 0).astype(float),
            rng.poisson(np.exp(0.5 * X[:, 2])).astype(float),
        ]
    )
    y[::3, 1] = np.nan
    X[::7, 3] = np.nan
    return X, y


def _activated(name: str, **options: Any) -> list[np.ndarray]:
    """Probabilities and means after a short fit, without dropout: its noise is no rounding."""
    kind, sizes = ESTIMATORS[name]
    X, y = _data()
    settings = {
        "tasks": ["regression", "binary", "count"],
        "embedding_dim": 3,
        "tower_widths": (8,),
        "dropout": 0.0,
        "lr": 0.005,
        "batch_size": 32,
        "max_epochs": 4,
        "random_state": 0,
        "device": "cpu",
    }
    model = kind(**sizes | settings | options).fit(X, y)
    return model._activated(X)


def _spread(name: str) -> list[float]:
    return [float(each.std()) for each in _activated(name)]


@pytest.mark.parametrize(("precision", "share"), [("float64", 1e-3), ("bf16-mixed", 0.1)])
@pytest.mark.parametrize("name", ESTIMATORS)
def test_other_precisions(name: str, precision: str, share: float) -> None:
    """Root mean square differences against the spread of the predictions themselves."""
    plain, other = _activated(name), _activated(name, precision=precision)
    for one, two, spread in zip(plain, other, _spread(name), strict=True):
        assert np.sqrt(np.mean((one - two) ** 2)) < share * spread
        assert not np.array_equal(one, two)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")  # torch's own import of it
def test_compiled() -> None:
    """A net as small as can be, for compiling takes the longer the more layers there are."""
    X, y = _data()
    models = [
        PLEEstimator(
            tasks=["regression", "count"],
            n_task_experts=[2, 1],
            expert_widths=(8,),
            tower_widths=(),
            numeric_encoding="standard",
            dropout=0.2,
            batch_size=N,
            max_epochs=5,
            compile=compiled,
            random_state=0,
            device="cpu",
        ).fit(X, y[:, [0, 2]])
        for compiled in (False, True)
    ]
    for one, two in zip(*[model._activated(X) for model in models], strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-5)
    assert hasattr(models[1].net_.module_, "_orig_mod")
    assert not hasattr(models[1].module_, "_orig_mod")
