"""One gate for all tasks, in float64, row by row in NumPy."""

from __future__ import annotations

import numpy as np
import paper_forward as paper
import pytest
import torch
from loading import load_experts, load_gates

from sklearn_ple.routings.omoe import OMOERouting

BATCH, FEATURES, N_TASKS = 7, 5, 3


@pytest.mark.parametrize("gate_bias", [False, True])
@pytest.mark.parametrize("n_experts", [1, 2, 4])
def test_every_task_reads_the_one_mixture(n_experts: int, gate_bias: bool) -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(BATCH, FEATURES))
    experts = [paper.draw_layers(rng, FEATURES, (11, 6)) for _ in range(n_experts)]
    gate = paper.draw_gate(rng, n_experts, FEATURES, bias=gate_bias)
    routing = OMOERouting(
        in_width=FEATURES,
        n_tasks=N_TASKS,
        n_experts=n_experts,
        expert_widths=(11, 6),
        gate_bias=gate_bias,
        activation="silu",
    ).double()
    load_experts(routing.experts, experts)
    load_gates(routing.gate, [] if gate is None else [gate])
    expected = []
    for row in x:
        shares = paper.run_gate(gate, row)
        outputs = [paper.run_layers(expert, row, "silu") for expert in experts]
        expected.append([sum(s * out for s, out in zip(shares, outputs, strict=True))] * N_TASKS)
    with torch.no_grad():
        found = routing(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10)
