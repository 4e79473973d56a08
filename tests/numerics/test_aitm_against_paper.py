"""AITM in float64 against its equations, one row and one task at a time.

Xi et al., KDD 2021 (doi 10.1145/3447548.3467071): transfer, attention of two tokens, calibrator.
"""

from __future__ import annotations

import numpy as np
import paper_forward as paper
import pytest
import torch
from loading import load_experts, load_towers

from sklearn_ple.nn import FeatureEncoder, MultiTaskModule, TowerBank
from sklearn_ple.routings.aitm import AITMRouting, BehaviouralCalibrator

BATCH, FEATURES = 7, 5
N_RAW = (1, 4, 2, 1)


def attention(p: np.ndarray, q: np.ndarray, h: tuple[np.ndarray, ...]) -> np.ndarray:
    """z = sum of w_u h1(u), w_u proportional to exp(<h2(u), h3(u)> / sqrt(width)), over p and q."""
    h1, h2, h3 = h
    scores = [np.exp((h2 @ u) @ (h3 @ u) / np.sqrt(len(u))) for u in (p, q)]
    return (scores[0] * (h1 @ p) + scores[1] * (h1 @ q)) / (scores[0] + scores[1])


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("n_tasks", [1, 2, 3, 4])
def test_forward(n_tasks: int, activation: str) -> None:
    rng = np.random.default_rng(n_tasks)
    widths, width, n_raw = (11, 3), 3, N_RAW[:n_tasks]
    x = rng.normal(size=(BATCH, FEATURES))
    bottoms = [paper.draw_layers(rng, FEATURES, widths) for _ in n_raw]
    towers = [paper.draw_tower(rng, width, (6,), n) for n in n_raw]
    transfers = [paper.draw_layers(rng, width, (width,)) for _ in n_raw[1:]]
    heads = [tuple(rng.normal(size=(3, width, width))) for _ in n_raw[1:]]
    routing = AITMRouting(
        in_width=FEATURES, n_tasks=n_tasks, bottom_widths=widths, activation=activation
    )
    bank = TowerBank(n_raw, in_width=width, widths=(6,), activation=activation)
    module = MultiTaskModule(FeatureEncoder(n_numbers=FEATURES), routing, bank).double()
    load_experts(routing.bottoms, bottoms)
    load_towers(bank, towers)
    if n_tasks == 1:
        assert routing.transfer is None
    else:
        _load(routing, transfers, heads)
    with torch.no_grad():
        raw = module(numbers=torch.from_numpy(x)).numpy()
    for row, got in zip(x, raw, strict=True):
        own = [paper.run_layers(bottom, row, activation) for bottom in bottoms]
        z = own[:1]
        for q, transfer, h in zip(own[1:], transfers, heads, strict=True):
            z.append(attention(paper.run_layers(transfer, z[-1], activation), q, h))
        expected = paper.run_towers(towers, z, activation)
        np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-10)


@torch.no_grad()
def _load(
    routing: AITMRouting, transfers: list[paper.Layers], heads: list[tuple[np.ndarray, ...]]
) -> None:
    module = routing.transfer
    for step, (((weight, bias),), (h1, h2, h3)) in enumerate(zip(transfers, heads, strict=True)):
        named = ("weight", weight), ("bias", bias), ("value", h1), ("key", h2), ("query", h3)
        for name, values in named:
            getattr(module, name)[step] = torch.from_numpy(values)


def test_penalty_by_loops() -> None:
    """alpha / N times the sum over rows and steps of max(p_t - p_{t-1}, 0)."""
    rng = np.random.default_rng(0)
    raw, steps, alpha = 2 * rng.normal(size=(BATCH, 6)), [(0, 1), (1, 2), (4, 5)], 0.6
    calibrator = BehaviouralCalibrator(steps, strength=alpha).double()
    p = 1 / (1 + np.exp(-raw))
    total = sum(max(row[after] - row[before], 0.0) for row in p for before, after in steps)
    penalty = calibrator.penalty(torch.from_numpy(raw))
    np.testing.assert_allclose(penalty.item(), alpha * total / BATCH, rtol=1e-10)
