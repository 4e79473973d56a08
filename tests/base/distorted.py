"""Estimators whose miscalibration is known: outputs of towers stretched and shifted after `fit`."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import torch
from architecture_walk import small

from sklearn_ple import SharedBottomClassifierRegressor
from sklearn_ple.base import MultiTaskEstimator

NAMES = ["sold", "price", "visits", "shade"]
TASKS = {"visits": "count"}


def make_rows(n: int, seed: int, missing: float = 0.2) -> tuple[np.ndarray, pd.DataFrame]:
    """Three features, and labels of four kinds; a share of each is missing."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    log_odds = X[:, 0] - 1
    y = pd.DataFrame(
        {
            "sold": (rng.random(n) < 1 / (1 + np.exp(-log_odds))).astype(float),
            "price": 20 + 3 * X[:, 1] + rng.normal(0, 2, n),
            "visits": rng.poisson(np.exp(0.5 * X[:, 2] + 1)).astype(float),
            "shade": np.array(["blue", "green", "red"])[
                np.digitize(X[:, 0] + rng.normal(0, 1, n), [-0.3, 0.8])
            ],
        }
    )
    for name in y:
        y.loc[rng.random(n) < missing, name] = None
    return X, y


def fitted(**changes: Any) -> MultiTaskEstimator:
    """Trained in float64, just enough to know something of each task; an estimator of one's own."""
    return copy.deepcopy(_trained()) if not changes else _train(**changes)


def _train(**changes: Any) -> MultiTaskEstimator:
    settings = {"precision": "float64", "max_epochs": 8, "lr": 0.02, "batch_size": 32}
    model = small(SharedBottomClassifierRegressor, tasks=TASKS, **settings | changes)
    return model.fit(*make_rows(241, 0))


_trained = cache(_train)


def distorted(
    model: MultiTaskEstimator, slopes: dict[str, float], shifts: dict[str, Any]
) -> MultiTaskEstimator:
    """A copy whose towers put out `slope * raw + shift`, by task."""
    model = copy.deepcopy(model)
    towers = model.module_.towers
    with torch.no_grad():
        for task, part in zip(model.tasks_, model.tasks_.slices, strict=True):
            towers.weight[part] *= slopes.get(task.name_, 1.0)
            towers.bias[part] *= slopes.get(task.name_, 1.0)
            towers.bias[part] += torch.as_tensor(shifts.get(task.name_, 0.0))
    return model
