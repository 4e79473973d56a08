"""Weights that grow or fade by a ratio each epoch (Tang et al. 2020, equation 10), by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sklearn_ple.tasks import Regression, TaskSet, read_targets
from sklearn_ple.training import MultiTaskLoss
from sklearn_ple.weighting import ExponentialWeighting

INITIAL = np.array([2.0, 0.5])
BY_HAND = [(0, 2.0, 0.5), (1, 1.0, 1.5), (2, 0.5, 4.5), (5, 0.0625, 121.5)]


def _criterion(weighting: ExponentialWeighting) -> MultiTaskLoss:
    task_set = TaskSet.fit([Regression(), Regression()], read_targets(np.eye(2)), np.ones((2, 2)))
    weighting.setup(task_set.names)
    return MultiTaskLoss(task_set, weighting, INITIAL).double()


@pytest.mark.parametrize(("t", "first", "second"), BY_HAND)
def test_initial_weight_times_ratio_to_the_power_of_t(t: int, first: float, second: float) -> None:
    weighting = ExponentialWeighting([0.5, 3.0])
    criterion = _criterion(weighting)
    weighting.on_epoch_begin(t)
    losses = torch.tensor([0.25, 0.125], dtype=torch.float64)
    expected = first * 0.25 + second * 0.125
    assert criterion.combine(losses).item() == pytest.approx(expected, rel=1e-13)


def test_ratios_of_one_are_the_plain_sum() -> None:
    weighting = ExponentialWeighting(1.0)
    criterion = _criterion(weighting)
    losses = torch.tensor([0.3, 0.9], dtype=torch.float64)
    for t in (0, 1, 40):
        weighting.on_epoch_begin(t)
        assert criterion.combine(losses).item() == pytest.approx(0.6 + 0.45, rel=1e-14)


def test_the_gradient_of_a_task_is_scaled_by_its_weight() -> None:
    weighting = ExponentialWeighting([0.5, 3.0])
    criterion = _criterion(weighting)
    weighting.on_epoch_begin(2)
    losses = torch.tensor([0.25, 0.125], dtype=torch.float64, requires_grad=True)
    criterion.combine(losses).backward()
    assert losses.grad is not None
    assert losses.grad.tolist() == pytest.approx([0.5, 4.5], rel=1e-13)
