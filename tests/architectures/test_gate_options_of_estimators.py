"""What estimators of gated schemes are told reaches their networks."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from architecture_walk import ARCHITECTURES, over, small
from sklearn.base import clone

from sklearn_ple.architectures import PLEEstimator
from sklearn_ple.nn import ExpertBank, Gate

GATED = [cls for cls in ARCHITECTURES if "gate_temperature" in inspect.signature(cls).parameters]
X = np.random.default_rng(0).normal(size=(83, 4))
Y = np.stack([X[:, 0] - X[:, 1], X[:, 2] + X[:, 3], X[:, 0] * X[:, 2]], axis=1)


def test_there_are_some() -> None:
    names = {cls.__name__.removesuffix("Estimator") for cls in GATED}
    assert {"MMOE", "OMOE", "MLMMOE", "CGC", "PLE", "AdaTT"} <= names


@over(GATED)
def test_options_reach_gates_and_experts(cls) -> None:
    options = {"gate_widths": (9, 3), "gate_temperature": 2.5, "expert_norm": True}
    model = small(cls, activation="tanh", gate_bias=True, **options).fit(X, Y)
    parts = list(model.module_.routing.modules())
    gates = [part for part in parts if isinstance(part, Gate)]
    assert gates
    hidden = set()
    for gate in gates:
        assert gate.temperature == 2.5
        assert gate.bias is not None
        assert [len(bias[0]) for bias in gate.hidden.biases] == [9, 3]
        assert gate.hidden.activation.__name__.startswith("tanh")
        hidden.add(gate.hidden)
    banks = [part for part in parts if isinstance(part, ExpertBank) and part not in hidden]
    assert banks
    assert all(bank.gain is not None for bank in banks)
    assert all(bank.gain is None for bank in hidden)


@over(GATED)
def test_gates_are_plain_and_experts_as_they_are_unless_told(cls) -> None:
    model = small(cls, gate_widths=()).fit(X, Y)
    names = [name for name, _ in model.module_.routing.named_parameters()]
    assert not [name for name in names if "hidden" in name or "gain" in name or "shift" in name]


@over(GATED)
@pytest.mark.parametrize(
    "wrong", [{"gate_temperature": 0}, {"gate_temperature": -1.0}, {"expert_norm": 3}]
)
def test_values_that_cannot_be(cls, wrong) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        small(cls, **wrong).fit(X, Y)


@over(GATED)
def test_a_prediction_depends_on_its_own_row(cls) -> None:
    model = small(cls, expert_norm=True, gate_widths=(9,)).fit(X, Y)
    together = model.predict(X)
    alone = np.concatenate([model.predict(X[[i]]) for i in range(7)])
    np.testing.assert_allclose(alone, together[:7], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("n_task", "n_shared"),
    [([(2, 1, 3), (1, 2, 0)], [2, 3]), (1, (0, 2)), (np.array([[1, 2, 1], [1, 1, 2]]), 1)],
)
def test_ple_takes_counts_by_level(n_task, n_shared) -> None:
    model = clone(small(PLEEstimator, n_task_experts=n_task, n_shared_experts=n_shared)).fit(X, Y)
    shared = np.broadcast_to(n_shared, 2)
    of_tasks = np.broadcast_to(n_task, (2, 3)).sum(axis=1)
    found = [level.experts.n_experts for level in model.module_.routing.levels]
    assert found == (shared + of_tasks).tolist()
    assert np.isfinite(model.predict(X)).all()
