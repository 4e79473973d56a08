"""MLMMOE: gates between levels that look at the input alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from drawn import BATCH, N_TASKS, ROUTINGS, draw, n_parameters, rows, towers

from sklearn_ple.architectures import MMOERouting, SharedBottomRouting
from sklearn_ple.nn import mix
from sklearn_ple.routings.mlmmoe import MLMMOERouting


def _three_levels(**options: object) -> MLMMOERouting:
    return draw(
        MLMMOERouting, n_levels=3, n_experts=4, expert_widths=[(11,), (9, 8), (6,)], **options
    )


@pytest.mark.parametrize("gate_bias", [False, True])
def test_one_level_is_mmoe(gate_bias: bool) -> None:
    sizes = {"n_experts": 4, "expert_widths": (11, 6), "gate_bias": gate_bias}
    deep = draw(MLMMOERouting, n_levels=1, **sizes)
    flat = draw(MMOERouting, seed=3, **sizes)
    flat.experts.load_state_dict(deep.experts[0].state_dict())
    flat.gate.load_state_dict(deep.gate.state_dict())
    assert n_parameters(flat) == n_parameters(deep)
    torch.testing.assert_close(deep(rows()), flat(rows()), rtol=1e-13, atol=1e-13)


def test_one_expert_a_level_is_a_shared_bottom_of_all_layers() -> None:
    deep = draw(MLMMOERouting, n_levels=2, n_experts=1, expert_widths=[(11, 8), (6,)])
    shared = draw(SharedBottomRouting, seed=3, bottom_widths=(11, 8, 6))
    with torch.no_grad():
        layers = [
            layer for bank in deep.experts for layer in zip(bank.weights, bank.biases, strict=True)
        ]
        for j, (weight, bias) in enumerate(layers):
            shared.bottom.weights[j].copy_(weight)
            shared.bottom.biases[j].copy_(bias)
    assert n_parameters(deep) == n_parameters(shared)
    torch.testing.assert_close(deep(rows()), shared(rows()), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("level", [0, 1])
def test_what_experts_learn_moves_outputs_and_no_gate(level: int) -> None:
    """The selector of every gate is x: level 2's do not see what level 1 puts out."""
    routing, x = _three_levels(), rows()
    before, weights = routing(x), [r.weights for r in routing.gate_readings(x)]
    with torch.no_grad():
        for parameter in routing.experts[level].parameters():
            parameter += 0.3
    assert all(
        torch.equal(old, new.weights)
        for old, new in zip(weights, routing.gate_readings(x), strict=True)
    )
    moved = (routing(x) - before).abs().amax(dim=(0, 2))
    assert (moved > 1e-3).all()


def test_an_expert_reads_the_gate_of_its_number() -> None:
    """Change level 1's gate 2: expert 2 of level 2 moves, and none beside it."""
    routing, x, n = draw(ROUTINGS["MLMMOE"]), rows(), 4
    first, second = routing.experts

    def outputs() -> torch.Tensor:
        return second(mix(routing.gate(x)[:, :n], first(x))).detach()

    before = outputs()
    with torch.no_grad():
        routing.gate.weight[2 * n : 3 * n] = routing.gate.weight[2 * n : 3 * n].flip(0)
    same = [torch.equal(before[:, e], outputs()[:, e]) for e in range(n)]
    assert same == [True, True, False, True]


def test_gates_are_named_by_their_readers() -> None:
    """4 shared gates at levels 1 and 2, which feed the next level's experts; a gate per task."""
    readings = _three_levels().gate_readings(rows())
    names = [(reading.level, reading.gate, reading.number) for reading in readings]
    between = [(level, None, i) for level in (1, 2) for i in range(4)]
    assert names == between + [(3, k, None) for k in range(N_TASKS)]
    assert {reading.experts for reading in readings} == {tuple((None, e) for e in range(4))}


def test_readings_are_what_forward_mixes_by() -> None:
    routing, x = _three_levels(), rows()
    readings = routing.gate_readings(x)
    z = x
    for level, bank in enumerate(routing.experts, start=1):
        weights = torch.stack([r.weights for r in readings if r.level == level], dim=1)
        z = torch.einsum("bge,bed->bgd", weights, bank(z))
    assert z.shape == (BATCH, N_TASKS, 6)
    torch.testing.assert_close(routing(x), z, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("n_tasks", [1, 3])
@pytest.mark.parametrize("n_experts", [1, 2, 5])
@pytest.mark.parametrize("n_levels", [1, 2, 3])
def test_every_unit_learns(n_levels: int, n_experts: int, n_tasks: int) -> None:
    routing = draw(
        MLMMOERouting,
        n_tasks=n_tasks,
        n_levels=n_levels,
        n_experts=n_experts,
        expert_widths=[(11, 8), (7,), (6,)][:n_levels],
        gate_bias=True,
    )
    raw = towers(routing, tuple(range(1, n_tasks + 1)))(routing(rows(n=31)))
    (raw.square().mean() + raw.mean()).backward()
    for name, parameter in routing.named_parameters():
        assert (parameter.grad != 0).all(), name


def test_parameters_worked_by_hand() -> None:
    """10 features, 2 tasks, 3 experts, widths 8 and 4: 264 + 90 + 108 + 60."""
    routing = MLMMOERouting(
        in_width=10, n_tasks=2, n_levels=2, n_experts=3, expert_widths=[(8,), (4,)]
    )
    assert [n_parameters(bank) for bank in routing.experts] == [264, 108]
    assert n_parameters(routing.gate) == 90 + 60
    assert n_parameters(routing) == 522


@pytest.mark.parametrize("seed", range(12))
def test_parameters(seed: int) -> None:
    """The experts' own, (L - 1) n² D for gates between levels, K n D for those of tasks."""
    rng = np.random.default_rng(seed)
    n_levels = int(rng.integers(1, 4))
    d, n_tasks, n, *widths = rng.choice(
        np.arange(2, 30), size=3 + 2 * n_levels, replace=False
    ).tolist()
    by_level = [tuple(widths[2 * j : 2 * j + 2]) for j in range(n_levels)]
    bias = bool(rng.integers(2))
    routing = MLMMOERouting(
        in_width=d,
        n_tasks=n_tasks,
        n_levels=n_levels,
        n_experts=n,
        expert_widths=by_level,
        gate_bias=bias,
    )
    ins = [d, *(each[-1] for each in by_level[:-1])]
    experts = sum(
        n * ((into + 1) * first + (first + 1) * last)
        for into, (first, last) in zip(ins, by_level, strict=True)
    )
    gates = ((n_levels - 1) * n * n + n_tasks * n) * (d + bias)
    assert n_parameters(routing) == experts + gates


def test_widths_for_another_number_of_levels() -> None:
    with pytest.raises(ValueError, match="2 tuples for n_levels=3"):
        MLMMOERouting(in_width=5, n_tasks=3, n_levels=3, n_experts=2, expert_widths=[(7,), (4,)])
