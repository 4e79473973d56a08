"""A warning names the experts that no gate uses, and none that something uses."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from sklearn_ple.architectures.adatt import AdaTTEstimator
from sklearn_ple.architectures.mlmmoe import MLMMOEEstimator
from sklearn_ple.architectures.mmoe import MMOEEstimator
from sklearn_ple.architectures.omoe import OMOEEstimator
from sklearn_ple.inspection import expert_utilization
from sklearn_ple.inspection.utilization import UNUSED_BELOW, UnusedExpertWarning
from sklearn_ple.nn import GateReading

SMALL = {"max_epochs": 2, "batch_size": 64, "random_state": 0, "expert_widths": (7,)}
A, B, S1, S2, S3 = (0, 0), (1, 0), (None, 0), (None, 1), (None, 2)


def _model(*readings: GateReading) -> Any:
    tasks = [SimpleNamespace(name_="income"), SimpleNamespace(name_="hours")]
    return SimpleNamespace(tasks_=tasks, _gate_readings=lambda X: [list(readings)])


def _reading(gate, experts, weights, level=1, **more) -> GateReading:
    """Rows alternate around these mean weights, which sum to one."""
    mean = torch.tensor(weights, dtype=torch.float64)
    spread = torch.zeros_like(mean)
    spread[:2] = torch.tensor([1.0, -1.0]) * mean[:2].min() / 2
    return GateReading(level, gate, experts, torch.stack([mean + spread, mean - spread]), **more)


def _named(model: Any) -> list[str]:
    with pytest.warns(UnusedExpertWarning) as caught:
        expert_utilization(model, X=None)
    (message,) = [str(each.message) for each in caught]
    return message.removeprefix("No gate uses ").partition(":")[0].split(", ")


def test_it_names_expert_and_level() -> None:
    """0.049 of an even share (1/3) at income's gate, and hours has no way to it."""
    low = 0.049 / 3
    income = _reading(0, (A, S1, S2), [low, 0.6, 0.4 - low])
    hours = _reading(1, (B, S1, S2), [0.3, 0.3, 0.4])
    assert _named(_model(income, hours)) == ["'income 1' (level 1)"]


def test_several_at_several_levels_in_order() -> None:
    first = _reading(0, (S1, S2, S3), [0.99, 0.005, 0.005])
    second = _reading(0, (A, S1), [0.001, 0.999], level=2)
    expected = ["'shared 2' (level 1)", "'shared 3' (level 1)", "'income 1' (level 2)"]
    assert _named(_model(first, second)) == expected


def test_one_gate_that_uses_it_is_enough() -> None:
    none = _reading(0, (S1, S2), [0.9999, 0.0001])
    some = _reading(1, (S1, S2), [0.97, 0.03])
    assert UNUSED_BELOW < 0.03 * 2
    expert_utilization(_model(none, some), X=None)


def test_another_level_does_not_excuse_it() -> None:
    none = _reading(0, (S1, S2), [0.9999, 0.0001])
    some = _reading(0, (S1, S2), [0.5, 0.5], level=2)
    assert _named(_model(none, some)) == ["'shared 2' (level 1)"]


@pytest.mark.parametrize("n_experts", [2, 10])
def test_the_bound_is_a_share_of_an_even_weight(n_experts: int) -> None:
    experts = tuple((None, e) for e in range(n_experts))

    def model(of_even: float) -> Any:
        low = of_even / n_experts
        return _model(_reading(0, experts, [low] + [(1 - low) / (n_experts - 1)] * (n_experts - 1)))

    assert _named(model(0.99 * UNUSED_BELOW)) == ["'shared 1' (level 1)"]
    expert_utilization(model(1.01 * UNUSED_BELOW), X=None)


def test_what_is_read_besides_the_gate_is_in_use() -> None:
    """There alone: at level 2 nothing reads it besides."""
    first = _reading(0, (A, S1), [0.0001, 0.9999], besides=(A,))
    second = _reading(0, (A, S1), [0.0001, 0.9999], level=2)
    expert_utilization(_model(first), X=None)
    assert _named(_model(first, second)) == ["'income 1' (level 2)"]


def test_a_gate_without_a_choice_uses_its_expert() -> None:
    expert_utilization(_model(GateReading(1, 0, (A,), torch.ones(3, 1))), X=None)


def test_the_warning_points_at_the_users_line_and_the_table_is_as_ever() -> None:
    model = _model(_reading(0, (S1, S2), [0.9999, 0.0001]))
    with pytest.warns(UnusedExpertWarning) as caught:
        table = expert_utilization(model, X=None)
    assert caught[0].filename == __file__
    np.testing.assert_allclose(table["mean"], [0.9999, 0.0001])


@pytest.fixture(scope="module")
def X() -> pd.DataFrame:
    return pd.DataFrame(np.random.default_rng(0).normal(size=(131, 5)), columns=list("abcde"))


@pytest.fixture(scope="module")
def y(X) -> pd.DataFrame:
    return pd.DataFrame({"income": X["a"] > 0, "hours": X["b"] + X["c"]})


def test_a_fitted_model_whose_gates_shut_an_expert_out(X, y) -> None:
    model = MMOEEstimator(n_experts=3, gate_bias=True, **SMALL).fit(X, y)
    expert_utilization(model, X)
    with torch.no_grad():
        model.module_.routing.gate.bias[[1, 4]] = -30.0
    message = _message(model, X)
    assert "'shared 2' (level 1)" in message
    assert "shared 1" not in message


def _message(model: Any, X: Any) -> str:
    with pytest.warns(UnusedExpertWarning) as caught:
        expert_utilization(model, X)
    return str(caught[0].message)


def test_the_gate_of_omoe_is_the_shared_one(X, y) -> None:
    table = expert_utilization(OMOEEstimator(n_experts=3, **SMALL).fit(X, y), X)
    assert list(table["gate"]) == ["shared"] * 3
    assert list(table["expert"]) == ["shared 1", "shared 2", "shared 3"]


def test_gates_between_levels_are_numbered(X, y) -> None:
    model = MLMMOEEstimator(n_levels=2, n_experts=3, **SMALL).fit(X, y)
    table = expert_utilization(model, X)
    gates = table.drop_duplicates(["level", "gate"])
    assert list(zip(gates["level"], gates["gate"], strict=True)) == [
        (1, "shared 1"),
        (1, "shared 2"),
        (1, "shared 3"),
        (2, "income"),
        (2, "hours"),
    ]
    np.testing.assert_allclose(table.groupby(["level", "gate"])["mean"].sum(), 1, atol=1e-6)


def test_adatt_whose_gates_ignore_own_experts_has_none_unused(X, y) -> None:
    """Its residual keeps them in use; shared ones at the last level have none."""
    model = AdaTTEstimator(
        n_levels=1, n_shared_experts=1, n_task_experts=(1, 2), gate_bias=True, **SMALL
    ).fit(X, y)
    gate = model.module_.routing.levels[0].gate
    with torch.no_grad():
        gate.bias.view(2, 4)[:, :3] -= 30.0
    expert_utilization(model, X)
    with torch.no_grad():
        gate.bias.view(2, 4)[:, 3] -= 60.0
    assert "'shared 1' (level 1)" in _message(model, X)
    assert "income" not in _message(model, X)
