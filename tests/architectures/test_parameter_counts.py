"""Numbers of parameters against formulas, over random sizes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from drawn import n_parameters

from sklearn_ple.architectures import (
    CGCRouting,
    MMOERouting,
    PLERouting,
    SharedBottomRouting,
    SingleTaskRouting,
)
from sklearn_ple.nn import TowerBank


def _p(in_width: int, widths: Sequence[int]) -> int:
    """Weights and biases of one chain of layers."""
    ins = [in_width, *widths[:-1]]
    return sum((n + 1) * width for n, width in zip(ins, widths, strict=True))


def _gate(n_candidates: int, width: int, bias: bool) -> int:
    """One row per candidate; nothing where there is no choice."""
    return n_candidates * (width + bias) if n_candidates > 1 else 0


def _level(
    n_task: Sequence[int],
    n_shared: int,
    in_width: int,
    widths: Sequence[int],
    *,
    bias: bool,
    shared_gate: bool,
) -> int:
    n_all = sum(n_task) + n_shared
    experts = n_all * _p(in_width, widths)
    task_gates = sum(_gate(m + n_shared, in_width, bias) for m in n_task)
    return experts + task_gates + (_gate(n_all, in_width, bias) if shared_gate else 0)


def _distinct(rng: np.random.Generator, n: int, low: int = 2, high: int = 30) -> list[int]:
    return rng.choice(np.arange(low, high), size=n, replace=False).tolist()


SEEDS = range(12)


def test_ple_worked_by_hand() -> None:
    """10 features, experts (2, 1) and 3 shared, widths 8 and 4: 528 + 90 + 60 + 216 + 72."""
    ple = PLERouting(
        in_width=10,
        n_tasks=2,
        n_levels=2,
        n_shared_experts=3,
        n_task_experts=(2, 1),
        expert_widths=[(8,), (4,)],
    )
    assert n_parameters(ple.levels[0].experts) == 528
    assert n_parameters(ple.levels[0].gate) == 90 + 60
    assert n_parameters(ple.levels[1].experts) == 216
    assert n_parameters(ple.levels[1].gate) == 72
    assert n_parameters(ple) == 966


@pytest.mark.parametrize("seed", SEEDS)
def test_single_task_and_shared_bottom(seed: int) -> None:
    rng = np.random.default_rng(seed)
    in_width, n_tasks, *widths = _distinct(rng, 4)
    single = SingleTaskRouting(in_width=in_width, n_tasks=n_tasks, bottom_widths=widths)
    shared = SharedBottomRouting(in_width=in_width, n_tasks=n_tasks, bottom_widths=widths)
    assert n_parameters(single) == n_tasks * _p(in_width, widths)
    assert n_parameters(shared) == _p(in_width, widths)


@pytest.mark.parametrize("seed", SEEDS)
def test_mmoe(seed: int) -> None:
    rng = np.random.default_rng(seed)
    in_width, n_tasks, n_experts, *widths = _distinct(rng, 5)
    bias = bool(rng.integers(2))
    mmoe = MMOERouting(
        in_width=in_width,
        n_tasks=n_tasks,
        n_experts=n_experts,
        expert_widths=widths,
        gate_bias=bias,
    )
    expected = n_experts * _p(in_width, widths) + n_tasks * n_experts * (in_width + bias)
    assert n_parameters(mmoe) == expected


@pytest.mark.parametrize("seed", SEEDS)
def test_cgc(seed: int) -> None:
    rng = np.random.default_rng(seed)
    in_width, *widths = _distinct(rng, 3)
    n_task, n_shared = rng.permutation(5)[: rng.integers(1, 5)].tolist(), int(rng.integers(1, 4))
    bias = bool(rng.integers(2))
    cgc = CGCRouting(
        in_width=in_width,
        n_tasks=len(n_task),
        n_shared_experts=n_shared,
        n_task_experts=n_task,
        expert_widths=widths,
        gate_bias=bias,
    )
    expected = _level(n_task, n_shared, in_width, widths, bias=bias, shared_gate=False)
    assert n_parameters(cgc) == expected


@pytest.mark.parametrize("seed", SEEDS)
def test_ple(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n_levels = int(rng.integers(1, 5))
    in_width, *widths = _distinct(rng, 2 * n_levels + 1)
    by_level = [tuple(widths[2 * j : 2 * j + 2]) for j in range(n_levels)]
    n_task = rng.permutation(np.arange(1, 6))[: rng.integers(1, 5)].tolist()
    n_shared, bias = int(rng.integers(0, 4)), bool(rng.integers(2))
    ple = PLERouting(
        in_width=in_width,
        n_tasks=len(n_task),
        n_levels=n_levels,
        n_shared_experts=n_shared,
        n_task_experts=n_task,
        expert_widths=by_level,
        gate_bias=bias,
    )
    ins = [in_width, *(each[-1] for each in by_level[:-1])]
    expected = sum(
        _level(n_task, n_shared, d, h, bias=bias, shared_gate=n_shared > 0 and j < n_levels - 1)
        for j, (d, h) in enumerate(zip(ins, by_level, strict=True))
    )
    assert n_parameters(ple) == expected


@pytest.mark.parametrize("seed", SEEDS)
def test_towers(seed: int) -> None:
    rng = np.random.default_rng(seed)
    in_width, first, last, *n_raw = _distinct(rng, 6)
    for widths in ([], [first], [first, last]):
        bank = TowerBank(n_raw, in_width=in_width, widths=widths)
        assert n_parameters(bank) == sum(_p(in_width, [*widths, n]) for n in n_raw)


@pytest.mark.parametrize(
    ("n_task", "n_shared", "gist"),
    [
        ((2, 1), 1, "2 entries for 3 tasks"),
        ((2, 1, 0), 0, "without experts"),
        ((2, -1, 1), 1, "without experts"),
        (0, 0, "without experts"),
    ],
)
def test_counts_that_leave_a_task_without_experts(
    n_task: int | tuple[int, ...], n_shared: int, gist: str
) -> None:
    with pytest.raises(ValueError, match=gist):
        CGCRouting(
            in_width=5,
            n_tasks=3,
            n_shared_experts=n_shared,
            n_task_experts=n_task,
            expert_widths=(4,),
        )


def test_one_number_stands_for_all_tasks_and_all_levels() -> None:
    """Also when it comes out of a NumPy grid."""
    sizes = {"in_width": 5, "n_tasks": 3, "n_shared_experts": 2}
    widths = (7, 4)
    one = PLERouting(n_levels=2, n_task_experts=np.int64(3), expert_widths=widths, **sizes)
    all_of_them = PLERouting(
        n_levels=2, n_task_experts=[3, 3, 3], expert_widths=[widths, widths], **sizes
    )
    shapes = [[tuple(p.shape) for p in net.parameters()] for net in (one, all_of_them)]
    assert shapes[0] == shapes[1]


def test_widths_for_another_number_of_levels() -> None:
    with pytest.raises(ValueError, match="2 tuples for n_levels=3"):
        PLERouting(
            in_width=5,
            n_tasks=3,
            n_levels=3,
            n_shared_experts=1,
            n_task_experts=1,
            expert_widths=[(7,), (4,)],
        )
