"""Which experts a task's loss reaches, and which outputs an expert reaches."""

from __future__ import annotations

import pytest
import torch
from drawn import N_TASKS, ROUTINGS, draw, rows, towers
from torch import Tensor

from sklearn_ple.architectures import CGCRouting, PLERouting
from sklearn_ple.nn import ExtractionLevel, Routing

N_TASK_EXPERTS, N_SHARED = (2, 1, 3), 2
N_RAW = (1, 3, 2)
OWNERS = [0, 0, 1, 2, 2, 2, None, None]


def _loss(routing: Routing, task: int) -> Tensor:
    """The loss of one task alone."""
    start = sum(N_RAW[:task])
    raw = towers(routing, N_RAW)(routing(rows()))
    return raw[:, start : start + N_RAW[task]].square().mean()


def _reached(routing: Routing, level: ExtractionLevel, task: int) -> list[bool]:
    """For each expert of a level, whether the task's loss moves every layer of it or none."""
    parameters = [*level.experts.weights, *level.experts.biases]
    gradients = torch.autograd.grad(_loss(routing, task), parameters)
    moved = torch.stack([g.flatten(1).abs().amax(1) > 0 for g in gradients])
    assert (moved.all(0) == moved.any(0)).all()
    return moved.all(0).tolist()


def _ple(n_levels: int = 2) -> PLERouting:
    return draw(
        PLERouting,
        n_levels=n_levels,
        n_shared_experts=N_SHARED,
        n_task_experts=N_TASK_EXPERTS,
        expert_widths=[(11, 8), (9,), (6,)][:n_levels],
    )


@pytest.mark.parametrize("task", range(N_TASKS))
def test_cgc_own_and_shared_experts_alone(task: int) -> None:
    cgc = draw(
        CGCRouting,
        n_shared_experts=N_SHARED,
        n_task_experts=N_TASK_EXPERTS,
        expert_widths=(11, 6),
    )
    assert _reached(cgc, cgc.level, task) == [owner in (task, None) for owner in OWNERS]


@pytest.mark.parametrize("task", range(N_TASKS))
@pytest.mark.parametrize("n_levels", [2, 3])
def test_ple_every_expert_below_the_last_level(n_levels: int, task: int) -> None:
    """Through the shared gate, a task's loss trains the other tasks' experts, save the last."""
    ple = _ple(n_levels)
    own_or_shared = [owner in (task, None) for owner in OWNERS]
    for level in ple.levels[:-1]:
        assert _reached(ple, level, task) == [True] * len(OWNERS)
    assert _reached(ple, ple.levels[-1], task) == own_or_shared


@pytest.mark.parametrize("task", range(N_TASKS))
def test_ple_without_shared_experts_parts_at_the_first_level(task: int) -> None:
    ple = draw(
        PLERouting,
        n_levels=2,
        n_shared_experts=0,
        n_task_experts=N_TASK_EXPERTS,
        expert_widths=[(11,), (6,)],
    )
    for level in ple.levels:
        assert _reached(ple, level, task) == [owner == task for owner in OWNERS[:-N_SHARED]]


@pytest.mark.parametrize(("owner", "expert"), [(0, 1), (1, 2), (2, 3)])
def test_perturbing_a_first_level_expert_moves_every_task(owner: int, expert: int) -> None:
    moved = _moved_by(_ple(), level=0, expert=expert)
    assert moved == [True] * N_TASKS
    assert OWNERS[expert] == owner


@pytest.mark.parametrize(("owner", "expert"), [(0, 1), (1, 2), (2, 3)])
def test_perturbing_a_last_level_expert_moves_its_owner_alone(owner: int, expert: int) -> None:
    moved = _moved_by(_ple(), level=1, expert=expert)
    assert moved == [k == owner for k in range(N_TASKS)]


def _moved_by(ple: PLERouting, level: int, expert: int) -> list[bool]:
    x = rows()
    with torch.no_grad():
        before = ple(x)
        module = ple.levels[level]
        assert isinstance(module, ExtractionLevel)
        module.experts.biases[-1][expert] += 0.5
        after = ple(x)
    same = [torch.equal(before[:, k], after[:, k]) for k in range(N_TASKS)]
    return [not each for each in same]


@pytest.mark.parametrize("task", range(N_TASKS))
def test_single_task_reaches_its_own_net_alone(task: int) -> None:
    routing = draw(ROUTINGS["SingleTask"])
    parameters = list(routing.parameters())
    gradients = torch.autograd.grad(_loss(routing, task), parameters)
    for gradient in gradients:
        moved = gradient.flatten(1).abs().amax(1) > 0
        assert moved.tolist() == [k == task for k in range(N_TASKS)]


@pytest.mark.parametrize("task", range(N_TASKS))
@pytest.mark.parametrize("name", ["SharedBottom", "MMOE", "OMOE", "MLMMOE"])
def test_shared_parameters_learn_from_every_task(name: str, task: int) -> None:
    routing = draw(ROUTINGS[name])
    bank = routing.bottom if name == "SharedBottom" else routing.experts
    for gradient in torch.autograd.grad(_loss(routing, task), list(bank.parameters())):
        assert (gradient.flatten(1).abs().amax(1) > 0).all()


@pytest.mark.parametrize("task", range(N_TASKS))
@pytest.mark.parametrize("name", ["MMOE", "CGC", "PLE"])
def test_a_tasks_loss_moves_no_other_tasks_last_gate(name: str, task: int) -> None:
    routing = draw(ROUTINGS[name])
    gate = {
        "MMOE": lambda: routing.gate,
        "CGC": lambda: routing.level.gate,
        "PLE": lambda: routing.levels[-1].gate,
    }[name]()
    (gradient,) = torch.autograd.grad(_loss(routing, task), [gate.weight])
    start = 0
    for k, candidates in enumerate(gate.candidates):
        own = gradient[start : start + len(candidates)]
        assert bool(own.any()) == (k == task)
        start += len(candidates)
    assert start == len(gradient)
