"""Gates: shares of one over the candidates, zero elsewhere, and none where nothing is chosen."""

from __future__ import annotations

import pytest
import torch
from drawn import BATCH, N_TASKS, ROUTINGS, draw, rows

from sklearn_ple.architectures import CGCRouting, PLERouting

GATED = ["MMOE", "OMOE", "MLMMOE", "CGC", "PLE", "AdaTT"]


@pytest.mark.parametrize("gate_bias", [False, True])
@pytest.mark.parametrize("name", GATED)
def test_rows_are_positive_and_sum_to_one(name: str, gate_bias: bool) -> None:
    routing = draw(ROUTINGS[name], gate_bias=gate_bias)
    readings = routing.gate_readings(10 * rows())
    assert readings
    for reading in readings:
        assert reading.weights.shape == (BATCH, len(reading.experts))
        assert (reading.weights > 0).all()
        torch.testing.assert_close(
            reading.weights.sum(1), torch.ones(BATCH, dtype=torch.float64), rtol=1e-14, atol=0
        )


def test_zero_outside_the_candidates() -> None:
    cgc = draw(ROUTINGS["CGC"])
    weights = cgc.level.gate_weights(rows())
    for k in range(N_TASKS):
        shut = [e for e, (owner, _) in enumerate(cgc.level.labels) if owner not in (k, None)]
        assert shut
        assert not weights[:, k, shut].any()
    torch.testing.assert_close(weights.sum(2), torch.ones_like(weights[..., 0]))


def test_who_may_choose_what_in_ple() -> None:
    """KN + N - 1 gates: every task at every level, and a shared one below the last."""
    counts = (2, 1, 3)
    for n_levels in (1, 2, 4):
        ple = draw(
            PLERouting,
            n_levels=n_levels,
            n_shared_experts=2,
            n_task_experts=counts,
            expert_widths=(6,),
        )
        readings = ple.gate_readings(rows())
        assert len(readings) == N_TASKS * n_levels + n_levels - 1
        seen = [(reading.level, reading.gate) for reading in readings]
        expected = [
            (level, gate)
            for level in range(1, n_levels + 1)
            for gate in [*range(N_TASKS), *([None] if level < n_levels else [])]
        ]
        assert seen == expected
        shared = tuple((None, j) for j in range(2))
        everybody = tuple((k, j) for k, m in enumerate(counts) for j in range(m)) + shared
        for reading in readings:
            k = reading.gate
            own = () if k is None else tuple((k, j) for j in range(counts[k]))
            assert reading.experts == (everybody if k is None else own + shared)


def test_mmoe_and_cgc_have_a_gate_a_task() -> None:
    for name in ("MMOE", "CGC"):
        readings = draw(ROUTINGS[name]).gate_readings(rows())
        assert [(r.level, r.gate) for r in readings] == [(1, k) for k in range(N_TASKS)]


@pytest.mark.parametrize("name", ["SingleTask", "SharedBottom"])
def test_schemes_without_gates_have_nothing_to_read(name: str) -> None:
    assert draw(ROUTINGS[name]).gate_readings(rows()) == []


@pytest.mark.parametrize("n_levels", [1, 3])
def test_no_shared_gate_without_shared_experts(n_levels: int) -> None:
    ple = draw(
        PLERouting,
        n_levels=n_levels,
        n_shared_experts=0,
        n_task_experts=(2, 1, 3),
        expert_widths=(6,),
    )
    assert None not in [reading.gate for reading in ple.gate_readings(rows())]


@pytest.mark.parametrize("gate_bias", [False, True])
def test_a_gate_with_one_candidate_has_no_parameters_and_gives_one(gate_bias: bool) -> None:
    """Task 0 has one expert, task 1 none of its own, task 2 two; nothing or one is shared."""
    alone = draw(
        CGCRouting,
        n_shared_experts=0,
        n_task_experts=(1, 1, 1),
        expert_widths=(6,),
        gate_bias=gate_bias,
    )
    assert list(alone.level.gate.parameters()) == []
    some = draw(
        CGCRouting,
        n_shared_experts=1,
        n_task_experts=(0, 0, 2),
        expert_widths=(6,),
        gate_bias=gate_bias,
    )
    assert len(some.level.gate.weight) == 3
    for reading in [*alone.gate_readings(rows()), *some.gate_readings(rows())[:2]]:
        assert torch.equal(reading.weights, torch.ones(BATCH, 1, dtype=torch.float64))


@pytest.mark.parametrize("name", ["CGC", "PLE"])
def test_the_order_of_shared_experts_does_not_matter(name: str) -> None:
    """Exchange the shared experts and, in every gate, their rows: the output stays."""
    routing = draw(ROUTINGS[name])
    x = rows()
    before = routing(x)
    for level in [routing.level] if name == "CGC" else routing.levels:
        n_experts = len(level.labels)
        order = [*range(n_experts - 2), n_experts - 1, n_experts - 2]
        with torch.no_grad():
            for parameter in level.experts.parameters():
                parameter.copy_(parameter[order].clone())
            start = 0
            for candidates in level.gate.candidates:
                end = start + len(candidates)
                last = level.gate.weight[end - 2 : end]
                last.copy_(last.flip(0).clone())
                start = end
    torch.testing.assert_close(routing(x), before, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("name", ["CGC", "PLE", "MMOE"])
def test_readings_are_what_forward_mixes_by(name: str) -> None:
    """The last level's task outputs are its experts, weighted as the readings say."""
    routing = draw(ROUTINGS[name])
    x = rows()
    z = x
    if name == "PLE":
        z = routing.levels[0](x)
    level = {"CGC": "level", "PLE": "levels", "MMOE": None}[name]
    part = routing if level is None else getattr(routing, level)
    part = part[-1] if name == "PLE" else part
    experts = part.experts(z)
    labels = [(None, e) for e in range(4)] if name == "MMOE" else part.labels
    last = max(reading.level for reading in routing.gate_readings(x))
    for reading in routing.gate_readings(x):
        if reading.level < last:
            continue
        chosen = experts[:, [labels.index(expert) for expert in reading.experts]]
        mixed = (reading.weights[..., None] * chosen).sum(1)
        torch.testing.assert_close(mixed, routing(x)[:, reading.gate], rtol=1e-12, atol=1e-12)
