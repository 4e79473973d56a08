"""Random weights and the smooth maximum, each by what it is meant to be."""

from __future__ import annotations

import math

import pytest
import torch
from toy import NAMES, made

from sklearn_ple.nn import lend_generator
from sklearn_ple.weighting import RLWWeighting, STCHWeighting

LOSSES = torch.tensor([0.5, 0.2, 1.5], dtype=torch.float64)


def test_random_weights_are_the_softmax_of_normal_draws() -> None:
    """Differences of two logs of weights are N(0, 2); the mean of each weight is 1 / K."""
    weighting = made("rlw")
    weights = []
    for _ in range(4000):
        losses = LOSSES.clone().requires_grad_()
        weighting(losses).backward()
        weights.append(losses.grad)
    drawn = torch.stack(weights)
    torch.testing.assert_close(drawn.sum(1), torch.ones(4000).double())
    torch.testing.assert_close(drawn.mean(0), torch.full((3,), 1 / 3).double(), rtol=0, atol=0.02)
    gaps = (drawn[:, :2].log() - drawn[:, 2:].log()).flatten()
    assert gaps.mean().item() == pytest.approx(0, abs=0.1)
    assert gaps.std().item() == pytest.approx(math.sqrt(2), rel=0.05)
    assert (gaps.abs() < math.sqrt(2)).double().mean().item() == pytest.approx(0.683, abs=0.03)


def test_random_weights_come_from_the_generator_that_is_lent() -> None:
    def drawn(seed: int) -> float:
        weighting = made("rlw")
        generator = torch.Generator().manual_seed(seed)
        lend_generator(weighting, generator)
        return weighting(LOSSES).item()

    state = torch.get_rng_state()
    assert drawn(1) == drawn(1) != drawn(2)
    assert torch.equal(torch.get_rng_state(), state)


def test_random_weights_rest_out_of_training() -> None:
    weighting = RLWWeighting()
    weighting.setup(NAMES)
    assert weighting.eval()(LOSSES).item() == pytest.approx(2.2 / 3)


@pytest.mark.parametrize("mu", [0.1, 0.5, 4.0])
def test_the_smooth_maximum_lies_above_the_maximum_by_mu_log_k_at_most(mu: float) -> None:
    weighting = STCHWeighting(mu)
    weighting.setup(NAMES)
    value = weighting(LOSSES).item()
    by_hand = mu * math.log(sum(math.exp(loss / mu) for loss in LOSSES.tolist()))
    assert value == pytest.approx(by_hand)
    assert 1.5 < value <= 1.5 + mu * math.log(3)


def test_far_from_zero_it_does_not_overflow() -> None:
    weighting = STCHWeighting(1e-3)
    weighting.setup(NAMES)
    losses = (1e4 * LOSSES.float()).requires_grad_()
    weighting(losses).backward()
    assert losses.grad is not None
    assert losses.grad.tolist() == [0.0, 0.0, 1.0]


def test_mu_must_be_positive() -> None:
    with pytest.raises(ValueError, match="mu must be positive"):
        STCHWeighting(-0.5)
