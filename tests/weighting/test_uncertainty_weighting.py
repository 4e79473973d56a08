"""Trained variances (Kendall et al. 2018), by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from architecture_walk import small
from people import make_people
from toy import Toy, made

from sklearn_ple import PLEEstimator
from sklearn_ple.weighting import UncertaintyWeighting

LOSSES = np.array([0.5, 0.0, 3.0])


def test_steps_of_gradient_descent_by_hand() -> None:
    """d/ds 1/2 (exp(-s) L + s) = 1/2 (1 - exp(-s) L), where there is a loss."""
    weighting = made("uncertainty")
    optimizer = torch.optim.SGD(weighting.parameters(), lr=0.2)
    s = np.zeros(3)
    for _ in range(5):
        optimizer.zero_grad()
        total = weighting(torch.from_numpy(LOSSES))
        present = LOSSES > 0
        assert total.item() == pytest.approx(0.5 * (np.exp(-s) * LOSSES + s)[present].sum())
        total.backward()
        optimizer.step()
        s -= 0.2 * 0.5 * np.where(present, 1 - np.exp(-s) * LOSSES, 0)
        np.testing.assert_allclose(weighting.current_weights(), 0.5 * np.exp(-s))
    assert s[1] == 0


def test_momentum_does_not_move_a_task_without_a_loss() -> None:
    toy = Toy(made("uncertainty"), lr=0.1)
    assert isinstance(toy.weighting, UncertaintyWeighting)
    toy.epoch()
    held = toy.weighting.log_variances.detach().clone()
    toy.epoch(absent=[1])
    now = toy.weighting.log_variances.detach()
    assert now[1] == held[1]
    assert (now != held).tolist() == [True, False, True]


def test_looking_at_a_loss_holds_nothing_back() -> None:
    weighting = made("uncertainty").eval()
    weighting(torch.from_numpy(LOSSES))
    assert weighting.present.tolist() == [True, True, True]


def test_variances_do_not_decay() -> None:
    model = small(PLEEstimator, weighting="uncertainty", weight_decay=0.7)
    net = model.fit(*make_people(157)).net_
    own = net.criterion_.weighting.log_variances
    assert own.shape == (3,)
    (decay,) = {
        group["weight_decay"]
        for group in net.optimizer_.param_groups
        for parameter in group["params"]
        if parameter is own
    }
    assert decay == 0
    assert (own.detach() != 0).all()
