"""Models whose errors are known beforehand: X holds the answers, and they add noise to them."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin


class Planted(RegressorMixin, BaseEstimator):
    """Predicts columns of X, off by normal errors of the size `errors` says for each."""

    fits: ClassVar[list[tuple[Any, ...]]] = []

    def __init__(self, errors: tuple[float, ...] = (1.0, 1.0), random_state: Any = None) -> None:
        self.errors = errors
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Planted:
        rows = tuple(np.asarray(X)[:, -1].astype(int))
        Planted.fits.append((self.errors, self.random_state, rows))
        self.fitted_ = True
        return self

    def predict(self, X: Any) -> np.ndarray:
        X = np.asarray(X)[:, : len(self.errors)]
        noise = np.random.default_rng(self.random_state).normal(size=X.shape)
        return X + noise * self.errors


TWIN = Planted((1.0, 1.0))
QUIET = {"progress": False, "random_state": 0}


class SeedlessPlanted(Planted):
    """Always the same errors."""

    def __init__(self, errors: tuple[float, ...] = (1.0, 1.0)) -> None:
        super().__init__(errors, 7)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        return {"errors": self.errors}


def answers(n: int = 203, n_tasks: int = 2, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Targets, and an X that holds them and, last, the number of the row."""
    y = np.random.default_rng(seed).normal(0, 3, (n, n_tasks))
    Y = pd.DataFrame(y, columns=[f"task {k}" for k in range(n_tasks)])
    X = Y.rename(columns="answer to {}".format).assign(row=np.arange(n))
    return X, Y
