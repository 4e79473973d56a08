"""SNR fitted: what closes gates, what spares them, and where they are seen."""

from __future__ import annotations

import numpy as np
import pytest

from sklearn_ple import make_related_tasks
from sklearn_ple.architectures.snr import SNREstimator
from sklearn_ple.inspection import expert_utilization

X, Y = make_related_tasks(211, 5, n_tasks=3, random_state=0)
QUICK = {"expert_widths": (9,), "n_experts": 4, "batch_size": 32, "random_state": 0}


def test_a_higher_price_closes_gates() -> None:
    """Nothing else moves them alike: seeds, rows and steps are the same."""
    n_open = []
    for l0 in (0.0, 0.1, 3.0):
        model = SNREstimator(l0=l0, gate_start=1.0, lr=0.01, max_epochs=12, **QUICK).fit(X, Y)
        n_open.append(sum(z.sum().item() for z in model.module_.routing.connections()))
    assert n_open[0] > n_open[1] > n_open[2]
    assert n_open[2] == 0


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_weight_decay_leaves_gates_alone(optimizer: str) -> None:
    model = SNREstimator(optimizer=optimizer, weight_decay=0.1, max_epochs=1, **QUICK).fit(X, Y)
    gates = {id(each.scaled) for each in model.module_.routing.gates}
    found = [
        group["weight_decay"]
        for group in model.net_.optimizer_.param_groups
        for parameter in group["params"]
        if id(parameter) in gates
    ]
    assert found == [0.0] * 2


def test_utilization_shows_every_gate() -> None:
    model = SNREstimator(max_epochs=1, **QUICK).fit(X, Y)
    table = expert_utilization(model, X)
    gates = [f"shared {i}" for i in (1, 2, 3, 4)] + [task.name_ for task in model.tasks_]
    assert table["gate"].unique().tolist() == gates
    np.testing.assert_allclose(table.groupby(["level", "gate"])["mean"].sum(), 1, rtol=1e-6)
    np.testing.assert_allclose(table["std"], 0, atol=1e-6)
