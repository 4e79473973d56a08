"""MTAN for tables in float64 against its equations, one row, one task, one block at a time.

Liu, Johns, Davison, CVPR 2019 (doi 10.1109/CVPR.2019.00197), with layers for convolutions.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import paper_forward as paper
import pytest
import torch
from loading import load_experts, load_towers

from sklearn_ple.nn import FeatureEncoder, MultiTaskModule, TowerBank
from sklearn_ple.routings.mtan import MTANRouting

BATCH, FEATURES, HIDDEN = 7, 5, (8, 10)
N_RAW = (1, 4, 2)

Mask = tuple[paper.Layers, np.ndarray, np.ndarray]


class Drawn:
    """Weights of the reference: layers s, r and f of the trunk, and masks by block and task."""

    def __init__(self, rng: np.random.Generator, widths: tuple[int, ...], n_tasks: int) -> None:
        self.s = [paper.draw_layers(rng, n, (w,)) for n, w in pairwise((FEATURES, *widths))]
        self.r = [paper.draw_layers(rng, w, (w,)) for w in widths]
        self.f = [paper.draw_layers(rng, n, (w,)) for n, w in pairwise(widths)]
        self.masks: list[list[Mask]] = [
            [
                (
                    paper.draw_layers(rng, w if j == 0 else 2 * w, HIDDEN),
                    rng.normal(size=(w, HIDDEN[-1])),
                    rng.normal(size=w),
                )
                for _ in range(n_tasks)
            ]
            for j, w in enumerate(widths)
        ]

    def run(self, x: np.ndarray, task: int, activation: str) -> np.ndarray:
        """What a task's tower reads for one row."""
        p, q = x, np.zeros(0)
        for j, masks in enumerate(self.masks):
            u = paper.run_layers(self.s[j], p, activation)
            p = paper.run_layers(self.r[j], u, activation)
            hidden, weight, bias = masks[task]
            seen = paper.run_layers(hidden, np.concatenate([u, q]), activation)
            a = 1 / (1 + np.exp(-(weight @ seen + bias)))
            if j < len(self.f):
                q = paper.run_layers(self.f[j], a * p, activation)
        return a * p

    @torch.no_grad()
    def load_into(self, routing: MTANRouting) -> None:
        for banks, layers in ((routing.first, self.s), (routing.second, self.r)):
            for bank, each in zip(banks, layers, strict=True):
                load_experts(bank, [each])
        for bank, each in zip(routing.carry, self.f, strict=True):
            load_experts(bank, [each])
        for module, masks in zip(routing.attention, self.masks, strict=True):
            load_experts(module.hidden, [hidden for hidden, _, _ in masks])
            module.weight.copy_(torch.from_numpy(np.stack([w for _, w, _ in masks])))
            module.bias.copy_(torch.from_numpy(np.stack([b for _, _, b in masks])))


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("widths", [(11,), (11, 3), (11, 3, 9)])
@pytest.mark.parametrize("n_tasks", [1, 3])
def test_forward(n_tasks: int, widths: tuple[int, ...], activation: str) -> None:
    rng = np.random.default_rng(n_tasks + len(widths))
    n_raw = N_RAW[:n_tasks]
    x = rng.normal(size=(BATCH, FEATURES))
    drawn = Drawn(rng, widths, n_tasks)
    towers = [paper.draw_tower(rng, widths[-1], (6,), n) for n in n_raw]
    routing = MTANRouting(
        in_width=FEATURES,
        n_tasks=n_tasks,
        block_widths=widths,
        attention_widths=HIDDEN,
        activation=activation,
    )
    bank = TowerBank(n_raw, in_width=widths[-1], widths=(6,), activation=activation)
    module = MultiTaskModule(FeatureEncoder(n_numbers=FEATURES), routing, bank).double()
    drawn.load_into(routing)
    load_towers(bank, towers)
    with torch.no_grad():
        raw = module(numbers=torch.from_numpy(x)).numpy()
    for row, got in zip(x, raw, strict=True):
        read = [drawn.run(row, task, activation) for task in range(n_tasks)]
        expected = paper.run_towers(towers, read, activation)
        np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-10)
