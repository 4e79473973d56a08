"""Rows of the synthetic study, the last ones kept: all schemes of a pairing want the same."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from sklearn_ple import make_related_tasks

N_TRAIN, N_TEST, N_FEATURES = 100_000, 50_000, 512


@lru_cache(maxsize=1)
def rows_of(correlation: float, seed: int, n_train: int) -> tuple[np.ndarray, np.ndarray]:
    """Training rows, then N_TEST to judge by, in single precision."""
    X, Y = make_related_tasks(
        n_train + N_TEST, N_FEATURES, correlation=correlation, random_state=seed
    )
    return X.astype(np.float32), Y.astype(np.float32)
