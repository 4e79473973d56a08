"""Whatever the sizes, every parameter moves after one step on all tasks."""

from __future__ import annotations

import pytest
import torch
from drawn import ROUTINGS, draw, rows, towers

from sklearn_ple.architectures import CGCRouting, PLERouting
from sklearn_ple.nn import Routing

COUNTS = [(1,), (3,), (2, 1), (0, 2), (1, 0, 0), (2, 1, 3), (0, 0, 4), (1, 1, 1, 1)]


def _assert_alive(routing: Routing, n_tasks: int) -> None:
    """Every unit has a gradient, not only every tensor."""
    n_raw = tuple(range(1, n_tasks + 1))
    raw = towers(routing, n_raw)(routing(rows(n=31)))
    target = torch.randn(raw.shape, dtype=raw.dtype, generator=torch.Generator().manual_seed(4))
    (raw - target).square().mean().backward()
    for name, parameter in routing.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert (parameter.grad != 0).all(), name


@pytest.mark.parametrize("gate_bias", [False, True])
@pytest.mark.parametrize("n_shared", [0, 1, 2])
@pytest.mark.parametrize("n_task", COUNTS, ids=str)
def test_cgc(n_task: tuple[int, ...], n_shared: int, gate_bias: bool) -> None:
    if n_shared == 0 and 0 in n_task:
        n_task = tuple(m + 1 for m in n_task)
    routing = draw(
        CGCRouting,
        n_tasks=len(n_task),
        n_shared_experts=n_shared,
        n_task_experts=n_task,
        expert_widths=(11, 6),
        gate_bias=gate_bias,
    )
    _assert_alive(routing, len(n_task))


@pytest.mark.parametrize("n_levels", [1, 2, 3])
@pytest.mark.parametrize("n_shared", [0, 1, 2])
@pytest.mark.parametrize("n_task", COUNTS, ids=str)
def test_ple(n_task: tuple[int, ...], n_shared: int, n_levels: int) -> None:
    if n_shared == 0 and 0 in n_task:
        n_task = tuple(m + 1 for m in n_task)
    for gate_bias in (False, True):
        routing = draw(
            PLERouting,
            n_tasks=len(n_task),
            n_levels=n_levels,
            n_shared_experts=n_shared,
            n_task_experts=n_task,
            expert_widths=[(11, 8), (7,), (6,)][:n_levels],
            gate_bias=gate_bias,
        )
        _assert_alive(routing, len(n_task))


@pytest.mark.parametrize("n_tasks", [1, 3])
@pytest.mark.parametrize("name", ["SingleTask", "SharedBottom", "CrossStitch", "Sluice", "MMOE"])
def test_schemes_without_task_experts(name: str, n_tasks: int) -> None:
    _assert_alive(draw(ROUTINGS[name], n_tasks=n_tasks), n_tasks)


@pytest.mark.parametrize("name", ROUTINGS)
def test_experts_start_apart(name: str) -> None:
    """Experts that start equal would stay equal."""
    routing = draw(ROUTINGS[name])
    for parameter_name, parameter in routing.named_parameters():
        if "weights" in parameter_name or "biases" in parameter_name:
            flat = parameter.flatten(1)
            assert len(torch.unique(flat, dim=0)) == len(flat), parameter_name
