"""PLE with numbers of experts that change from level to level."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from drawn import N_TASKS, draw, n_parameters, rows, towers

from sklearn_ple.architectures import PLERouting
from sklearn_ple.nn.levels import experts_by_level

WIDTHS = [(11, 8), (9,), (6,)]
CASES = {
    "fewer as it goes": ([(3, 2, 4), (2, 1, 3), (1, 1, 1)], (4, 3, 2)),
    "shared ones at the end": ((2, 1, 3), (0, 0, 2)),
    "shared ones in the middle": ((2, 1, 3), (0, 2, 0)),
    "shared ones at both ends": ((2, 1, 3), (1, 0, 3)),
    "shared ones at first": ((2, 1, 3), (3, 0, 0)),
    "task experts at the end": ([(0, 0, 0), (0, 0, 0), (2, 1, 3)], 2),
    "a task that joins": ([(2, 0, 1), (0, 0, 3), (1, 1, 1)], (1, 2, 2)),
}


def _ple(case: str, **options: object) -> PLERouting:
    n_task, n_shared = CASES[case]
    sizes = {"n_task_experts": n_task, "n_shared_experts": n_shared}
    return draw(PLERouting, n_levels=3, expert_widths=WIDTHS, **sizes, **options)


@pytest.mark.parametrize("gate_widths", [(), (9,)])
@pytest.mark.parametrize("case", CASES)
def test_every_unit_learns(case: str, gate_widths: tuple[int, ...]) -> None:
    ple = _ple(case, gate_bias=True, gate_widths=gate_widths)
    raw = towers(ple)(ple(rows(n=31)))
    (raw.square().mean() + raw.mean()).backward()
    for name, parameter in ple.named_parameters():
        assert parameter.grad is not None, name
        assert (parameter.grad != 0).all(), name


@pytest.mark.parametrize("seed", range(40))
def test_every_unit_learns_whatever_counts_are_accepted(seed: int) -> None:
    """Counts from 0 to 2 at random, until some are accepted."""
    rng = np.random.default_rng(seed)
    n_tasks, n_levels = int(rng.integers(1, 4)), int(rng.integers(2, 4))
    while True:
        n_task, n_shared = rng.integers(3, size=(n_levels, n_tasks)), rng.integers(3, size=n_levels)
        try:
            experts_by_level(n_task, n_shared, n_tasks=n_tasks, n_levels=n_levels)
        except ValueError:
            continue
        break
    ple = draw(
        PLERouting,
        n_tasks=n_tasks,
        n_levels=n_levels,
        n_task_experts=n_task,
        n_shared_experts=n_shared,
        expert_widths=WIDTHS[:n_levels],
    )
    raw = towers(ple, tuple(range(1, n_tasks + 1)))(ple(rows(n=31)))
    (raw.square().mean() + raw.mean()).backward()
    for name, parameter in ple.named_parameters():
        assert parameter.grad is not None, name
        assert (parameter.grad != 0).all(), name


@pytest.mark.parametrize(
    ("case", "shared_gates"),
    [
        ("fewer as it goes", [1, 2]),
        ("shared ones at the end", [1, 2]),
        ("shared ones in the middle", [1]),
        ("shared ones at both ends", [1, 2]),
        ("shared ones at first", []),
    ],
)
def test_a_shared_gate_stands_where_shared_experts_follow(
    case: str, shared_gates: list[int]
) -> None:
    readings = _ple(case).gate_readings(rows())
    assert [r.level for r in readings if r.gate is None] == shared_gates
    n_task, n_shared = CASES[case]
    counts = experts_by_level(n_task, n_shared, n_tasks=N_TASKS, n_levels=3)
    for reading in readings:
        of_task, m = counts[reading.level - 1]
        everybody = [(k, j) for k in range(N_TASKS) for j in range(of_task[k])]
        everybody += [(None, j) for j in range(m)]
        k = reading.gate
        expected = [each for each in everybody if k is None or each[0] in (k, None)]
        assert list(reading.experts) == expected


@pytest.mark.parametrize("seed", range(12))
def test_parameters(seed: int) -> None:
    """The paper's formula with each level's own counts: all are at least 1, so none is left out."""
    rng = np.random.default_rng(seed)
    n_levels, n_tasks = int(rng.integers(2, 4)), int(rng.integers(2, 5))
    d, *widths = rng.choice(np.arange(2, 30), size=1 + n_levels, replace=False).tolist()
    n_task, n_shared = rng.integers(1, 5, size=(n_levels, n_tasks)), rng.integers(1, 5, n_levels)
    ple = PLERouting(
        in_width=d,
        n_tasks=n_tasks,
        n_levels=n_levels,
        n_shared_experts=n_shared.tolist(),
        n_task_experts=n_task.tolist(),
        expert_widths=[(width,) for width in widths],
    )
    expected = 0
    for j, into in enumerate([d, *widths[:-1]]):
        n_all = int(n_task[j].sum() + n_shared[j])
        expected += n_all * (into + 1) * widths[j]
        expected += int((n_task[j] + n_shared[j]).sum()) * into
        expected += n_all * into if j < n_levels - 1 else 0
    assert n_parameters(ple) == expected


def test_lists_that_repeat_one_number_are_that_number() -> None:
    sizes = {"n_levels": 2, "expert_widths": [(11,), (6,)]}
    one = draw(PLERouting, n_task_experts=(2, 1, 3), n_shared_experts=2, **sizes)
    listed = draw(PLERouting, n_task_experts=[(2, 1, 3)] * 2, n_shared_experts=[2, 2], **sizes)
    assert torch.equal(one(rows()), listed(rows()))


@pytest.mark.parametrize("task", range(N_TASKS))
def test_shared_experts_at_the_end_know_every_tasks_first_level(task: int) -> None:
    """Through the shared gates of levels that have no shared experts themselves."""
    ple = _ple("shared ones at the end")
    first = ple.levels[0].experts
    loss = ple(rows())[:, task].square().mean()
    for gradient in torch.autograd.grad(loss, [*first.weights, *first.biases]):
        assert (gradient.flatten(1).abs().amax(1) > 0).all()
