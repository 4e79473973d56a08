"""Sizes of levels: one for all of them, or one for each."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from numbers import Integral, Real
from typing import Any

from sklearn_ple.nn.experts import layer_widths
from sklearn_ple.nn.extraction import per_task
from sklearn_ple.nn.integers import integers

Widths = Sequence[int] | Sequence[Sequence[int]]
Counts = int | Sequence[int] | Sequence[Sequence[int]]


def widths_by_level(expert_widths: Widths, n_levels: int) -> list[tuple[int, ...]]:
    """One tuple of layer widths a level, from one for all or one for each.

    Raises
    ------
    ValueError
        If there are not as many tuples as levels, numbers and tuples are mixed, or a width is no
        integer or below 1.

    Examples
    --------
    >>> widths_by_level((64, 32), 2)
    [(64, 32), (64, 32)]
    >>> widths_by_level([(64, 32), (16,)], 2)
    [(64, 32), (16,)]
    """
    given: Sequence[Any] = expert_widths  # whose kind is told by its entries
    are_numbers = [isinstance(each, Real) for each in given]
    if all(are_numbers):
        return [layer_widths(given, "expert_widths")] * n_levels
    if any(are_numbers):
        raise ValueError(
            f"expert_widths must hold numbers, the layers of every level, or tuples of numbers, "
            f"one per level; it mixes them: {expert_widths}."
        )
    if len(given) != n_levels:
        raise ValueError(f"expert_widths has {len(given)} tuples for n_levels={n_levels} levels.")
    return [layer_widths(widths, "expert_widths") for widths in given]


def experts_by_level(
    n_task_experts: Counts, n_shared_experts: int | Sequence[int], *, n_tasks: int, n_levels: int
) -> list[tuple[list[int], int]]:
    """Experts of each task and shared ones, for every level.

    Parameters
    ----------
    n_task_experts : int, sequence of int, or sequence of sequences of int
        One number for every task at every level; a number per task, for every level; or, for every
        level, a list with a number per task. A list of numbers is never read by level.
    n_shared_experts : int or sequence of int
        One number for every level, or a number per level.
    n_tasks, n_levels : int

    Returns
    -------
    list of (list of int, int)

    Raises
    ------
    ValueError
        If there are not as many numbers as tasks or levels, numbers and lists are mixed, one is no
        integer or negative, a task is left without any expert at some level, or it has a choice of
        experts at one level and, at the next, a single shared one, which never sees what was
        chosen.

    Examples
    --------
    >>> experts_by_level((2, 1), 4, n_tasks=2, n_levels=2)
    [([2, 1], 4), ([2, 1], 4)]
    >>> experts_by_level([(2, 1), (0, 1)], (4, 3), n_tasks=2, n_levels=2)
    [([2, 1], 4), ([0, 1], 3)]
    """
    shared = _shared_by_level(n_shared_experts, n_levels)
    given = _task_counts_by_level(n_task_experts, n_levels)
    levels = [(per_task(each, n_tasks, m), m) for each, m in zip(given, shared, strict=True)]
    for j, (below, above) in enumerate(pairwise(levels), start=2):
        for k in range(n_tasks):
            had_a_choice = below[0][k] + below[1] > 1
            if had_a_choice and above[0][k] == 0 and above[1] == 1:
                raise ValueError(
                    f"At level {j} task {k} has no expert of its own and a single shared one, so "
                    f"that nothing reads what its gate chooses at level {j - 1}. Give it another "
                    f"expert at level {j}, or no choice at level {j - 1}: n_task_experts="
                    f"{n_task_experts}, n_shared_experts={n_shared_experts}."
                )
    return levels


def _shared_by_level(n_shared_experts: int | Sequence[int], n_levels: int) -> list[int]:
    if isinstance(n_shared_experts, Integral):
        return [int(n_shared_experts)] * n_levels
    given: Any = n_shared_experts
    counts = list(integers(given, "n_shared_experts"))
    if len(counts) != n_levels:
        raise ValueError(
            f"n_shared_experts has {len(counts)} entries for n_levels={n_levels} levels."
        )
    if min(counts) < 0:
        raise ValueError(f"n_shared_experts must not be negative: {n_shared_experts}.")
    return counts


def _task_counts_by_level(n_task_experts: Counts, n_levels: int) -> list[Any]:
    """For every level, what `per_task` reads."""
    given: Any = n_task_experts
    if isinstance(given, Real):
        return [given] * n_levels
    are_numbers = [isinstance(each, Real) for each in given]
    if all(are_numbers):
        return [given] * n_levels
    if any(are_numbers):
        raise ValueError(
            f"n_task_experts must hold numbers, one per task, or lists, one per level with a "
            f"number per task; it mixes them: {n_task_experts}."
        )
    if len(given) != n_levels:
        raise ValueError(f"n_task_experts has {len(given)} lists for n_levels={n_levels} levels.")
    return list(given)


def streams_that_are_read(levels: Sequence[tuple[Sequence[int], int]]) -> list[bool]:
    """For every level, whether anything reads its shared stream: experts, or a shared gate.

    A level has a shared gate where the next one has such a reader. So shared experts may start or
    pause at any level, and what is known in common reaches them.
    """
    read: list[bool] = []
    for of_task, n_shared in reversed(levels):
        has_gate = bool(read) and read[0]
        read.insert(0, n_shared > 0 or (has_gate and sum(of_task) > 1))
    return read
