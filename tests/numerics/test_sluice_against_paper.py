"""Sluice networks in NumPy, one row, one block, one level at a time.

Ruder, Bingel, Augenstein, Søgaard, AAAI 2019 (doi 10.1609/aaai.v33i01.33014822): alpha over the
stacked subspaces of all tasks after each layer, beta over the layers of each task.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import paper_forward as paper
import pytest
import torch
from loading import load_experts

from sklearn_ple.routings.sluice import SluiceRouting

BATCH, FEATURES, N_TASKS = 7, 5, 3
Layer = tuple[np.ndarray, np.ndarray]


@dataclass
class Reference:
    """Layers and projections by level and task; a projection is None where widths are equal."""

    layers: list[list[Layer]]
    projections: list[list[Layer] | None]
    alphas: list[np.ndarray]
    beta: np.ndarray
    n_subspaces: int


def _stitch(h: list[np.ndarray], alpha: np.ndarray, n_subspaces: int) -> list[np.ndarray]:
    """A unit that a shorter block does not have counts as zero in the others' sums."""
    blocks = [block for each in h for block in np.array_split(each, n_subspaces)]
    mixed = []
    for row, block in zip(alpha, blocks, strict=True):
        out = np.zeros(len(block))
        for u in range(len(block)):
            out[u] = sum(a * b[u] for a, b in zip(row, blocks, strict=True) if u < len(b))
        mixed.append(out)
    return [np.concatenate(mixed[k * n_subspaces : (k + 1) * n_subspaces]) for k in range(len(h))]


def _forward(net: Reference, x: np.ndarray) -> np.ndarray:
    """Representations (task, width) of one row."""
    of_task, levels = [x] * N_TASKS, []
    for layer, alpha in zip(net.layers, net.alphas, strict=True):
        h = [paper.run_layers([each], z, "tanh") for each, z in zip(layer, of_task, strict=True)]
        of_task = _stitch(h, alpha, net.n_subspaces)
        levels.append(of_task)
    outputs = []
    for k in range(N_TASKS):
        total = 0.0
        for level, h, projection in zip(range(len(levels)), levels, net.projections, strict=True):
            read = h[k] if projection is None else projection[k][0] @ h[k] + projection[k][1]
            total = total + net.beta[k, level] * read
        outputs.append(total)
    return np.stack(outputs)


def _draw(rng: np.random.Generator, widths: tuple[int, ...], n_subspaces: int) -> Reference:
    ins, size = [FEATURES, *widths[:-1]], N_TASKS * n_subspaces
    return Reference(
        [
            [paper.draw_layers(rng, n, [width])[0] for _ in range(N_TASKS)]
            for n, width in zip(ins, widths, strict=True)
        ],
        [
            None
            if width == widths[-1]
            else [paper.draw_layers(rng, width, widths[-1:])[0] for _ in range(N_TASKS)]
            for width in widths
        ],
        [rng.normal(size=(size, size)) for _ in widths],
        rng.normal(size=(N_TASKS, len(widths))) if len(widths) > 1 else np.ones((N_TASKS, 1)),
        n_subspaces,
    )


@torch.no_grad()
def _load(routing: SluiceRouting, net: Reference) -> None:
    for level, layer, alpha in zip(routing.levels, net.layers, net.alphas, strict=True):
        load_experts(level.bottom, [[each] for each in layer])
        level.stitch.alpha.copy_(torch.from_numpy(alpha))
    for module, projection in zip(routing.mix.projections, net.projections, strict=True):
        if projection is not None:
            load_experts(module, [[each] for each in projection])
    if routing.mix.beta is not None:
        routing.mix.beta.copy_(torch.from_numpy(net.beta))


@pytest.mark.parametrize("n_subspaces", [1, 2, 4])
@pytest.mark.parametrize("widths", [(4,), (8, 8), (11, 6), (12, 8, 9), (9, 7, 9)])
def test_row_by_row(widths: tuple[int, ...], n_subspaces: int) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(BATCH, FEATURES))
    net = _draw(rng, widths, n_subspaces)
    routing = SluiceRouting(
        in_width=FEATURES,
        n_tasks=N_TASKS,
        bottom_widths=widths,
        n_subspaces=n_subspaces,
        activation="tanh",
    ).double()
    _load(routing, net)
    with torch.no_grad():
        got = routing(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(got, [_forward(net, row) for row in x], rtol=1e-10, atol=1e-10)


def test_penalty_worked_by_hand() -> None:
    """One task, rows (1, 2), (3, 4) and (1, 0), (0, -1): W^T V is [[1, -3], [2, -4]]; 30."""
    routing = SluiceRouting(in_width=2, n_tasks=1, bottom_widths=(4,), orthogonality=0.5)
    weight = torch.tensor([[1.0, 2.0], [3.0, 4.0], [1.0, 0.0], [0.0, -1.0]])
    with torch.no_grad():
        routing.levels[0].bottom.weights[0].copy_(weight[None])
    assert routing.penalty().item() == pytest.approx(0.5 * (1 + 9 + 4 + 16))
