"""Cross-stitch units in NumPy, one row, one task, one unit at a time.

Misra, Shrivastava, Gupta, Hebert, CVPR 2016 (doi 10.1109/CVPR.2016.433), equation 1.
"""

from __future__ import annotations

import numpy as np
import paper_forward as paper
import pytest
import torch
from loading import load_experts

from sklearn_ple.routings.cross_stitch import CrossStitchRouting

BATCH, FEATURES = 7, 5
Layers = list[list[tuple[np.ndarray, np.ndarray]]]


def _forward(layers: Layers, alphas: list[np.ndarray], x: np.ndarray) -> np.ndarray:
    """Alphas (width, task, task); representations (task, width) of one row."""
    n_tasks = len(layers[0])
    of_task = [x] * n_tasks
    for layer, alpha in zip(layers, alphas, strict=True):
        h = [paper.run_layers([each], z, "tanh") for each, z in zip(layer, of_task, strict=True)]
        of_task = [
            np.array(
                [sum(alpha[u, i, j] * h[j][u] for j in range(n_tasks)) for u in range(len(alpha))]
            )
            for i in range(n_tasks)
        ]
    return np.stack(of_task)


@pytest.mark.parametrize("per_unit", [False, True])
@pytest.mark.parametrize("n_tasks", [2, 3])
@pytest.mark.parametrize("widths", [(4,), (11, 6), (11, 8, 3)])
def test_row_by_row(widths: tuple[int, ...], n_tasks: int, per_unit: bool) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(BATCH, FEATURES))
    ins = [FEATURES, *widths[:-1]]
    layers = [
        [paper.draw_layers(rng, n, [width])[0] for _ in range(n_tasks)]
        for n, width in zip(ins, widths, strict=True)
    ]
    alphas = [rng.normal(size=(width if per_unit else 1, n_tasks, n_tasks)) for width in widths]
    routing = CrossStitchRouting(
        in_width=FEATURES,
        n_tasks=n_tasks,
        bottom_widths=widths,
        per_unit=per_unit,
        activation="tanh",
    ).double()
    with torch.no_grad():
        for bottom, layer in zip(routing.bottoms, layers, strict=True):
            load_experts(bottom, [[each] for each in layer])
        for stitch, alpha in zip(routing.stitches, alphas, strict=True):
            stitch.alpha.copy_(torch.from_numpy(alpha if per_unit else alpha[0]))
        got = routing(torch.from_numpy(x)).numpy()
    wide = [np.broadcast_to(a, (n, n_tasks, n_tasks)) for a, n in zip(alphas, widths, strict=True)]
    expected = [_forward(layers, wide, row) for row in x]
    np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-10)


def test_worked_by_hand() -> None:
    """Two tasks, one feature, one unit: h = (2x, 3x + 1), mixed by [[0.9, 0.1], [0.2, 0.8]]."""
    routing = CrossStitchRouting(
        in_width=1, n_tasks=2, bottom_widths=(1,), activation="identity"
    ).double()
    with torch.no_grad():
        routing.bottoms[0].weights[0].copy_(torch.tensor([[[2.0]], [[3.0]]]))
        routing.bottoms[0].biases[0].copy_(torch.tensor([[0.0], [1.0]]))
        routing.stitches[0].alpha.copy_(torch.tensor([[0.9, 0.1], [0.2, 0.8]]).double())
        got = routing(torch.tensor([[1.0], [-2.0]], dtype=torch.float64))
    # x = 1: h = (2, 4); x = -2: h = (-4, -5).
    expected = torch.tensor([[[2.2], [3.6]], [[-4.1], [-4.8]]], dtype=torch.float64)
    torch.testing.assert_close(got, expected, rtol=1e-6, atol=1e-6)
