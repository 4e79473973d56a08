"""Customized sharing in float64, one row and one task at a time: t_k([b_k(x) ; b_s(x)])."""

from __future__ import annotations

import numpy as np
import paper_forward as paper
import pytest
import torch
from loading import load_experts, load_towers

from sklearn_ple.nn import FeatureEncoder, MultiTaskModule, TowerBank
from sklearn_ple.routings.customized_sharing import CustomizedSharingRouting

BATCH, FEATURES = 7, 5
N_RAW = (1, 4, 2)


@pytest.mark.parametrize("activation", ["relu", "silu"])
@pytest.mark.parametrize("tower_widths", [(), (6,), (9, 8)])
@pytest.mark.parametrize("widths", [(11,), (11, 3)])
@pytest.mark.parametrize("n_tasks", [1, 3])
def test_forward(
    n_tasks: int, widths: tuple[int, ...], tower_widths: tuple[int, ...], activation: str
) -> None:
    rng = np.random.default_rng(n_tasks)
    n_raw = N_RAW[:n_tasks]
    x = rng.normal(size=(BATCH, FEATURES))
    bottoms = [paper.draw_layers(rng, FEATURES, widths) for _ in n_raw]
    shared = paper.draw_layers(rng, FEATURES, widths)
    towers = [paper.draw_tower(rng, 2 * widths[-1], tower_widths, n) for n in n_raw]
    routing = CustomizedSharingRouting(
        in_width=FEATURES, n_tasks=n_tasks, bottom_widths=widths, activation=activation
    )
    bank = TowerBank(n_raw, in_width=routing.out_width, widths=tower_widths, activation=activation)
    module = MultiTaskModule(FeatureEncoder(n_numbers=FEATURES), routing, bank).double()
    load_experts(routing.bottoms, [*bottoms, shared])
    load_towers(bank, towers)
    with torch.no_grad():
        raw = module(numbers=torch.from_numpy(x)).numpy()
    for row, got in zip(x, raw, strict=True):
        for_all = paper.run_layers(shared, row, activation)
        own = [paper.run_layers(bottom, row, activation) for bottom in bottoms]
        read = [np.concatenate([h, for_all]) for h in own]
        expected = paper.run_towers(towers, read, activation)
        np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-10)
