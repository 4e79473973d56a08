"""FAMO (Liu et al. 2023) against its algorithm written with torch's own Adam."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from toy import NAMES

from sklearn_ple.weighting import FAMOWeighting

LR, DECAY = 0.05, 0.01


class Reference:
    """xi, trained by torch's Adam along the derivative of z (log L before - log L after)."""

    def __init__(self) -> None:
        self.xi = torch.zeros(3, dtype=torch.float64, requires_grad=True)
        self.adam = torch.optim.Adam([self.xi], lr=LR, weight_decay=DECAY)

    def weights(self, losses: Tensor) -> Tensor:
        each = torch.softmax(self.xi.detach(), 0) / losses
        return each / each.sum()

    def learn(self, before: Tensor, after: Tensor) -> None:
        self.adam.zero_grad()
        (torch.softmax(self.xi, 0) @ (before.log() - after.log())).backward()
        self.adam.step()


@pytest.fixture
def weighting() -> FAMOWeighting:
    made = FAMOWeighting(lr=LR, decay=DECAY)
    made.setup(NAMES)
    return made.double()


def test_weights_and_logits_over_a_course_of_losses(weighting: FAMOWeighting) -> None:
    reference = Reference()
    generator = torch.Generator().manual_seed(2)
    before = torch.tensor([0.9, 0.5, 1.2], dtype=torch.float64)
    for _ in range(12):
        after = before * (0.7 + 0.5 * torch.rand(3, generator=generator))
        losses = before.clone().requires_grad_()
        weighting(losses).backward()
        torch.testing.assert_close(losses.grad, reference.weights(before))
        weighting.after_step(lambda after=after: after)
        reference.learn(before, after)
        torch.testing.assert_close(weighting.logits, reference.xi.detach())
        before = after


def test_the_faster_a_loss_falls_the_less_it_weighs(weighting: FAMOWeighting) -> None:
    weighting(torch.tensor([1.0, 1.0, 1.0], dtype=torch.float64))
    weighting.after_step(lambda: torch.tensor([0.5, 0.9, 1.1], dtype=torch.float64))
    first, second, third = weighting.logits.tolist()
    assert first < second
    assert first < third


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_task_without_a_loss_keeps_its_logit_and_its_moments(
    weighting: FAMOWeighting, when: str
) -> None:
    full = torch.tensor([1.0, 0.8, 0.6], dtype=torch.float64)
    gap = torch.tensor([0.7, 0.0, 0.6], dtype=torch.float64)
    weighting(full)
    weighting.after_step(lambda: 0.9 * full.square())
    state = ("logits", "moment", "square", "n_steps")
    held = {name: getattr(weighting, name).clone() for name in state}
    weighting(gap if when == "before" else full)
    weighting.after_step(lambda: gap if when == "after" else full)
    for name in state:
        assert (getattr(weighting, name) != held[name]).tolist() == [True, False, True], name


def test_looking_at_a_loss_teaches_nothing(weighting: FAMOWeighting) -> None:
    weighting.eval()
    weighting(torch.tensor([1.0, 0.8, 0.6], dtype=torch.float64))
    weighting.after_step(lambda: torch.tensor([0.5, 0.8, 0.6], dtype=torch.float64))
    assert weighting.logits.tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("options", [{"lr": 0.0}, {"decay": -1.0}])
def test_options_out_of_bounds(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="lr must be positive and decay not negative"):
        FAMOWeighting(**options)
