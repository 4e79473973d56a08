"""AITM: what goes from one task of a funnel to the next, and a penalty on disorder."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from architecture_walk import small
from drawn import BATCH, N_TASKS, draw, n_parameters, rows, towers

from sklearn_ple.architectures import SharedBottomRouting
from sklearn_ple.architectures.aitm import AITMClassifier, AITMEstimator
from sklearn_ple.inspection import expert_utilization
from sklearn_ple.nn import Uncoupled
from sklearn_ple.routings.aitm import AITMRouting, BehaviouralCalibrator
from sklearn_ple.routings.esmm import ESMMRouting

WIDTHS = (11, 6)


@pytest.mark.parametrize("seed", range(8))
def test_number_of_parameters(seed: int) -> None:
    """K bottoms; K - 1 transfers of a layer and three matrices."""
    sizes = np.random.default_rng(seed).permutation(np.arange(1, 30))[:4].tolist()
    in_width, n_tasks, first, last = sizes
    routing = AITMRouting(in_width=in_width, n_tasks=n_tasks, bottom_widths=(first, last))
    bottoms = n_tasks * ((in_width + 1) * first + (first + 1) * last)
    assert n_parameters(routing) == bottoms + (n_tasks - 1) * (4 * last**2 + last)


@pytest.mark.parametrize("n_tasks", [1, 2, 5])
def test_every_parameter_moves(n_tasks: int) -> None:
    routing = draw(AITMRouting, n_tasks=n_tasks, bottom_widths=WIDTHS)
    towers(routing, tuple(range(1, n_tasks + 1)))(routing(rows(31))).square().mean().backward()
    for name, parameter in routing.named_parameters():
        assert (parameter.grad != 0).all(), name


@pytest.mark.parametrize("task", range(N_TASKS))
def test_a_loss_reaches_its_own_task_and_those_before(task: int) -> None:
    routing = draw(AITMRouting, bottom_widths=WIDTHS)
    routing(rows())[:, task].square().mean().backward()
    for parameter in routing.bottoms.parameters():
        moved = parameter.grad.flatten(1).abs().amax(1) > 0
        assert moved.tolist() == [k <= task for k in range(N_TASKS)]
    for parameter in routing.transfer.parameters():
        gradient = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        moved = gradient.flatten(1).abs().amax(1) > 0
        assert moved.tolist() == [step < task for step in range(N_TASKS - 1)]


def test_perturbing_a_bottom_moves_its_own_task_and_those_after_it() -> None:
    routing = draw(AITMRouting, bottom_widths=WIDTHS)
    x = rows()
    with torch.no_grad():
        for task in range(N_TASKS):
            before = routing(x)
            routing.bottoms.biases[-1][task] += 0.5
            after = routing(x)
            moved = [not torch.equal(before[:, k], after[:, k]) for k in range(N_TASKS)]
            assert moved == [k >= task for k in range(N_TASKS)]


def test_a_single_task_is_a_shared_bottom() -> None:
    alone = draw(AITMRouting, n_tasks=1, bottom_widths=WIDTHS)
    shared = draw(SharedBottomRouting, seed=3, n_tasks=1, bottom_widths=WIDTHS)
    shared.bottom.load_state_dict(alone.bottoms.state_dict())
    assert torch.equal(alone(rows()), shared(rows()))
    assert alone.gate_readings(rows()) == []


def test_without_anything_handed_on_each_task_has_its_bottom_alone() -> None:
    """A transfer of nothing and an even attention leave half of q, which a value of 2 restores."""
    aitm = draw(AITMRouting, bottom_widths=WIDTHS)
    apart = draw(ESMMRouting, seed=3, bottom_widths=WIDTHS)
    apart.bottoms.load_state_dict(aitm.bottoms.state_dict())
    with torch.no_grad():
        for parameter in aitm.transfer.parameters():
            parameter.zero_()
        aitm.transfer.value.copy_(2 * torch.eye(WIDTHS[-1]).expand_as(aitm.transfer.value))
    torch.testing.assert_close(aitm(rows()), apart(rows()), rtol=1e-13, atol=1e-13)


def test_readings_are_the_attention_of_each_task_but_the_first() -> None:
    routing = draw(AITMRouting, bottom_widths=WIDTHS)
    readings = routing.gate_readings(10 * rows())
    assert [(each.level, each.gate, each.experts) for each in readings] == [
        (1, 1, ((0, 0), (1, 0))),
        (1, 2, ((1, 0), (2, 0))),
    ]
    for reading in readings:
        assert (reading.weights > 0).all()
        torch.testing.assert_close(reading.weights.sum(1), torch.ones(BATCH, dtype=torch.float64))
    assert not torch.allclose(readings[0].weights[:, 0], readings[0].weights[0, 0])
    with torch.no_grad():
        routing.transfer.query.zero_()
    for reading in routing.gate_readings(rows()):
        assert torch.equal(reading.weights, torch.full_like(reading.weights, 0.5))


# The calibrator


def test_penalty_of_one_step_by_hand() -> None:
    """Rises of 0.5 and 0, of which half of the mean, times 0.6."""
    raw = torch.logit(torch.tensor([[0.2, 0.7], [0.7, 0.2]], dtype=torch.float64))
    calibrator = BehaviouralCalibrator([(0, 1)], strength=0.6).double()
    torch.testing.assert_close(calibrator.penalty(raw).item(), 0.6 * 0.25)
    assert torch.equal(calibrator(raw), raw)
    assert torch.equal(calibrator.start(raw[0]), raw[0])
    assert calibrator.penalty(raw.sort(dim=1, descending=True).values) == 0


def test_penalty_pushes_both_steps_together_and_only_where_they_are_out_of_order() -> None:
    raw = torch.tensor([[-1.0, 2.0], [2.0, -1.0]], dtype=torch.float64, requires_grad=True)
    BehaviouralCalibrator([(0, 1)], strength=3.0).double().penalty(raw).backward()
    assert (raw.grad[0].sign() == torch.tensor([-1.0, 1.0])).all()
    assert not raw.grad[1].any()


def test_penalty_is_differentiated_as_finite_differences_are() -> None:
    generator = torch.Generator().manual_seed(0)
    raw = torch.randn(BATCH, 4, dtype=torch.float64, generator=generator, requires_grad=True)
    calibrator = BehaviouralCalibrator([(0, 1), (1, 3)], strength=0.6).double()
    assert torch.autograd.gradcheck(calibrator.penalty, raw)


# The estimator

N = 131
X = np.random.default_rng(0).normal(size=(N, 3))
KINDS: dict[str, Any] = {
    "click": X[:, 0] > 0,
    "cart": X[:, 1] > 0.4,
    "shade": np.array(["a", "b", "c"])[np.arange(N) % 3],
    "spent": X[:, 2],
    "member": X[:, 1] > 0,
    "bought": X[:, 2] > 0.7,
}


@pytest.mark.parametrize(
    ("names", "steps"),
    [
        (["click", "cart", "bought"], [(0, 1), (1, 2)]),
        (["click", "shade", "member", "bought"], [(4, 5)]),
        (["spent", "click", "cart", "spent too"], [(1, 2)]),
        (["shade", "spent", "click", "member"], [(4, 5)]),
    ],
)
def test_only_a_binary_target_after_a_binary_one_is_calibrated(
    names: list[str], steps: list[tuple[int, int]]
) -> None:
    """By raw outputs, of which three classes have three."""
    y = pd.DataFrame({name: KINDS[name.removesuffix(" too")] for name in names})
    calibrator = small(AITMEstimator).fit(X, y).module_.coupling
    assert isinstance(calibrator, BehaviouralCalibrator)
    pairs = zip(calibrator.before.tolist(), calibrator.after.tolist(), strict=True)
    assert list(pairs) == steps
    assert calibrator.strength == 0.6


@pytest.mark.parametrize(
    ("names", "calibration"),
    [(["click", "cart"], 0), (["click", "spent", "cart"], 0.6), (["click"], 0.6)],
)
def test_nothing_to_calibrate(names: list[str], calibration: float) -> None:
    y = pd.DataFrame({name: KINDS[name] for name in names})
    model = small(AITMEstimator, calibration=calibration).fit(X, y)
    assert isinstance(model.module_.coupling, Uncoupled)


def test_a_strong_calibration_puts_probabilities_in_order() -> None:
    """Here the labels themselves are out of order."""
    y = pd.DataFrame({"rare": X[:, 0] > 0.8, "frequent": X[:, 1] > -0.5})
    rises = []
    for calibration in (0.0, 0.6, 30.0):
        settings = {"calibration": calibration, "max_epochs": 20, "lr": 0.02, "dropout": 0.0}
        rare, frequent = small(AITMClassifier, **settings).fit(X, y).predict_proba(X)
        rises.append(np.maximum(frequent[:, 1] - rare[:, 1], 0).mean())
    assert rises[0] > rises[1] > rises[2]
    assert rises[2] < 0.1 * rises[0]


def test_utilization_says_how_much_is_handed_on() -> None:
    y = pd.DataFrame({name: KINDS[name] for name in ("click", "cart", "bought")})
    table = expert_utilization(small(AITMClassifier).fit(X, y), X)
    assert table["gate"].tolist() == ["cart", "cart", "bought", "bought"]
    assert table["expert"].tolist() == ["click 1", "cart 1", "cart 1", "bought 1"]
    np.testing.assert_allclose(table.groupby("gate")["mean"].sum(), 1, rtol=1e-6)
