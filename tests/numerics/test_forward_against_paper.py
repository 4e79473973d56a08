"""Every routing with its towers, in float64, against the paper's equations row by row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import paper_forward as paper
import pytest
import torch
from loading import load_experts, load_gates, load_level, load_towers

from sklearn_ple.architectures import (
    CGCRouting,
    MMOERouting,
    PLERouting,
    SharedBottomRouting,
    SingleTaskRouting,
)
from sklearn_ple.nn import ExtractionLevel, FeatureEncoder, MultiTaskModule, Routing, TowerBank

BATCH, FEATURES = 7, 5
N_RAW = (1, 4, 2)
N_TASKS = len(N_RAW)
TOWER_WIDTHS = [(), (6,), (9, 8)]


def _compare(
    routing: Routing,
    reference: list[list[np.ndarray]],
    towers: Sequence[paper.Tower],
    x: np.ndarray,
    activation: str,
) -> None:
    """Raw outputs of the whole module against the reference's representations and towers."""
    widths = [len(bias) for _, bias in towers[0].hidden]
    bank = TowerBank(N_RAW, in_width=routing.out_width, widths=widths, activation=activation)
    module = MultiTaskModule(FeatureEncoder(n_numbers=FEATURES), routing, bank).double()
    load_towers(bank, towers)
    with torch.no_grad():
        raw = module(numbers=torch.from_numpy(x)).numpy()
    expected = [paper.run_towers(towers, of_task, activation) for of_task in reference]
    np.testing.assert_allclose(raw, expected, rtol=1e-10, atol=1e-10)


def _towers(rng: np.random.Generator, in_width: int, widths: tuple[int, ...]) -> list[paper.Tower]:
    return [paper.draw_tower(rng, in_width, widths, n) for n in N_RAW]


@pytest.mark.parametrize("tower_widths", TOWER_WIDTHS)
@pytest.mark.parametrize("bottom_widths", [(11,), (11, 3)])
def test_single_task(bottom_widths: tuple[int, ...], tower_widths: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(BATCH, FEATURES))
    bottoms = [paper.draw_layers(rng, FEATURES, bottom_widths) for _ in range(N_TASKS)]
    routing = SingleTaskRouting(in_width=FEATURES, n_tasks=N_TASKS, bottom_widths=bottom_widths)
    load_experts(routing.double().bottoms, bottoms)
    reference = [[paper.run_layers(b, row, "relu") for b in bottoms] for row in x]
    _compare(routing, reference, _towers(rng, bottom_widths[-1], tower_widths), x, "relu")


@pytest.mark.parametrize("tower_widths", TOWER_WIDTHS)
@pytest.mark.parametrize("bottom_widths", [(11,), (11, 3)])
def test_shared_bottom(bottom_widths: tuple[int, ...], tower_widths: tuple[int, ...]) -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(BATCH, FEATURES))
    bottom = paper.draw_layers(rng, FEATURES, bottom_widths)
    routing = SharedBottomRouting(in_width=FEATURES, n_tasks=N_TASKS, bottom_widths=bottom_widths)
    load_experts(routing.double().bottom, [bottom])
    reference = [[paper.run_layers(bottom, row, "relu")] * N_TASKS for row in x]
    _compare(routing, reference, _towers(rng, bottom_widths[-1], tower_widths), x, "relu")


@pytest.mark.parametrize("tower_widths", TOWER_WIDTHS)
@pytest.mark.parametrize("gate_bias", [False, True])
@pytest.mark.parametrize("n_experts", [1, 2, 4])
def test_mmoe(n_experts: int, gate_bias: bool, tower_widths: tuple[int, ...]) -> None:
    rng = np.random.default_rng(2)
    widths = (11, 3)
    x = rng.normal(size=(BATCH, FEATURES))
    experts = [paper.draw_layers(rng, FEATURES, widths) for _ in range(n_experts)]
    gates = [paper.draw_gate(rng, n_experts, FEATURES, bias=gate_bias) for _ in range(N_TASKS)]
    routing = MMOERouting(
        in_width=FEATURES,
        n_tasks=N_TASKS,
        n_experts=n_experts,
        expert_widths=widths,
        gate_bias=gate_bias,
        activation="tanh",
    ).double()
    load_experts(routing.experts, experts)
    load_gates(routing.gate, [gate for gate in gates if gate is not None])
    reference = []
    for row in x:
        outputs = [paper.run_layers(e, row, "tanh") for e in experts]
        reference.append(
            [
                sum(w * out for w, out in zip(paper.run_gate(gate, row), outputs, strict=True))
                for gate in gates
            ]
        )
    _compare(routing, reference, _towers(rng, widths[-1], tower_widths), x, "tanh")


COUNTS = [
    ((2, 1, 3), 2),
    ((2, 1, 3), 1),
    ((1, 1, 1), 4),
    ((0, 2, 1), 2),
    ((3, 0, 0), 1),
    ((2, 1, 3), 0),
]


@pytest.mark.parametrize("gate_bias", [False, True])
@pytest.mark.parametrize(("n_task", "n_shared"), COUNTS)
def test_cgc(n_task: tuple[int, ...], n_shared: int, gate_bias: bool) -> None:
    rng = np.random.default_rng(3)
    widths = (11, 6, 3)
    x = rng.normal(size=(BATCH, FEATURES))
    level = paper.draw_level(
        rng, n_task, n_shared, FEATURES, widths, bias=gate_bias, has_shared_gate=False
    )
    routing = CGCRouting(
        in_width=FEATURES,
        n_tasks=N_TASKS,
        n_shared_experts=n_shared,
        n_task_experts=n_task,
        expert_widths=widths,
        gate_bias=gate_bias,
        activation="silu",
    ).double()
    load_level(routing.level, level)
    reference = [paper.run_levels([level], row, "silu") for row in x]
    _compare(routing, reference, _towers(rng, widths[-1], (8,)), x, "silu")


@pytest.mark.parametrize("gate_bias", [False, True])
@pytest.mark.parametrize(
    "widths",
    [[(11, 6)], [(11,), (6,)], [(11, 6), (9, 3)], [(11,), (6, 9), (3,)]],
    ids=lambda widths: f"{len(widths)} levels",
)
@pytest.mark.parametrize(("n_task", "n_shared"), COUNTS)
def test_ple(
    n_task: tuple[int, ...], n_shared: int, widths: list[tuple[int, ...]], gate_bias: bool
) -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=(BATCH, FEATURES))
    ins = [FEATURES, *(each[-1] for each in widths[:-1])]
    levels = [
        paper.draw_level(
            rng,
            n_task,
            n_shared,
            in_width,
            each,
            bias=gate_bias,
            has_shared_gate=n_shared > 0 and j < len(widths) - 1,
        )
        for j, (in_width, each) in enumerate(zip(ins, widths, strict=True))
    ]
    routing = PLERouting(
        in_width=FEATURES,
        n_tasks=N_TASKS,
        n_levels=len(widths),
        n_shared_experts=n_shared,
        n_task_experts=n_task,
        expert_widths=widths,
        gate_bias=gate_bias,
    ).double()
    for module, level in zip(routing.levels, levels, strict=True):
        assert isinstance(module, ExtractionLevel)
        load_level(module, level)
    reference = [paper.run_levels(levels, row, "relu") for row in x]
    _compare(routing, reference, _towers(rng, widths[-1][-1], (8,)), x, "relu")
