"""Expert utilisation: what the gates of a fitted model say, under the names of tasks."""

from __future__ import annotations

from types import SimpleNamespace

import matplotlib
import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

matplotlib.use("Agg")

from matplotlib import pyplot as plt

from sklearn_ple.architectures.cgc import CGCEstimator
from sklearn_ple.architectures.mmoe import MMOEEstimator
from sklearn_ple.architectures.ple import PLEEstimator
from sklearn_ple.architectures.shared_bottom import SharedBottomEstimator
from sklearn_ple.architectures.single_task import SingleTaskEstimator
from sklearn_ple.inspection import (
    ExpertUtilizationDisplay,
    TaskPanelDisplay,
    TrainingCurveDisplay,
    expert_utilization,
)
from sklearn_ple.model_selection import MultiTaskSearchCV
from sklearn_ple.nn import GateReading

SMALL = {"max_epochs": 2, "batch_size": 64, "random_state": 0}


@pytest.fixture(scope="module")
def X() -> pd.DataFrame:
    values = np.random.default_rng(0).normal(size=(131, 5))
    return pd.DataFrame(values, columns=list("abcde"))


@pytest.fixture(scope="module")
def y(X) -> pd.DataFrame:
    noise = np.random.default_rng(1).normal(size=(131, 3))
    return pd.DataFrame(
        {
            "income": X["a"] + noise[:, 0] > 0,
            "hours": X["b"] + noise[:, 1],
            "shared": X["c"] - X["a"] + noise[:, 2],
        }
    )


@pytest.fixture(scope="module")
def ple(X, y) -> PLEEstimator:
    return PLEEstimator(
        n_levels=2, n_shared_experts=4, n_task_experts=[1, 2, 3], expert_widths=(7,), **SMALL
    ).fit(X, y)


def test_lists_the_candidates_of_every_gate_of_every_level(ple, X) -> None:
    table = expert_utilization(ple, X)
    own = {
        "income": {"income 1"},
        "hours": {"hours 1", "hours 2"},
        "shared (task)": {"shared (task) 1", "shared (task) 2", "shared (task) 3"},
    }
    shared = {f"shared {i}" for i in (1, 2, 3, 4)}
    expected = {(level, task): own[task] | shared for level in (1, 2) for task in own}
    expected[1, "shared"] = set.union(shared, *own.values())
    found = {key: set(rows["expert"]) for key, rows in table.groupby(["level", "gate"])}
    assert found == expected
    assert not table.duplicated(["level", "gate", "expert"]).any()


def test_weights_of_a_gate_sum_to_one_and_are_no_constants(ple, X) -> None:
    table = expert_utilization(ple, X)
    np.testing.assert_allclose(table.groupby(["level", "gate"])["mean"].sum(), 1, atol=1e-6)
    assert table["std"].gt(0).all()


def test_means_and_spreads_are_those_of_a_softmax_over_the_gates_inputs(X, y) -> None:
    """An MMOE gate without encoder surprises: recomputed with NumPy from the gate's own weights."""
    model = MMOEEstimator(n_experts=4, expert_widths=(7,), **SMALL).fit(X, y)
    (readings,) = model._gate_readings(X)
    with torch.no_grad():
        encoded = model.module_.encoder(**model._prepared(X)).double().numpy()
    (gate,) = [m for m in model.module_.modules() if type(m).__name__ == "Gate"]
    logits = encoded @ gate.weight.detach().double().numpy().T
    table = expert_utilization(model, X)
    assert len(readings) == 3
    for k, task in enumerate(["income", "hours", "shared (task)"]):
        odds = np.exp(logits[:, 4 * k : 4 * k + 4])
        weights = odds / odds.sum(axis=1, keepdims=True)
        rows = table[table["gate"] == task]
        assert list(rows["expert"]) == ["shared 1", "shared 2", "shared 3", "shared 4"]
        np.testing.assert_allclose(rows["mean"], weights.mean(axis=0), atol=1e-6)
        np.testing.assert_allclose(rows["std"], weights.std(axis=0, ddof=0), atol=1e-6)


def test_means_over_two_halves_average_to_the_mean_over_all(ple, X) -> None:
    first, second = X.iloc[:50], X.iloc[50:]
    halves = [expert_utilization(ple, half)["mean"] for half in (first, second)]
    expected = (50 * halves[0] + 81 * halves[1]) / 131
    np.testing.assert_allclose(expert_utilization(ple, X)["mean"], expected, atol=1e-6)


def one_after_another(model, X, n: int) -> list[list[GateReading]]:
    """What the gates say of n rows at a time."""
    return [
        readings
        for start in range(0, len(X), n)
        for readings in model._gate_readings(X.iloc[start : start + n])
    ]


@pytest.mark.parametrize("rows_at_once", [1, 7, 64, 130])
def test_rows_may_come_in_parts(ple, X, rows_at_once: int) -> None:
    chunks = one_after_another(ple, X, rows_at_once)
    parts = SimpleNamespace(tasks_=ple.tasks_, _gate_readings=lambda X: chunks)
    expected = expert_utilization(ple, X)
    pd.testing.assert_frame_equal(expert_utilization(parts, X), expected, rtol=0, atol=1e-7)


def test_many_rows_are_read_a_chunk_at_a_time(ple, X) -> None:
    many = pd.concat([X] * 150, ignore_index=True)
    sizes = [len(readings[0].weights) for readings in ple._gate_readings(many)]
    assert sum(sizes) == len(many)
    assert len(sizes) > 1
    assert max(sizes) <= 8_192
    expected = expert_utilization(ple, X)
    pd.testing.assert_frame_equal(expert_utilization(ple, many), expected, rtol=0, atol=1e-7)


def test_equal_rows_have_no_spread(ple, X) -> None:
    equal = pd.concat([X.iloc[:1]] * 20_000, ignore_index=True)
    np.testing.assert_allclose(expert_utilization(ple, equal)["std"], 0, atol=1e-12)


def test_one_row_has_no_spread(ple, X) -> None:
    np.testing.assert_allclose(expert_utilization(ple, X.iloc[:1])["std"], 0)


def test_a_single_level_has_no_shared_gate(X, y) -> None:
    model = CGCEstimator(n_shared_experts=2, n_task_experts=3, expert_widths=(7,), **SMALL)
    table = expert_utilization(model.fit(X, y), X)
    assert list(table["gate"].unique()) == ["income", "hours", "shared (task)"]
    assert (table["level"] == 1).all()


def test_pipelines_and_searches_are_looked_through(X, y) -> None:
    model = PLEEstimator(n_shared_experts=2, expert_widths=(7,), **SMALL)
    search = GridSearchCV(
        make_pipeline(StandardScaler(), model), {"pleestimator__max_epochs": [2]}, cv=KFold(2)
    ).fit(X, y)
    scaler, inner = search.best_estimator_
    pd.testing.assert_frame_equal(
        expert_utilization(search, X), expert_utilization(inner, scaler.transform(X))
    )


@pytest.mark.parametrize("in_pipeline", [False, True], ids=["bare", "in a pipeline"])
def test_all_looks_go_into_a_multi_task_search(X, y, in_pipeline) -> None:
    model = PLEEstimator(expert_widths=(7,), tasks={"hours": "regression"}, **SMALL)
    given = make_pipeline(StandardScaler(), model) if in_pipeline else model
    search = MultiTaskSearchCV(given, {"lr": [0.01]}, n_trials=1, cv=2, random_state=0).fit(X, y)
    inner, inside = (search.best_estimator_, X)
    if in_pipeline:
        inner, inside = inner[-1], inner[:-1].transform(X)
    pd.testing.assert_frame_equal(expert_utilization(search, X), expert_utilization(inner, inside))
    curves = TrainingCurveDisplay.from_estimator(search)
    pd.testing.assert_frame_equal(curves.history, inner.history_)
    panels = TaskPanelDisplay.from_estimator(search, X, y).panels
    assert [panel.summary for panel in panels] == [
        panel.summary for panel in TaskPanelDisplay.from_estimator(inner, inside, y).panels
    ]
    ExpertUtilizationDisplay.from_estimator(search, X)
    plt.close("all")


@pytest.mark.parametrize("scheme", [SingleTaskEstimator, SharedBottomEstimator])
def test_a_scheme_without_gates_says_so(scheme, X, y) -> None:
    with pytest.raises(ValueError, match=f"{scheme.__name__} has no gates"):
        expert_utilization(scheme(**SMALL).fit(X, y), X)
