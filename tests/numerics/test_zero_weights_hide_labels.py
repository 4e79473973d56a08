"""A label of weight zero is as good as missing, through a whole fit, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

from sklearn_ple.architectures import PLERegressor

N = 90


def _data() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, two targets, and which of their labels are hidden."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, 3))
    y = X[:, :2] + 0.3 * rng.normal(size=(N, 2))
    hidden = rng.random((N, 2)) < 0.4
    hidden[:, 0] &= ~hidden[:, 1]  # no row without any label: those are dropped first
    return X, y, hidden


def _predict(y: np.ndarray, weight: np.ndarray) -> np.ndarray:
    X, _, _ = _data()
    model = PLERegressor(
        expert_widths=(9,),
        tower_widths=(4,),
        batch_size=16,
        max_epochs=3,
        early_stopping=True,
        validation_fraction=0.2,
        random_state=0,
        device="cpu",
    )
    return model.fit(X, y, sample_weight=weight).predict(X)


@pytest.mark.parametrize("garbage", [0.0, -5.0, 1e300])
@pytest.mark.parametrize("weighted", [False, True])
def test_whatever_stands_there(garbage: float, weighted: bool) -> None:
    _, y, hidden = _data()
    weight = (
        np.random.default_rng(1).uniform(0.5, 2, size=y.shape) if weighted else np.ones(y.shape)
    )
    weight[hidden] = 0
    missing = _predict(np.where(hidden, np.nan, y), weight)
    np.testing.assert_array_equal(_predict(np.where(hidden, garbage, y), weight), missing)


def test_the_label_shown_does_matter() -> None:
    _, y, hidden = _data()
    weight = np.where(hidden, 0.0, 1.0)
    other = y.copy()
    other[~hidden[:, 0], 0] += 1.0
    assert not np.array_equal(_predict(y, weight), _predict(other, weight))
