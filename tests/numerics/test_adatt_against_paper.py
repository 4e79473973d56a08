"""Adaptive task-to-task fusion, in float64, row by row and expert by expert in NumPy."""

from __future__ import annotations

import numpy as np
import paper_forward as paper
import pytest
import torch
from loading import load_experts, load_gates

from sklearn_ple.routings.adatt import AdaTTRouting

BATCH, FEATURES, N_TASKS = 7, 5, 3
COUNTS = [((2, 1, 3), 2), ((2, 1, 3), 1), ((1, 1, 1), 0), ((3, 1, 2), 0), ((0, 2, 1), 3)]


@pytest.mark.parametrize("gate_bias", [False, True])
@pytest.mark.parametrize(
    "widths", [[(11, 6)], [(11,), (6,)], [(11, 6), (9, 8), (3,)]], ids=lambda each: f"{len(each)}"
)
@pytest.mark.parametrize(("n_task", "n_shared"), COUNTS)
def test_forward(
    n_task: tuple[int, ...], n_shared: int, widths: list[tuple[int, ...]], gate_bias: bool
) -> None:
    """Units are the tasks and, where it has experts, the shared one."""
    rng = np.random.default_rng(7)
    x = rng.normal(size=(BATCH, FEATURES))
    units = [*n_task, n_shared] if n_shared else [*n_task]
    n_all = sum(units)
    routing = AdaTTRouting(
        in_width=FEATURES,
        n_tasks=N_TASKS,
        n_levels=len(widths),
        n_shared_experts=n_shared,
        n_task_experts=n_task,
        expert_widths=widths,
        gate_bias=gate_bias,
        activation="silu",
    ).double()
    z = np.stack([x] * len(units), axis=1)
    for j, each in enumerate(widths):
        into = z.shape[2]
        experts = [[paper.draw_layers(rng, into, each) for _ in range(m)] for m in units]
        readers = range(N_TASKS if j == len(widths) - 1 else len(units))
        gates = [paper.draw_gate(rng, n_all, into, bias=gate_bias) for _ in readers]
        shares = [rng.normal(size=m) if m > 1 else np.ones(m) for m in units]
        load_experts(routing.levels[j].experts, [e for own in experts for e in own])
        load_gates(routing.levels[j].gate, [gate for gate in gates if gate is not None])
        learned = [v for r in readers for v in shares[r] if units[r] > 1]
        if learned:
            with torch.no_grad():
                routing.own[j].weight.copy_(torch.tensor(learned))
        z = np.stack([_level(row, experts, gates, shares) for row in z])
    with torch.no_grad():
        found = routing(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(found, z, rtol=1e-10, atol=1e-10)


def _level(
    streams: np.ndarray,
    experts: list[list[paper.Layers]],
    gates: list[paper.GateOf | None],
    shares: list[np.ndarray],
) -> np.ndarray:
    """For one row: the gate's mixture of all, plus the unit's own experts by their shares."""
    outputs = [
        [paper.run_layers(expert, stream, "silu") for expert in own]
        for own, stream in zip(experts, streams, strict=True)
    ]
    everybody = np.stack([out for own in outputs for out in own])
    fused = []
    for r, gate in enumerate(gates):
        mixture = paper.run_gate(gate, streams[r]) @ everybody
        fused.append(mixture + sum(v * out for v, out in zip(shares[r], outputs[r], strict=True)))
    return np.stack(fused)


def test_worked_by_hand() -> None:
    """One feature x = 1, no activation; task A has experts 1 and 3, task B one of 8.

    A's gate has logits (0, 0, ln 2) and shares (0.5, -1): (1 + 3 + 2·8) / 4 + 0.5 - 3 = 2.5.
    B's gate is even and its one expert added: 12 / 3 + 8 = 12.
    """
    routing = AdaTTRouting(
        in_width=1,
        n_tasks=2,
        n_levels=1,
        n_shared_experts=0,
        n_task_experts=(2, 1),
        expert_widths=(1,),
        activation="identity",
    ).double()
    with torch.no_grad():
        bank = routing.levels[0].experts
        bank.weights[0].copy_(torch.tensor([1.0, 3.0, 8.0]).view(3, 1, 1))
        bank.biases[0].zero_()
        logits = torch.tensor([0, 0, np.log(2), 0, 0, 0])
        routing.levels[0].gate.weight.copy_(logits[:, None])
        routing.own[0].weight.copy_(torch.tensor([0.5, -1.0]))
        out = routing(torch.ones(1, 1, dtype=torch.float64))
    np.testing.assert_allclose(out[0, :, 0], [2.5, 12], rtol=1e-14)
