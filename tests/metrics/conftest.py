"""Data with gaps, and how often an estimator is asked."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from linear_tasks import CALLS, LinearTasks


@pytest.fixture
def calls() -> Counter[str]:
    """How often the estimator was asked, by method."""
    CALLS.clear()
    return CALLS


@pytest.fixture
def X() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(157, 3))


@pytest.fixture
def y(X: np.ndarray) -> pd.DataFrame:
    """Text, number, three classes and 0/1, each with labels missing on rows of its own."""
    rng = np.random.default_rng(1)
    noise = rng.normal(size=(len(X), 4))
    frame = pd.DataFrame(
        {
            "income": np.where(X[:, 0] + noise[:, 0] > 0, "yes", "no"),
            "hours": 40 + 3 * X[:, 1] + noise[:, 1],
            "colour": np.array(["blue", "green", "red"])[
                np.digitize(X[:, 2] + noise[:, 2], [-0.6, 0.6])
            ],
            "click": (X[:, 0] - X[:, 1] + noise[:, 3] > 0).astype(float),
        }
    )
    for k, share in enumerate([0.1, 0.2, 0.3, 0.4]):
        frame.loc[rng.random(len(X)) < share, frame.columns[k]] = np.nan
    return frame


@pytest.fixture
def model(X: np.ndarray, y: pd.DataFrame) -> LinearTasks:
    return LinearTasks().fit(X, y)
