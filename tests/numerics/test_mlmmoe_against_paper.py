"""Levels of MMOE with gates on the input, in float64, row by row in NumPy."""

from __future__ import annotations

import numpy as np
import paper_forward as paper
import pytest
import torch
from loading import load_experts, load_gates

from sklearn_ple.routings.mlmmoe import MLMMOERouting

BATCH, FEATURES, N_TASKS = 7, 5, 3


@pytest.mark.parametrize("gate_bias", [False, True])
@pytest.mark.parametrize("n_experts", [1, 2, 4])
@pytest.mark.parametrize(
    "widths", [[(11, 6)], [(11,), (6,)], [(11, 6), (9, 8), (3,)]], ids=lambda each: f"{len(each)}"
)
def test_forward(widths: list[tuple[int, ...]], n_experts: int, gate_bias: bool) -> None:
    rng = np.random.default_rng(6)
    x = rng.normal(size=(BATCH, FEATURES))
    ins = [FEATURES, *(each[-1] for each in widths[:-1])]
    levels = [
        [paper.draw_layers(rng, into, each) for _ in range(n_experts)]
        for into, each in zip(ins, widths, strict=True)
    ]
    n_gates = [n_experts] * (len(widths) - 1) + [N_TASKS]
    gates = [
        [paper.draw_gate(rng, n_experts, FEATURES, bias=gate_bias) for _ in range(n)]
        for n in n_gates
    ]
    routing = MLMMOERouting(
        in_width=FEATURES,
        n_tasks=N_TASKS,
        n_levels=len(widths),
        n_experts=n_experts,
        expert_widths=widths,
        gate_bias=gate_bias,
        activation="tanh",
    ).double()
    for bank, experts in zip(routing.experts, levels, strict=True):
        load_experts(bank, experts)
    load_gates(routing.gate, [gate for level in gates for gate in level if gate is not None])
    expected = []
    for row in x:
        read = [row] * n_experts
        for experts, selectors in zip(levels, gates, strict=True):
            pairs = zip(experts, read, strict=True)
            outputs = [paper.run_layers(expert, z, "tanh") for expert, z in pairs]
            read = [paper.run_gate(gate, row) @ np.stack(outputs) for gate in selectors]
        expected.append(read)
    with torch.no_grad():
        found = routing(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10)


def test_worked_by_hand() -> None:
    """One feature x = 1, two tasks, two experts a level, no activation.

    Level 1 puts out 2 and 6. The gate of expert 1 has logits (0, ln 3): 2/4 + 3·6/4 = 5; that of
    expert 2 even ones: 4. Level 2's experts double what they read: 10 and 8. Task A's gate is even:
    9; task B's has logits (ln 9, 0): (9·10 + 8) / 10 = 9.8.
    """
    routing = MLMMOERouting(
        in_width=1,
        n_tasks=2,
        n_levels=2,
        n_experts=2,
        expert_widths=[(1,), (1,)],
        activation="identity",
    ).double()
    with torch.no_grad():
        for bank, weights in zip(routing.experts, ([2.0, 6.0], [2.0, 2.0]), strict=True):
            bank.weights[0].copy_(torch.tensor(weights).view(2, 1, 1))
            bank.biases[0].zero_()
        logits = [0, np.log(3), 0, 0, 0, 0, np.log(9), 0]
        routing.gate.weight.copy_(torch.tensor(logits)[:, None])
        out = routing(torch.ones(1, 1, dtype=torch.float64))
    np.testing.assert_allclose(out[0, :, 0], [9, 9.8], rtol=1e-14)
