"""A fitted estimator of four kinds of tasks, some labels missing, and fresh rows to judge it by."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from architecture_walk import eager

from sklearn_ple import SharedBottomClassifierRegressor
from sklearn_ple.base import MultiTaskEstimator

N_TRAIN, N_HELD_OUT = 211, 157
KINDS = {"visits": "count"}


def make_rows(n: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Five features, three of which say nothing; four targets without some of their labels."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(n, 5)), columns=list("abcde"))
    signal = X["a"] + X["b"]
    y = pd.DataFrame(
        {
            "sold": np.where(signal + rng.normal(0, 0.7, n) > 0.3, "yes", "no"),
            "price": 30 + 4 * signal + rng.normal(0, 1, n),
            "visits": rng.poisson(np.exp(0.6 * X["b"] + 0.5)).astype(float),
            "shade": np.array(["blue", "green", "red"])[
                np.digitize(X["a"] + rng.normal(0, 0.5, n), [-0.5, 0.5])
            ],
        }
    )
    for k, name in enumerate(y):
        y.loc[rng.random(n) < 0.08 * (k + 1), name] = None
    return X, y


@cache
def _trained() -> MultiTaskEstimator:
    return eager(SharedBottomClassifierRegressor, tasks=KINDS).fit(*make_rows(N_TRAIN, 0))


def trained() -> MultiTaskEstimator:
    """The estimator, a copy for each test."""
    return copy.deepcopy(_trained())


def labelled(name: str) -> tuple[pd.DataFrame, Any]:
    """Fresh rows with a label of this task, and those labels."""
    X, y = make_rows(N_HELD_OUT, 1)
    rows = y[name].notna()
    return X[rows], y.loc[rows, name]
