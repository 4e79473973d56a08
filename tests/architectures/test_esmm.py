"""ESMM's coupling and routing: products in log space, and who learns from them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from drawn import BATCH, N_TASKS, draw, n_parameters, rows, towers

from sklearn_ple.architectures import SharedBottomRouting
from sklearn_ple.routings.esmm import ESMMCoupling, ESMMRouting


def log_odds(n_tasks: int, *, scale: float = 3.0, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return scale * torch.randn(BATCH, n_tasks, dtype=torch.float64, generator=generator)


# The coupling


@pytest.mark.parametrize("n_tasks", [1, 2, 3, 6])
def test_no_product_exceeds_a_factor_and_each_is_that_of_its_row(n_tasks: int) -> None:
    raw = log_odds(n_tasks)
    coupled = torch.sigmoid(ESMMCoupling(range(n_tasks)).double()(raw))
    factors = torch.sigmoid(raw)
    for j in range(n_tasks):
        for row in range(BATCH):
            product = torch.prod(factors[row, : j + 1])
            torch.testing.assert_close(coupled[row, j], product, rtol=1e-12, atol=0)
        assert (coupled[:, j, None] <= factors[:, : j + 1] * (1 + 1e-14)).all()
        assert (coupled[:, j] <= coupled[:, max(j - 1, 0)] * (1 + 1e-14)).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("size", [100.0, 1e4])
def test_towers_of_any_size_give_finite_outputs_losses_and_gradients(
    dtype: torch.dtype, size: float
) -> None:
    signs = torch.cartesian_prod(*[torch.tensor([-1.0, 1.0])] * 4)
    raw = (size * signs).to(dtype).requires_grad_()
    coupled = ESMMCoupling(range(4)).to(dtype)(raw)
    for label in (0.0, 1.0):
        target = torch.full_like(coupled, label)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(coupled, target)
        (gradient,) = torch.autograd.grad(loss, raw, retain_graph=True)
        assert torch.isfinite(loss)
        assert torch.isfinite(gradient).all()
    last = coupled[-1].detach()  # all steps all but certain: the misses add up
    expected = size - torch.log(torch.arange(1.0, 5.0, dtype=dtype))
    torch.testing.assert_close(last, expected)
    first_fails = coupled[: len(coupled) // 2].detach()
    assert (first_fails <= -size).all()


def test_gradients_are_those_of_finite_differences() -> None:
    coupling = ESMMCoupling([2, 0, 3]).double()
    assert torch.autograd.gradcheck(coupling, log_odds(4).requires_grad_())


def test_outputs_outside_the_chain_pass_and_the_chain_has_an_order_of_its_own() -> None:
    raw = log_odds(5)
    coupled = ESMMCoupling([3, 1]).double()(raw)
    assert torch.equal(coupled[:, [0, 2, 4]], raw[:, [0, 2, 4]])
    torch.testing.assert_close(coupled[:, 3], raw[:, 3])
    product = torch.sigmoid(raw[:, 3]) * torch.sigmoid(raw[:, 1])
    torch.testing.assert_close(torch.sigmoid(coupled[:, 1]), product)


@pytest.mark.parametrize("columns", [[0], [0, 1], [4, 2, 0, 1]])
def test_start_is_where_towers_put_out_what_is_wanted(columns: list[int]) -> None:
    wanted = log_odds(5, scale=1.0)[0]
    shares = torch.tensor([0.97, 0.4, 0.02, 0.019], dtype=torch.float64)[: len(columns)]
    wanted[columns] = torch.logit(shares)
    coupling = ESMMCoupling(columns).double()
    started = coupling.start(wanted)
    torch.testing.assert_close(coupling(started[None])[0], wanted, rtol=1e-10, atol=1e-10)
    outside = [j for j in range(5) if j not in columns]
    assert torch.equal(started[outside], wanted[outside])


def test_start_where_a_later_task_is_more_frequent_than_an_earlier() -> None:
    """No tower gets there; it starts at a step of 0.99."""
    coupling = ESMMCoupling([0, 1]).double()
    wanted = torch.logit(torch.tensor([0.995, 0.9999], dtype=torch.float64))
    started = torch.sigmoid(coupling.start(wanted))
    expected = torch.tensor([0.995, 0.99], dtype=torch.float64)
    torch.testing.assert_close(started, expected, rtol=1e-12, atol=0)


def test_rows_without_a_click_move_the_tower_of_buying() -> None:
    """The gradient of -log(1 - p q) by the log-odds b of q is p q (1 - q) / (1 - p q)."""
    raw = log_odds(2).requires_grad_()
    coupled = ESMMCoupling([0, 1]).double()(raw)
    nothing = torch.zeros(BATCH, dtype=torch.float64)
    loss = torch.nn.functional.binary_cross_entropy_with_logits(
        coupled[:, 1], nothing, reduction="sum"
    )
    (gradient,) = torch.autograd.grad(loss, raw)
    p, q = torch.sigmoid(raw.detach()).T
    assert (gradient[:, 1] > 0).all()
    expected = p * q * (1 - q) / (1 - p * q)
    torch.testing.assert_close(gradient[:, 1], expected, rtol=1e-10, atol=0)


# The routing


@pytest.mark.parametrize("seed", range(5))
def test_one_bottom_a_task(seed: int) -> None:
    sizes = np.random.default_rng(seed).permutation(np.arange(1, 30))[:4].tolist()
    in_width, n_tasks, first, last = sizes
    routing = ESMMRouting(in_width=in_width, n_tasks=n_tasks, bottom_widths=(first, last))
    expected = n_tasks * ((in_width + 1) * first + (first + 1) * last)
    assert n_parameters(routing) == expected


@pytest.mark.parametrize("task", range(N_TASKS))
def test_bottoms_learn_from_their_own_task_and_those_after_it(task: int) -> None:
    """Through the product: a loss of step j is a loss of all steps up to j."""
    routing = draw(ESMMRouting, bottom_widths=(11, 6))
    bank = towers(routing, (1,) * N_TASKS)
    coupled = ESMMCoupling(range(N_TASKS)).double()(bank(routing(rows())))
    coupled[:, task].square().mean().backward()
    for parameter in [*routing.parameters(), *bank.hidden.parameters()]:
        moved = parameter.grad.flatten(1).abs().amax(1) > 0
        assert moved.tolist() == [k <= task for k in range(N_TASKS)]


def test_a_single_task_is_a_shared_bottom() -> None:
    alone = draw(ESMMRouting, n_tasks=1, bottom_widths=(11, 6))
    shared = draw(SharedBottomRouting, seed=3, n_tasks=1, bottom_widths=(11, 6))
    shared.bottom.load_state_dict(alone.bottoms.state_dict())
    assert torch.equal(alone(rows()), shared(rows()))
