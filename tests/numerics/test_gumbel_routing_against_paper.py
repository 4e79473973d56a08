"""Gumbel-matrix routing in float64 against NumPy, row by row, task by task, expert by expert.

Maziarz et al. (arXiv 1910.04915): h_k of a level is the mean of the experts that A allots to task
k, each applied to h_k of the level below, and zero where there are none.
"""

from __future__ import annotations

import numpy as np
import paper_forward as paper
import pytest
import torch
from loading import load_experts, load_towers

from sklearn_ple.nn import FeatureEncoder, MultiTaskModule, TowerBank
from sklearn_ple.routings.gumbel_routing import GumbelRouting

BATCH, FEATURES, N_EXPERTS = 7, 5, 4
N_RAW = (1, 4, 2)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize(
    "widths",
    [[(11, 6)], [(11,), (6,)], [(11, 6), (9, 3)], [(11,), (6, 9), (3,)]],
    ids=lambda widths: f"{len(widths)} levels of {len(widths[0])}",
)
def test_forward(widths: list[tuple[int, ...]], training: bool) -> None:
    rng = np.random.default_rng(3)
    n_levels, n_tasks = len(widths), len(N_RAW)
    x = rng.normal(size=(BATCH, FEATURES))
    ins = [FEATURES, *(each[-1] for each in widths[:-1])]
    experts = [
        [paper.draw_layers(rng, d, each) for _ in range(N_EXPERTS)]
        for d, each in zip(ins, widths, strict=True)
    ]
    logits = rng.normal(size=(n_levels, n_tasks, N_EXPERTS))
    logits[-1, 1] = -40  # a task without any expert
    gumbel = rng.gumbel(size=(2, n_levels, n_tasks, N_EXPERTS))
    towers = [paper.draw_tower(rng, widths[-1][-1], (8,), n) for n in N_RAW]

    # The larger of two: "yes" with its logit and its noise, "no" with zero and its own.
    chosen = logits + gumbel[0] > gumbel[1] if training else logits > 0
    expected = []
    for row in x:
        of_task = []
        for k in range(n_tasks):
            h = row
            for j in range(n_levels):
                used = [e for e in range(N_EXPERTS) if chosen[j, k, e]]
                outputs = [paper.run_layers(experts[j][e], h, "tanh") for e in used]
                h = np.mean(outputs, axis=0) if used else np.zeros(widths[j][-1])
            of_task.append(h)
        expected.append(paper.run_towers(towers, of_task, "tanh"))

    routing = GumbelRouting(
        in_width=FEATURES,
        n_tasks=n_tasks,
        n_levels=n_levels,
        n_experts=N_EXPERTS,
        expert_widths=widths,
        rate=4.0,
        temperature=0.3,
        activation="tanh",
    ).double()
    uniform = 1 / (1 + np.exp(gumbel[1] - gumbel[0]))  # the difference is logistic
    with torch.no_grad():
        for j, matrix in enumerate(routing.matrices):
            load_experts(routing.experts[j], experts[j])
            matrix.scaled.copy_(torch.from_numpy(logits[j] / 4))
            matrix.draw_uniform = lambda shape, like, u=uniform[j]: torch.from_numpy(u)
    bank = TowerBank(N_RAW, in_width=routing.out_width, widths=(8,), activation="tanh")
    module = MultiTaskModule(FeatureEncoder(n_numbers=FEATURES), routing, bank).double()
    load_towers(bank, towers)
    module.train(training)
    with torch.no_grad():
        raw = module(numbers=torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(raw, expected, rtol=1e-10, atol=1e-10)


def test_gradient_of_a_choice_by_hand() -> None:
    """Experts 2x, 3x and 7x at x = 1, of which the first two are drawn: v = 5 / 2.

    A change of A_1 moves v = (2 A_1 + 3 A_2 + 7 A_3) / (A_1 + A_2 + A_3) by (2 - v) / 2, of A_2 by
    (3 - v) / 2, of A_3 by (7 - v) / 2; and a logit of zero with noise log 3, log 3, -log 3 moves A
    by 3/4 * 1/4 in each case.
    """
    routing = GumbelRouting(
        in_width=1,
        n_tasks=1,
        n_levels=1,
        n_experts=3,
        expert_widths=(1,),
        start=0.0,
        activation="identity",
    )
    with torch.no_grad():
        routing.experts[0].weights[0].copy_(torch.tensor([[[2.0]], [[3.0]], [[7.0]]]))
        routing.experts[0].biases[0].zero_()
    matrix = routing.matrices[0]
    matrix.draw_uniform = lambda shape, like: torch.tensor([[0.75, 0.75, 0.25]])
    out = routing(torch.ones(1, 1))
    assert out.item() == pytest.approx(2.5)
    out.sum().backward()
    slope = 3 / 16
    expected = [-0.25 * slope, 0.25 * slope, 2.25 * slope]
    assert matrix.scaled.grad.flatten().tolist() == pytest.approx(expected)
