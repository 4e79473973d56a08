"""OMOE: one gate for all tasks, and what it is a special case of."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from drawn import IN_WIDTH, N_TASKS, ROUTINGS, draw, n_parameters, rows

from sklearn_ple.architectures import MMOERouting, SharedBottomRouting
from sklearn_ple.routings.omoe import OMOERouting

WIDTHS = (11, 6)


def test_one_expert_is_the_shared_bottom() -> None:
    omoe = draw(OMOERouting, n_experts=1, expert_widths=WIDTHS)
    shared = draw(SharedBottomRouting, seed=3, bottom_widths=WIDTHS)
    shared.bottom.load_state_dict(omoe.experts.state_dict())
    assert n_parameters(omoe) == n_parameters(shared)
    torch.testing.assert_close(omoe(rows()), shared(rows()), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("gate_bias", [False, True])
@pytest.mark.parametrize("gate_widths", [(), (9,)])
def test_mmoe_whose_gates_are_equal_is_omoe(gate_widths: tuple[int, ...], gate_bias: bool) -> None:
    sizes = {
        "n_experts": 4,
        "expert_widths": WIDTHS,
        "gate_bias": gate_bias,
        "gate_widths": gate_widths,
    }
    omoe = draw(OMOERouting, **sizes)
    mmoe = draw(MMOERouting, seed=3, **sizes)
    mmoe.experts.load_state_dict(omoe.experts.state_dict())
    with torch.no_grad():
        for name, parameter in mmoe.gate.named_parameters():
            one = omoe.gate.get_parameter(name)
            parameter.copy_(torch.cat([one] * N_TASKS))
    torch.testing.assert_close(mmoe(rows()), omoe(rows()), rtol=1e-13, atol=1e-13)


def test_one_task_alone_cannot_tell_it_from_mmoe() -> None:
    omoe = draw(OMOERouting, n_tasks=1, n_experts=4, expert_widths=WIDTHS)
    mmoe = draw(MMOERouting, seed=3, n_tasks=1, n_experts=4, expert_widths=WIDTHS)
    mmoe.load_state_dict(omoe.state_dict())
    assert torch.equal(omoe(rows()), mmoe(rows()))


def test_towers_get_the_identical_tensor() -> None:
    out = draw(ROUTINGS["OMOE"])(rows())
    assert out.shape == (len(rows()), N_TASKS, 6)
    assert all(torch.equal(out[:, 0], out[:, k]) for k in range(N_TASKS))


def test_its_gate_is_shared_and_depends_on_the_row() -> None:
    (reading,) = draw(ROUTINGS["OMOE"]).gate_readings(rows())
    assert (reading.level, reading.gate, reading.number) == (1, None, None)
    assert reading.experts == tuple((None, e) for e in range(4))
    assert (reading.weights.std(0) > 0).all()


@pytest.mark.parametrize("seed", range(12))
def test_parameters(seed: int) -> None:
    """n P(D; h) + n D, whatever the number of tasks."""
    rng = np.random.default_rng(seed)
    in_width, n_tasks, n_experts, first, last = rng.choice(
        np.arange(2, 30), size=5, replace=False
    ).tolist()
    bias = bool(rng.integers(2))
    omoe = OMOERouting(
        in_width=in_width,
        n_tasks=n_tasks,
        n_experts=n_experts,
        expert_widths=(first, last),
        gate_bias=bias,
    )
    expert = (in_width + 1) * first + (first + 1) * last
    assert n_parameters(omoe) == n_experts * expert + n_experts * (in_width + bias)


def test_exchanging_experts_and_the_gates_rows_changes_nothing() -> None:
    omoe = draw(ROUTINGS["OMOE"])
    before = omoe(rows())
    order = [2, 0, 3, 1]
    with torch.no_grad():
        for parameter in [*omoe.experts.parameters(), omoe.gate.weight]:
            parameter.copy_(parameter[order].clone())
    assert omoe.gate.weight.shape == (4, IN_WIDTH)
    torch.testing.assert_close(omoe(rows()), before, rtol=1e-13, atol=1e-13)
