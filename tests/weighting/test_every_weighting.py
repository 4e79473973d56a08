"""What holds for each weighting by name: tasks without labels, perfect tasks, a single task."""

from __future__ import annotations

import copy

import pytest
import torch
from toy import NAMES, OF_GRADIENTS, OF_LOSSES, Toy, made

from sklearn_ple.weighting import WEIGHTINGS

every = pytest.mark.parametrize("name", WEIGHTINGS)


@every
def test_the_losses_fall(name: str) -> None:
    toy = Toy(made(name))
    before = toy.losses().detach()
    for _ in range(5):
        toy.epoch(20)
    assert toy.losses().sum() < 0.5 * before.sum()


@pytest.mark.parametrize("name", [name for name in WEIGHTINGS if name != "rlw"])
def test_the_others_train_as_if_an_absent_task_were_not_there(name: str) -> None:
    """Random weights are the exception: they are drawn for all tasks at once."""
    with_it = Toy(made(name)).gradient(absent=[1])
    without = Toy(made(name, ["click", "price"]), tasks=[0, 2]).gradient()
    torch.testing.assert_close(with_it, without, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", [name for name in WEIGHTINGS if name != "dwa"])
def test_an_absent_task_keeps_its_weight(name: str) -> None:
    """Also against the momentum of the optimiser; DWA's weights sum to K, see there."""
    toy = Toy(made(name), lr=0.05)
    first = toy.epoch()
    held = toy.epoch(absent=[1])
    assert held[1] == (first[1] if name != "uncertainty" else toy.weighting.current_weights()[1])
    assert toy.epoch(absent=[1])[1] == held[1]
    assert held.isfinite().all()


@every
def test_a_batch_without_any_label(name: str) -> None:
    toy = Toy(made(name))
    toy.epoch()
    state = copy.deepcopy(toy.weighting.state_dict())
    assert toy.gradient(absent=[0, 1, 2]).tolist() == [0.0] * 5
    before = toy.losses(absent=[0, 1, 2])
    total = toy.weighting(before)
    assert total.item() == 0
    with torch.no_grad():
        toy.weighting.after_step(lambda: before)
    for key, value in toy.weighting.state_dict().items():
        if key != "before":  # FAMO's note of the last losses
            torch.testing.assert_close(value, state[key], rtol=0, atol=0)


@every
def test_a_task_that_gets_labels_late(name: str) -> None:
    toy = Toy(made(name))
    toy.epoch(absent=[0, 2])
    toy.epoch(absent=[0])
    assert toy.epoch().isfinite().all()
    assert toy.theta.isfinite().all()


@every
def test_a_task_that_becomes_perfect(name: str) -> None:
    """A loss of next to nothing, then of nothing."""
    toy = Toy(made(name))
    with torch.no_grad():
        gap = toy.goals[1] - toy.slopes[1] @ toy.theta
        toy.theta += toy.slopes[1] * (gap - 1e-7) / toy.slopes[1].square().sum()
    assert 0 < toy.losses()[1] < 1e-13
    assert toy.gradient().isfinite().all()
    toy.goals[1] = (toy.slopes @ toy.theta.detach())[1]
    assert toy.losses()[1] == 0
    assert toy.gradient().isfinite().all()
    assert toy.epoch().isfinite().all()


@every
def test_a_single_task_goes_straight_down(name: str) -> None:
    toy = Toy(made(name, ["watch"]), tasks=[1])
    gradient, plain = toy.gradient(), Toy(made("static", ["watch"]), tasks=[1]).gradient()
    cosine = torch.cosine_similarity(gradient, plain, dim=0)
    assert cosine.item() == pytest.approx(1.0)
    assert torch.isfinite(toy.epoch()).all()


@pytest.mark.parametrize("name", OF_LOSSES)
def test_the_weight_is_the_derivative_by_the_loss(name: str) -> None:
    weighting = made(name)
    losses = torch.tensor([0.5, 0.0, 2.0], dtype=torch.float64, requires_grad=True)
    weighting.on_epoch_begin(0)
    weighting(losses).backward()
    assert losses.grad is not None
    weights = weighting.current_weights()
    present = [0, 2]
    torch.testing.assert_close(losses.grad[present], weights[present], check_dtype=False)


@every
def test_a_penalty_is_added_as_it_is(name: str) -> None:
    toy, other = Toy(made(name)), Toy(made(name))
    penalty = 3.0 * other.theta[1:3].square().sum()
    added = other.gradient(penalty=penalty) - toy.gradient()
    expected = torch.zeros(5, dtype=torch.float64)
    expected[1:3] = 6.0 * other.theta.detach()[1:3]
    torch.testing.assert_close(added, expected)


@every
def test_there_is_a_weight_for_each_task_before_any_step(name: str) -> None:
    weighting = made(name)
    weighting.on_epoch_begin(0)
    assert weighting.current_weights().shape == (len(NAMES),)


@pytest.mark.parametrize("name", OF_GRADIENTS)
def test_no_number_is_passed_on_and_breaks_no_solver(name: str) -> None:
    """The engine's guard then says what happened."""
    toy = Toy(made(name))
    with torch.no_grad():
        toy.theta[2] = float("nan")
    assert toy.gradient().isnan().any()
