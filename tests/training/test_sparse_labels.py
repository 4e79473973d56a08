"""A task with one label in a hundred, in batches that mostly hold none of them."""

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

N, BATCH = 800, 32
ESTIMATORS: dict[str, tuple[type, dict[str, Any]]] = {
    "SingleTask": (SingleTaskEstimator, {"bottom_widths": (12, 8)}),
    "SharedBottom": (SharedBottomEstimator, {"bottom_widths": (12, 8)}),
    "MMOE": (MMOEEstimator, {"expert_widths": (12, 8), "n_experts": 3}),
    "CGC": (CGCEstimator, {"expert_widths": (12, 8)}),
    "PLE": (PLEEstimator, {"expert_widths": [(12,), (8,)]}),
}
KINDS = ["binary", "regression", "count", "multiclass"]


def _data(sparse: str) -> tuple[np.ndarray, np.ndarray]:
    """A dense regression and a task of any kind that has 8 labels."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, 5))
    labels = {
        "binary": np.arange(N) % 2,
        "regression": X[:, 1] + rng.normal(size=N),
        "count": rng.poisson(np.exp(X[:, 2])),
        "multiclass": np.arange(N) % 3,
    }[sparse].astype(float)
    labels[8:] = np.nan
    order = rng.permutation(N)
    return X[order], np.column_stack([X[:, 0] + 0.3 * rng.normal(size=N), labels])[order]


@pytest.mark.parametrize("sparse", KINDS)
@pytest.mark.parametrize("name", ESTIMATORS)
def test_stays_finite(name: str, sparse: str) -> None:
    kind, sizes = ESTIMATORS[name]
    X, y = _data(sparse)
    model = kind(
        **sizes,
        tasks=["regression", sparse],
        batch_size=BATCH,
        max_epochs=3,
        early_stopping=False,
        numeric_encoding="standard",
        lr=0.01,
        random_state=0,
        device="cpu",
    ).fit(X, y)
    losses = model.history_[["train_loss", "loss/y0", "loss/y1"]]
    assert np.isfinite(losses).all(axis=None)
    assert np.isfinite(model.predict(X).astype(float)).all()
    assert all(p.isfinite().all() for p in model.module_.parameters())
    assert losses["loss/y0"].iloc[-1] < losses["loss/y0"].iloc[0]
