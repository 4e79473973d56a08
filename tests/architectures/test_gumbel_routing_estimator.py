"""GumbelRouting fitted: what makes tasks choose, and where choices are seen."""

from __future__ import annotations

import numpy as np

from sklearn_ple import make_related_tasks
from sklearn_ple.architectures.gumbel_routing import GumbelRoutingEstimator
from sklearn_ple.inspection import expert_utilization

X, Y = make_related_tasks(211, 5, n_tasks=3, random_state=0)
QUICK = {"expert_widths": (9,), "n_experts": 4, "batch_size": 32, "random_state": 0}


def test_a_budget_makes_tasks_choose() -> None:
    """Nothing else moves them alike: seeds, rows and steps are the same."""
    n_used = []
    for weight in (0.0, 20.0):
        model = GumbelRoutingEstimator(
            budget=0.25, budget_penalty=weight, lr=0.01, max_epochs=12, **QUICK
        ).fit(X, Y)
        n_used.append(sum(m.sum().item() for m in model.module_.routing.connections()))
    assert n_used[1] < n_used[0] / 2


def test_weight_decay_leaves_choices_alone() -> None:
    model = GumbelRoutingEstimator(weight_decay=0.1, max_epochs=1, **QUICK).fit(X, Y)
    logits = {id(each.scaled) for each in model.module_.routing.matrices}
    found = [
        group["weight_decay"]
        for group in model.net_.optimizer_.param_groups
        for parameter in group["params"]
        if id(parameter) in logits
    ]
    assert found == [0.0] * 2


def test_utilization_shows_every_choice() -> None:
    model = GumbelRoutingEstimator(max_epochs=1, **QUICK).fit(X, Y)
    table = expert_utilization(model, X)
    assert table["gate"].unique().tolist() == [task.name_ for task in model.tasks_]
    assert len(table) == 2 * 3 * 4
    np.testing.assert_allclose(table["mean"], 1 / 4, rtol=1e-6)
