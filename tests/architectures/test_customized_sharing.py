"""Customized sharing: a shared bottom and an own one, side by side, for every task."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from drawn import IN_WIDTH, N_TASKS, draw, n_parameters, rows, towers
from torch import Tensor

from sklearn_ple.architectures import CGCRouting, SharedBottomRouting, SingleTaskRouting
from sklearn_ple.routings.customized_sharing import CustomizedSharingRouting

SEEDS = range(8)
N_RAW = (1, 3, 2)


def _sizes(seed: int) -> tuple[int, tuple[int, ...]]:
    """Tasks and layers, all different from each other and from the features."""
    rng = np.random.default_rng(seed)
    widths = [n for n in rng.permutation(np.arange(6, 20)).tolist() if n != IN_WIDTH]
    return 1 + seed % 4, tuple(widths[: 1 + seed % 3])


def _routing(seed: int) -> CustomizedSharingRouting:
    n_tasks, widths = _sizes(seed)
    return draw(CustomizedSharingRouting, n_tasks=n_tasks, bottom_widths=widths, seed=seed)


def _load(bank: torch.nn.Module, other: torch.nn.Module, which: list[int]) -> None:
    """Give a bank the weights of some bottoms of another."""
    with torch.no_grad():
        for parameter, wanted in zip(bank.parameters(), other.parameters(), strict=True):
            parameter.copy_(wanted[which])


@pytest.mark.parametrize("seed", SEEDS)
def test_one_half_is_the_single_tasks_and_the_other_the_shared_bottom(seed: int) -> None:
    routing, x = _routing(seed), rows()
    n_tasks, widths = _sizes(seed)
    single = draw(SingleTaskRouting, n_tasks=n_tasks, bottom_widths=widths, seed=99)
    shared = draw(SharedBottomRouting, n_tasks=n_tasks, bottom_widths=widths, seed=98)
    _load(single.bottoms, routing.bottoms, list(range(n_tasks)))
    _load(shared.bottom, routing.bottoms, [n_tasks])
    own_half, shared_half = routing(x).split(widths[-1], dim=2)
    torch.testing.assert_close(own_half, single(x), rtol=1e-13, atol=1e-13)
    torch.testing.assert_close(shared_half, shared(x), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("seed", SEEDS)
def test_towers_blind_to_a_half_make_it_single_tasks_or_hard_sharing(seed: int) -> None:
    """Zeros in a tower's first layer over one half leave a net that reads the other alone."""
    routing, x = _routing(seed), rows()
    n_tasks, widths = _sizes(seed)
    n_raw = tuple(range(1, n_tasks + 1))
    for kept, relative in ((0, SingleTaskRouting), (1, SharedBottomRouting)):
        other = draw(relative, n_tasks=n_tasks, bottom_widths=widths, seed=99)
        bank = other.bottoms if kept == 0 else other.bottom
        _load(bank, routing.bottoms, list(range(n_tasks)) if kept == 0 else [n_tasks])
        wide, narrow = towers(routing, n_raw), towers(other, n_raw)
        with torch.no_grad():
            first = wide.hidden.weights[0].zero_()
            half = slice(kept * widths[-1], (kept + 1) * widths[-1])
            first[..., half] = narrow.hidden.weights[0]
            for name, parameter in wide.named_parameters():
                if name != "hidden.weights.0":
                    parameter.copy_(narrow.get_parameter(name))
        torch.testing.assert_close(wide(routing(x)), narrow(other(x)), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_cgc_of_one_expert_each_mixes_the_two_halves(seed: int) -> None:
    """CGC with one own and one shared expert weighs, by a gate, what stands side by side here."""
    routing, x = _routing(seed), rows()
    n_tasks, widths = _sizes(seed)
    cgc = draw(
        CGCRouting,
        n_tasks=n_tasks,
        n_shared_experts=1,
        n_task_experts=1,
        expert_widths=widths,
        seed=99,
    )
    cgc.level.experts.load_state_dict(routing.bottoms.state_dict())
    own, shared = routing(x).split(widths[-1], dim=2)
    gates = torch.stack([reading.weights for reading in cgc.gate_readings(x)], dim=1)
    mixed = gates[..., :1] * own + gates[..., 1:] * shared
    torch.testing.assert_close(cgc(x), mixed, rtol=1e-12, atol=1e-12)


def _loss(routing: CustomizedSharingRouting, task: int) -> Tensor:
    raw = towers(routing, N_RAW)(routing(rows())).split(N_RAW, dim=1)
    return raw[task].square().mean()


@pytest.mark.parametrize("task", range(N_TASKS))
def test_a_loss_reaches_the_own_and_the_shared_bottom_and_no_other(task: int) -> None:
    routing = draw(CustomizedSharingRouting, bottom_widths=(11, 6))
    for gradient in torch.autograd.grad(_loss(routing, task), list(routing.parameters())):
        moved = gradient.flatten(1).abs().amax(1) > 0
        assert moved.tolist() == [*(k == task for k in range(N_TASKS)), True]


@pytest.mark.parametrize("seed", SEEDS)
def test_number_of_parameters(seed: int) -> None:
    """(K + 1) P, and towers of twice the width."""
    n_tasks, widths = _sizes(seed)
    chain = sum((n + 1) * wide for n, wide in zip([IN_WIDTH, *widths], widths, strict=False))
    routing = _routing(seed)
    assert n_parameters(routing) == (n_tasks + 1) * chain
    assert routing.out_width == 2 * widths[-1]


@pytest.mark.parametrize("seed", SEEDS)
def test_every_weight_moves(seed: int) -> None:
    routing = _routing(seed)
    n_raw = tuple(range(1, _sizes(seed)[0] + 1))
    towers(routing, n_raw)(routing(rows(n=31))).square().mean().backward()
    for name, parameter in routing.named_parameters():
        assert (parameter.grad != 0).all(), name


def test_the_order_of_tasks_does_not_matter() -> None:
    routing, x = draw(CustomizedSharingRouting, bottom_widths=(11, 6)), rows()
    before, order = routing(x), [2, 0, 1]
    _load(routing.bottoms, routing.bottoms, [*order, N_TASKS])
    torch.testing.assert_close(routing(x), before[:, order], rtol=1e-13, atol=1e-13)
