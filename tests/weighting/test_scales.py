"""One loss in another unit: what changes, and what must not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from toy import OF_GRADIENTS, Toy, made

from sklearn_ple.weighting import GradientWeighting, LossWeighting, UncertaintyWeighting

LOSSES = torch.tensor([0.5, 0.2, 1.5], dtype=torch.float64)
FACTOR = 9.0
STRETCHED = LOSSES * torch.tensor([1.0, FACTOR, 1.0])


def pulls(weighting: LossWeighting, losses: Tensor) -> Tensor:
    """Derivatives by the logarithms of the losses: what is the same in every unit."""
    losses = losses.clone().requires_grad_()
    weighting(losses).backward()
    assert losses.grad is not None
    return losses.grad * losses.detach()


def pulls_of(name: str) -> tuple[Tensor, Tensor]:
    """In one unit and in the other, from the same draws."""
    return pulls(made(name), LOSSES), pulls(made(name), STRETCHED)


@pytest.mark.parametrize("name", ["static", "dwa", "rlw", "uncertainty"])
def test_the_task_pulls_as_much_harder(name: str) -> None:
    """And leaves the others alone; for trained variances, until they have followed."""
    one, other = pulls_of(name)
    torch.testing.assert_close(other, one * torch.tensor([1.0, FACTOR, 1.0]))


def test_logarithms_do_not_notice() -> None:
    one, other = pulls_of("log_sum")
    torch.testing.assert_close(other, one)


def test_the_geometric_mean_grows_as_a_whole() -> None:
    one, other = pulls_of("geometric_mean")
    torch.testing.assert_close(other, one * FACTOR ** (1 / 3))


def test_famo_keeps_its_direction_and_its_logits() -> None:
    def trained(unit: float) -> tuple[Tensor, Tensor]:
        weighting = made("famo")
        falls, units = torch.tensor([[0.9, 0.7, 0.8], [1.0, unit, 1.0]]).double()
        for k in range(4):
            now, later = (units * LOSSES * falls**t for t in (k, k + 1))
            weighting(now)
            weighting.after_step(lambda later=later: later)
        return pulls(weighting, STRETCHED), weighting.logits

    (one, logits), (other, logits_of_other) = trained(1.0), trained(FACTOR)
    torch.testing.assert_close(logits_of_other, logits)
    torch.testing.assert_close(one, other)
    first, second = pulls_of("famo")
    torch.testing.assert_close(second / second.sum(), first / first.sum())


def test_the_smooth_maximum_leans_towards_it() -> None:
    one, other = (pulls(made("stch"), losses) for losses in (LOSSES, STRETCHED))
    weights, stretched = one / LOSSES, other / STRETCHED
    assert stretched[1] > weights[1]
    assert (stretched[[0, 2]] < weights[[0, 2]]).all()


def test_trained_variances_come_to_the_same_pulls() -> None:
    """At the best variances a task's weight is half the inverse of its loss."""
    for losses in (LOSSES, STRETCHED):
        weighting = made("uncertainty")
        assert isinstance(weighting, UncertaintyWeighting)
        optimizer = torch.optim.SGD(weighting.parameters(), lr=1.0)
        for _ in range(200):
            optimizer.zero_grad()
            weighting(losses).backward()
            optimizer.step()
        torch.testing.assert_close(weighting.log_variances.detach(), losses.log())
        torch.testing.assert_close(pulls(weighting, losses), torch.full_like(losses, 0.5))


def _step(name: str, factor: float) -> Tensor:
    """The gradient of three losses, one of them rescaled, by way of their products."""
    weighting = made(name)
    assert isinstance(weighting, GradientWeighting)
    rows = torch.randn(3, 5, generator=torch.Generator().manual_seed(5)).double()
    rows[1] = -0.6 * rows[0] + rows[1]  # so that two conflict
    assert (rows @ rows.t() < 0).any()
    rows = rows * torch.tensor([1.0, factor, 1.0])[:, None]
    return weighting._combine(rows, [0, 1, 2], torch.ones(3, dtype=torch.bool))


@pytest.mark.parametrize("name", ["nash_mtl", "imtl_g"])
def test_direction_that_does_not_notice(name: str) -> None:
    one, other = _step(name, 1.0), _step(name, FACTOR)
    assert torch.cosine_similarity(one, other, dim=0).item() == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("name", ["upgrad", "pcgrad"])
def test_projections_that_are_linear_in_the_scale_of_one(name: str) -> None:
    """A task's projected gradient scales with it; the others' stay."""
    one, two, three = (_step(name, factor) for factor in (1.0, 2.0, 3.0))
    torch.testing.assert_close(three - two, two - one, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ["cagrad", "mgda", "aligned_mtl", "fairgrad"])
def test_direction_that_does_notice(name: str) -> None:
    one, other = _step(name, 1.0), _step(name, FACTOR)
    assert torch.cosine_similarity(one, other, dim=0).item() < 0.999


@pytest.mark.parametrize("name", OF_GRADIENTS)
def test_all_losses_in_another_unit_scale_the_whole(name: str) -> None:
    toy, other = Toy(made(name)), Toy(made(name))
    plain: Callable[..., Tensor] = other.losses
    other.losses = lambda absent=(): 100.0 * plain(absent)
    torch.testing.assert_close(other.gradient(), 100.0 * toy.gradient(), rtol=1e-6, atol=1e-9)
