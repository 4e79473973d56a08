"""Asymmetric sharing in float64, one row at a time: t_k(fuse({h_j : j in A_k})).

The concatenation is written out here: towers whose first layer has a block for each bottom that
the task reads, as many units as they are. The package has no such layers; that it computes the same
is what is shown.
"""

from __future__ import annotations

import numpy as np
import paper_forward as paper
import pytest
import torch
from loading import load_experts, load_towers

from sklearn_ple.nn import FeatureEncoder, MultiTaskModule, TowerBank
from sklearn_ple.routings.asymmetric_sharing import AsymmetricSharingRouting

BATCH, FEATURES = 7, 5
N_RAW = (1, 4, 2)
WIDTHS, WIDTH = (11, 8), 8
MAPS = [[[0], [0, 1], [0, 1, 2]], [[0, 2], [1], [0, 1, 2]], [[0], [1], [2]], [[0, 1, 2]] * 3]


def _module(
    relations: list[list[int]], fusion: str, tower_widths: tuple[int, ...]
) -> tuple[AsymmetricSharingRouting, TowerBank, MultiTaskModule]:
    routing = AsymmetricSharingRouting(
        in_width=FEATURES,
        n_tasks=len(N_RAW),
        bottom_widths=WIDTHS,
        relations=relations,
        fusion=fusion,
    )
    bank = TowerBank(N_RAW, in_width=routing.out_width, widths=tower_widths)
    module = MultiTaskModule(FeatureEncoder(n_numbers=FEATURES), routing, bank).double()
    return routing, bank, module


@torch.no_grad()
def _raw(module: MultiTaskModule, x: np.ndarray) -> np.ndarray:
    return module(numbers=torch.from_numpy(x)).numpy()


@pytest.mark.parametrize("tower_widths", [(), (6,), (9, 4)])
@pytest.mark.parametrize("fusion", ["sum", "mean"])
@pytest.mark.parametrize("relations", MAPS, ids=str)
def test_sum_and_mean(
    relations: list[list[int]], fusion: str, tower_widths: tuple[int, ...]
) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(BATCH, FEATURES))
    bottoms = [paper.draw_layers(rng, FEATURES, WIDTHS) for _ in N_RAW]
    towers = [paper.draw_tower(rng, WIDTH, tower_widths, n) for n in N_RAW]
    routing, bank, module = _module(relations, fusion, tower_widths)
    load_experts(routing.bottoms, bottoms)
    load_towers(bank, towers)
    fuse = {"sum": np.sum, "mean": np.mean}[fusion]
    for row, got in zip(x, _raw(module, x), strict=True):
        h = [paper.run_layers(bottom, row, "relu") for bottom in bottoms]
        read = [fuse([h[j] for j in each], axis=0) for each in relations]
        expected = paper.run_towers(towers, read, "relu")
        np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("tower_widths", [(), (6,), (8, 9)])
@pytest.mark.parametrize("relations", MAPS, ids=str)
def test_concatenation(relations: list[list[int]], tower_widths: tuple[int, ...]) -> None:
    """Any towers over the bottoms side by side are met, if no wider than a bottom."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(BATCH, FEATURES))
    bottoms = [paper.draw_layers(rng, FEATURES, WIDTHS) for _ in N_RAW]
    wide = [
        paper.draw_tower(rng, len(each) * WIDTH, tower_widths, n)
        for each, n in zip(relations, N_RAW, strict=True)
    ]
    routing, bank, module = _module(relations, "concat", tower_widths)
    load_experts(routing.bottoms, bottoms)
    narrow, projections = [], []
    for k, (each, tower) in enumerate(zip(relations, wide, strict=True)):
        own, others = _split_first(tower, each, k)
        narrow.append(own)
        projections += others
    load_towers(bank, narrow)
    if routing.projections is not None:
        with torch.no_grad():
            routing.projections.weight.copy_(torch.from_numpy(np.stack(projections)))
    else:
        assert not projections
    for row, got in zip(x, _raw(module, x), strict=True):
        h = [paper.run_layers(bottom, row, "relu") for bottom in bottoms]
        read = [np.concatenate([h[j] for j in each]) for each in relations]
        expected = paper.run_towers(wide, read, "relu")
        np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-10)


def _split_first(
    tower: paper.Tower, each: list[int], k: int
) -> tuple[paper.Tower, list[np.ndarray]]:
    """A tower over the own bottom, and for each other one W with U W its block, U the own block."""
    weight, bias = tower.hidden[0] if tower.hidden else tower.last
    blocks = dict(zip(each, np.split(weight, len(each), axis=1), strict=True))
    first = (blocks[k], bias)
    own = (
        paper.Tower([first, *tower.hidden[1:]], tower.last)
        if tower.hidden
        else paper.Tower([], first)
    )
    return own, [np.linalg.pinv(blocks[k]) @ blocks[j] for j in each if j != k]
