"""ESMM in float64 against its equations: pCTCVR = pCTR · pCVR, and the losses over all rows.

Ma et al., SIGIR 2018 (doi 10.1145/3209978.3210104), for chains of any length.
"""

from __future__ import annotations

from math import prod

import numpy as np
import pandas as pd
import paper_forward as paper
import pytest
import torch
from loading import load_experts, load_towers

from sklearn_ple.nn import FeatureEncoder, MultiTaskModule, TowerBank
from sklearn_ple.routings.esmm import ESMMCoupling, ESMMRouting
from sklearn_ple.tasks import Binary, Regression, TaskSet, read_targets
from sklearn_ple.training import MultiTaskLoss
from sklearn_ple.weighting import StaticWeighting

BATCH, FEATURES = 7, 5


def logistic(a: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-a))


@pytest.mark.parametrize("chain", [[0], [0, 1], [2, 0], [1, 3, 0], [0, 1, 2, 3]], ids=str)
def test_probabilities_are_products_of_logistic_functions(chain: list[int]) -> None:
    """One row and one task at a time; tasks outside the chain keep their own."""
    rng = np.random.default_rng(0)
    n_tasks, widths = max(chain) + 2, (11, 3)
    x = rng.normal(size=(BATCH, FEATURES))
    bottoms = [paper.draw_layers(rng, FEATURES, widths) for _ in range(n_tasks)]
    towers = [paper.draw_tower(rng, widths[-1], (6,), 1) for _ in range(n_tasks)]
    routing = ESMMRouting(
        in_width=FEATURES, n_tasks=n_tasks, bottom_widths=widths, activation="silu"
    )
    bank = TowerBank([1] * n_tasks, in_width=widths[-1], widths=(6,), activation="silu")
    module = MultiTaskModule(FeatureEncoder(n_numbers=FEATURES), routing, bank, ESMMCoupling(chain))
    module.double()
    load_experts(routing.bottoms, bottoms)
    load_towers(bank, towers)
    with torch.no_grad():
        coupled = torch.sigmoid(module(numbers=torch.from_numpy(x))).numpy()
    for row, got in zip(x, coupled, strict=True):
        representations = [paper.run_layers(bottom, row, "silu") for bottom in bottoms]
        steps = logistic(paper.run_towers(towers, representations, "silu"))
        expected = [
            prod(steps[k] for k in chain[: chain.index(j) + 1]) if j in chain else steps[j]
            for j in range(n_tasks)
        ]
        np.testing.assert_allclose(got, expected, rtol=1e-10, atol=0)


@pytest.mark.parametrize("length", [1, 2, 3, 5])
def test_losses_are_cross_entropies_of_the_products_over_all_rows(length: int) -> None:
    """In units of the null deviance, beside a regression that is none of the chain's business."""
    rng = np.random.default_rng(1)
    happened = np.cumprod(rng.random((41, length)) < 0.8, axis=1)
    y = pd.DataFrame(happened.astype(float), columns=[f"step {j}" for j in range(length)])
    y.insert(1, "price", rng.normal(size=41))
    weight = rng.uniform(0.2, 3.0, size=y.shape)
    kinds = [Regression() if name == "price" else Binary() for name in y]
    targets = read_targets(y)
    task_set = TaskSet.fit(kinds, targets, weight)
    weighting = StaticWeighting()
    weighting.setup(task_set.names)
    criterion = MultiTaskLoss(task_set, weighting, np.ones(len(kinds))).double()
    raw = 2 * rng.normal(size=y.shape)
    columns = [k for k, name in enumerate(y) if name != "price"]
    coupled = ESMMCoupling(columns).double()(torch.from_numpy(raw))
    labels = torch.from_numpy(task_set.encode(targets))
    losses = criterion.task_losses(coupled, labels, torch.from_numpy(weight)).numpy()
    products = np.cumprod(logistic(raw[:, columns]), axis=1)
    for j, k in enumerate(columns):
        p, label, w = products[:, j], happened[:, j], weight[:, k]
        entropies = -np.where(label, np.log(p), np.log(1 - p))
        share = np.average(label, weights=w)
        null = -share * np.log(share) - (1 - share) * np.log(1 - share)
        np.testing.assert_allclose(losses[k], np.average(entropies, weights=w) / null, rtol=1e-10)
