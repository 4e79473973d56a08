"""Dynamic weight average (Liu et al. 2019), against the losses that a fit has recorded."""

from __future__ import annotations

import numpy as np
import pytest
from architecture_walk import small
from people import TARGETS, make_people

from sklearn_ple import PLEEstimator
from sklearn_ple.weighting import DWAWeighting

X, Y = make_people(157)


def columns(model: PLEEstimator, kind: str) -> np.ndarray:
    return model.history_[[f"{kind}/{name}" for name in TARGETS]].to_numpy()


@pytest.mark.parametrize("temperature", [2.0, 0.4])
def test_weights_follow_from_the_last_two_epochs(temperature: float) -> None:
    """The second fit goes on where the first one ended."""
    weighting = DWAWeighting(temperature)
    settings = {"task_weights": [1.0, 0.5, 2.0], "precision": "float64", "lr": 0.02}
    model = small(PLEEstimator, weighting=weighting, warm_start=True, batch_size=32, **settings)
    model.fit(X, Y).fit(X, Y).partial_fit(X, Y)
    losses, weights = columns(model, "loss"), columns(model, "weight") / [1.0, 0.5, 2.0]
    assert len(weights) == 7
    np.testing.assert_array_equal(weights[:2], 1.0)
    powers = np.exp(losses[1:-1] / losses[:-2] / temperature)
    expected = 3 * powers / powers.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(weights[2:], expected, rtol=1e-12)


def test_an_epoch_without_a_loss_leaves_the_ratio() -> None:
    weighting = DWAWeighting()
    weighting.setup(["click", "watch", "price"])
    for losses in ([1.0, 0.8, 0.5], [0.9, 0.4, 0.5], [0.81, 0.0, 0.25], [0.81, 0.2, 0.25]):
        weighting.on_epoch_end(losses)
    powers = np.exp(np.array([1.0, 0.2 / 0.4, 1.0]) / 2)
    np.testing.assert_allclose(weighting.current_weights(), 3 * powers / powers.sum(), rtol=1e-6)


def test_a_task_with_one_epoch_counts_as_one_that_stands_still() -> None:
    weighting = DWAWeighting()
    weighting.setup(["click", "watch"])
    weighting.on_epoch_end([1.0, 0.0])
    weighting.on_epoch_end([1.0, 0.3])
    assert weighting.current_weights().tolist() == [1.0, 1.0]


def test_a_temperature_must_be_positive() -> None:
    with pytest.raises(ValueError, match="temperature must be positive"):
        DWAWeighting(0.0)
