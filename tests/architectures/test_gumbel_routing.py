"""Gumbel-matrix routing: binary choices of experts, what they cut off and what they cost."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from connected import chained, flat_widths, random_sizes
from drawn import BATCH, IN_WIDTH, N_TASKS, draw, n_parameters, rows, towers
from torch import Tensor

from sklearn_ple.architectures import MMOERouting, SharedBottomRouting, SingleTaskRouting
from sklearn_ple.nn import lend_generator
from sklearn_ple.routings.gumbel_routing import GumbelRouting

SEEDS = range(8)


def _routing(seed: int, **options: object) -> GumbelRouting:
    """Drawn, with choices of every kind, at prediction."""
    routing = draw(GumbelRouting, seed=seed, **random_sizes(seed) | {"rate": 7.0} | options)
    generator = torch.Generator().manual_seed(seed + 100)
    for level, matrix in enumerate(routing.matrices):
        if matrix.scaled is not None:
            _choose(routing, level, torch.randn(matrix.connected.shape, generator=generator) > 0)
    return routing.eval()


@torch.no_grad()
def _choose(routing: GumbelRouting, level: int, chosen: Tensor, size: float = 1.0) -> None:
    """Logits of this size, positive where chosen."""
    matrix = routing.matrices[level]
    matrix.scaled.copy_(torch.where(chosen.bool(), size, -size) / matrix.rate)


def _choose_all(routing: GumbelRouting, size: float = 1.0) -> None:
    for level, matrix in enumerate(routing.matrices):
        _choose(routing, level, matrix.connected, size)


def _run(routing: GumbelRouting, x: Tensor, seed: int = 9) -> Tensor:
    """With noise from this seed."""
    generator = torch.Generator().manual_seed(seed)
    lend_generator(routing, generator)
    return routing(x)


def test_all_is_shared_at_the_start() -> None:
    routing = draw(GumbelRouting, n_levels=2, n_experts=4, expert_widths=(6,)).eval()
    for matrix in routing.connections():
        assert torch.equal(matrix, torch.ones(N_TASKS, 4, dtype=torch.float64))


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_where_all_use_all_tasks_read_the_mean_of_the_experts(seed: int, training: bool) -> None:
    """In training, too, once the odds of anything else are nil."""
    routing = _routing(seed).train(training)
    _choose_all(routing, size=60.0)
    out = _run(routing, rows())
    h = rows()
    for bank in routing.experts:
        h = bank(h).mean(1)
    expected = h[:, None].expand_as(out)
    torch.testing.assert_close(out, expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("n_experts", [2, 4])
def test_one_level_that_all_use_is_mmoe_with_even_gates(n_experts: int) -> None:
    sizes = {"n_experts": n_experts, "expert_widths": (11, 6)}
    routing = draw(GumbelRouting, n_levels=1, **sizes).eval()
    mmoe = draw(MMOERouting, seed=3, **sizes)
    mmoe.experts.load_state_dict(routing.experts[0].state_dict())
    with torch.no_grad():
        mmoe.gate.weight.zero_()
    torch.testing.assert_close(routing(rows()), mmoe(rows()), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_single_expert_is_a_shared_bottom(seed: int) -> None:
    routing = _routing(seed, n_experts=1)
    shared = draw(
        SharedBottomRouting,
        seed=99,
        n_tasks=random_sizes(seed)["n_tasks"],
        bottom_widths=flat_widths(seed),
    )
    shared.bottom.load_state_dict(chained(routing))
    assert n_parameters(routing) == n_parameters(shared)
    torch.testing.assert_close(routing(rows()), shared(rows()), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("seed", SEEDS)
def test_one_expert_each_of_ones_own_is_single_task(seed: int) -> None:
    n_tasks = random_sizes(seed)["n_tasks"]
    routing = _routing(seed, n_experts=n_tasks)
    for level in range(len(routing.matrices)):
        _choose(routing, level, torch.eye(n_tasks))
    single = draw(SingleTaskRouting, seed=99, n_tasks=n_tasks, bottom_widths=flat_widths(seed))
    single.bottoms.load_state_dict(chained(routing))
    torch.testing.assert_close(routing(rows()), single(rows()), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_task_learns_from_no_expert_that_it_does_not_use(seed: int) -> None:
    """Task by task and level by level, experts are reached as the matrices say."""
    routing = _routing(seed)
    n_tasks, n_experts = routing.matrices[0].connected.shape
    rng = np.random.default_rng(seed)
    chosen = [rng.random((n_tasks, n_experts)) < 0.5 for _ in routing.matrices]
    for level, matrix in enumerate(chosen):
        matrix[range(n_tasks), rng.integers(n_experts, size=n_tasks)] = True
        _choose(routing, level, torch.from_numpy(matrix))
    for k in range(n_tasks):
        loss = routing(rows())[:, k].square().sum()
        weights = [bank.weights[0] for bank in routing.experts]
        for gradient, matrix in zip(torch.autograd.grad(loss, weights), chosen, strict=True):
            moved = gradient.flatten(1).abs().amax(1) > 0
            assert moved.tolist() == matrix[k].tolist()


def test_a_task_without_experts_is_cut_off_and_no_other() -> None:
    routing = draw(GumbelRouting, n_levels=2, n_experts=4, expert_widths=[(11, 8), (6,)]).eval()
    before = routing(rows())
    chosen = torch.ones(N_TASKS, 4)
    chosen[1] = 0
    _choose(routing, 1, chosen)
    out = routing(rows())
    assert not out[:, 1].any()
    assert torch.equal(out[:, [0, 2]], before[:, [0, 2]])
    _choose_all(routing)
    _choose(routing, 0, chosen)
    out = routing(rows())
    assert torch.equal(out[:, 1], out[:1, 1].expand(BATCH, -1))
    assert torch.equal(out[:, [0, 2]], before[:, [0, 2]])


@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_of_experts_does_not_matter(seed: int) -> None:
    routing = _routing(seed)
    before = routing(rows())
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for bank, matrix in zip(routing.experts, routing.matrices, strict=True):
            order = torch.randperm(bank.n_experts, generator=generator)
            for parameter in bank.parameters():
                parameter.copy_(parameter[order].clone())
            matrix.scaled.copy_(matrix.scaled[:, order].clone())
    torch.testing.assert_close(routing(rows()), before, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_choices_have_no_eyes_for_the_row(seed: int, training: bool) -> None:
    """A batch meets one draw: with the same noise, rows are computed alike in any batch."""
    routing, x = _routing(seed).train(training), rows()
    alone = torch.cat([_run(routing, row[None]) for row in x])
    torch.testing.assert_close(_run(routing, x), alone, rtol=1e-11, atol=1e-12)


def test_predictions_are_settled_and_steps_are_drawn_from_the_lent_generator() -> None:
    routing, x = _routing(4), rows()
    assert torch.equal(routing(x), routing(x))
    routing.train()
    for level in range(len(routing.matrices)):
        _choose(routing, level, torch.ones(()), size=0.1)
    state = torch.get_rng_state()
    first, again, other = (_run(routing, x, seed) for seed in (3, 3, 4))
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert not torch.equal(routing(x), routing(x))


@pytest.mark.parametrize("temperature", [0.2, 1.0, 5.0])
def test_temperature_is_of_gradients_alone(temperature: float) -> None:
    plain = _routing(5).train()
    other = _routing(5, temperature=temperature).train()
    torch.testing.assert_close(_run(plain, rows()), _run(other, rows()), rtol=1e-14, atol=0)
    _run(plain, rows()).square().sum().backward()
    _run(other, rows()).square().sum().backward()
    for a, b in zip(plain.matrices, other.matrices, strict=True):
        assert torch.allclose(a.scaled.grad, b.scaled.grad) == (temperature == 1.0)
    for a, b in zip(plain.experts.parameters(), other.experts.parameters(), strict=True):
        torch.testing.assert_close(a.grad, b.grad, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_penalty_is_what_tasks_exceed_their_budget_by(seed: int) -> None:
    options = {"budget": 0.5, "budget_penalty": 0.3}
    routing = _routing(seed, **options)
    chosen = torch.zeros(routing.matrices[0].connected.shape)
    chosen[0] = 1  # a task above its budget; task 1 is below
    for level in range(len(routing.matrices)):
        _choose(routing, level, chosen, size=0.5 + level)
    odds = [1 / (1 + np.exp(-m.logits.detach().numpy())) for m in routing.matrices]
    excess = np.concatenate(odds, axis=1).mean(axis=1) - 0.5
    assert excess[0] > 0 > excess[1]
    expected = 0.3 * excess[excess > 0].sum()
    assert routing.penalty().item() == pytest.approx(expected, rel=1e-12)


def test_nothing_is_added_to_the_loss_by_default_or_without_choices() -> None:
    assert _routing(1).penalty() is None
    options = {"budget": 0.0, "budget_penalty": 1.0}
    assert _routing(1, n_experts=1, **options).penalty() is None
    assert _routing(1, budget=1.0, budget_penalty=1.0).penalty().item() == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_number_of_parameters(seed: int) -> None:
    """Experts as anywhere, and a logit for every task and expert of every level."""
    sizes = random_sizes(seed)
    n, k, expected, width = sizes["n_experts"], sizes["n_tasks"], 0, IN_WIDTH
    for first, last in sizes["expert_widths"]:
        expected += n * ((width + 1) * first + (first + 1) * last) + k * n
        width = last
    assert n_parameters(_routing(seed)) == expected


@pytest.mark.parametrize("n_experts", [1, 4])
@pytest.mark.parametrize("n_tasks", [1, 3])
@pytest.mark.parametrize("n_levels", [1, 2, 3])
def test_every_parameter_lives(n_levels: int, n_tasks: int, n_experts: int) -> None:
    """Also the logits of what is in use, and, where a draw left it out, of what is not."""
    routing = draw(
        GumbelRouting,
        n_tasks=n_tasks,
        n_levels=n_levels,
        n_experts=n_experts,
        expert_widths=[(11, 8), (7,), (6,)][:n_levels],
    )
    raw = towers(routing, tuple(range(1, n_tasks + 1)))(_run(routing, rows(n=31)))
    target = torch.randn(raw.shape, dtype=raw.dtype, generator=torch.Generator().manual_seed(4))
    (raw - target).square().mean().backward()
    for name, parameter in routing.named_parameters():
        assert (parameter.grad != 0).all(), name


def test_what_can_be_looked_at() -> None:
    routing = draw(GumbelRouting, n_levels=2, n_experts=4, expert_widths=(6,)).eval()
    chosen = torch.tensor([[1.0, 0, 1, 0], [1, 1, 1, 0], [0, 0, 0, 0]], dtype=torch.float64)
    _choose(routing, 1, chosen)
    assert torch.equal(routing.connections()[1], chosen)
    readings = routing.gate_readings(rows())
    assert [(r.level, r.gate) for r in readings] == [(j, k) for j in (1, 2) for k in range(3)]
    shares = [1 / 4] * 3, [1 / 2, 1 / 3, 0]
    for reading in readings:
        share = shares[reading.level - 1][reading.gate]
        matrix = routing.connections()[reading.level - 1][reading.gate]
        torch.testing.assert_close(reading.weights, (share * matrix).expand(BATCH, -1))
