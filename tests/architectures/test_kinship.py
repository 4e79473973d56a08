"""Where one scheme is a special case of another, both compute the same."""

from __future__ import annotations

import pytest
import torch
from drawn import BATCH, IN_WIDTH, N_TASKS, ROUTINGS, draw, n_parameters, rows, towers

from sklearn_ple.architectures import (
    CGCRouting,
    MMOERouting,
    PLERouting,
    SharedBottomRouting,
    SingleTaskRouting,
)

WIDTHS = (11, 6)


def _same(first: torch.nn.Module, second: torch.nn.Module) -> None:
    x = rows()
    torch.testing.assert_close(first(x), second(x), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("gate_bias", [False, True])
@pytest.mark.parametrize(("n_task", "n_shared"), [((2, 1, 3), 2), ((0, 1, 2), 1), ((1, 2, 3), 0)])
def test_ple_of_one_level_is_cgc(n_task: tuple[int, ...], n_shared: int, gate_bias: bool) -> None:
    sizes = {
        "n_shared_experts": n_shared,
        "n_task_experts": n_task,
        "expert_widths": WIDTHS,
        "gate_bias": gate_bias,
    }
    ple = draw(PLERouting, n_levels=1, **sizes)
    cgc = draw(CGCRouting, seed=3, **sizes)
    cgc.level.load_state_dict(ple.levels[0].state_dict())
    assert n_parameters(cgc) == n_parameters(ple)
    _same(ple, cgc)


def test_mmoe_with_one_expert_is_the_shared_bottom() -> None:
    mmoe = draw(MMOERouting, n_experts=1, expert_widths=WIDTHS)
    shared = draw(SharedBottomRouting, seed=3, bottom_widths=WIDTHS)
    shared.bottom.load_state_dict(mmoe.experts.state_dict())
    assert n_parameters(mmoe) == n_parameters(shared)
    _same(mmoe, shared)


@pytest.mark.parametrize("gate_bias", [False, True])
@pytest.mark.parametrize("n_experts", [1, 4])
def test_cgc_without_task_experts_is_mmoe(n_experts: int, gate_bias: bool) -> None:
    cgc = draw(
        CGCRouting,
        n_shared_experts=n_experts,
        n_task_experts=0,
        expert_widths=WIDTHS,
        gate_bias=gate_bias,
    )
    mmoe = draw(MMOERouting, seed=3, n_experts=n_experts, expert_widths=WIDTHS, gate_bias=gate_bias)
    mmoe.experts.load_state_dict(cgc.level.experts.state_dict())
    mmoe.gate.load_state_dict(cgc.level.gate.state_dict())
    assert n_parameters(mmoe) == n_parameters(cgc)
    _same(cgc, mmoe)


def test_mmoe_whose_gates_are_equal_gives_every_task_the_same() -> None:
    mmoe = draw(MMOERouting, n_experts=4, expert_widths=WIDTHS)
    with torch.no_grad():
        gates = mmoe.gate.weight.view(N_TASKS, 4, IN_WIDTH)
        gates[1:] = gates[0]
    out = mmoe(rows())
    torch.testing.assert_close(out, out[:, :1].expand_as(out), rtol=1e-14, atol=1e-14)


def test_towers_on_a_shared_bottom_get_the_identical_tensor() -> None:
    out = draw(ROUTINGS["SharedBottom"])(rows())
    assert out.shape == (BATCH, N_TASKS, 6)
    assert all(torch.equal(out[:, 0], out[:, k]) for k in range(N_TASKS))


def test_cgc_without_shared_experts_and_one_each_is_single_task() -> None:
    cgc = draw(CGCRouting, n_shared_experts=0, n_task_experts=1, expert_widths=WIDTHS)
    single = draw(ROUTINGS["SingleTask"], seed=3)
    single.bottoms.load_state_dict(cgc.level.experts.state_dict())
    assert n_parameters(cgc) == n_parameters(single)
    _same(cgc, single)


@pytest.mark.parametrize("n_levels", [2, 3])
def test_levels_without_shared_experts_and_one_each_are_deeper_single_task_nets(
    n_levels: int,
) -> None:
    widths = [(11,), (8,), (6,)][-n_levels:]
    ple = draw(
        PLERouting,
        n_levels=n_levels,
        n_shared_experts=0,
        n_task_experts=1,
        expert_widths=widths,
    )
    flat = tuple(each[0] for each in widths)
    nets = draw(SingleTaskRouting, seed=3, bottom_widths=flat)
    with torch.no_grad():
        for j, level in enumerate(ple.levels):
            nets.bottoms.weights[j].copy_(level.experts.weights[0])
            nets.bottoms.biases[j].copy_(level.experts.biases[0])
    _same(ple, nets)


@pytest.mark.parametrize("name", ["MMOE", "OMOE", "MLMMOE", "CGC", "PLE", "AdaTT"])
def test_gates_of_zero_mix_evenly(name: str) -> None:
    routing = draw(ROUTINGS[name])
    with torch.no_grad():
        for parameter_name, parameter in routing.named_parameters():
            if "gate" in parameter_name:
                parameter.zero_()
    for reading in routing.gate_readings(rows()):
        n = len(reading.experts)
        torch.testing.assert_close(reading.weights, torch.full_like(reading.weights, 1 / n))


@pytest.mark.parametrize("name", ROUTINGS)
def test_a_row_is_computed_by_itself(name: str) -> None:
    """No row of a batch has a say in another's output."""
    routing = draw(ROUTINGS[name])
    bank = towers(routing)
    x = rows()
    alone = torch.cat([bank(routing(row[None])) for row in x])
    torch.testing.assert_close(bank(routing(x)), alone, rtol=1e-12, atol=1e-12)
