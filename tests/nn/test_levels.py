"""Sizes by level: what one number, a list and a list of lists stand for."""

from __future__ import annotations

import numpy as np
import pytest

from sklearn_ple.nn.levels import experts_by_level, streams_that_are_read, widths_by_level


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((8, 4), [(8, 4), (8, 4)]),
        ([(8, 4), (3,)], [(8, 4), (3,)]),
        (np.array([8, 4]), [(8, 4), (8, 4)]),
    ],
)
def test_widths(given, expected) -> None:
    assert widths_by_level(given, 2) == expected


@pytest.mark.parametrize(
    ("given", "gist"),
    [
        ((8.0,), r"must hold integers, got \(8.0,\)"),
        ((8.0, 4.0), r"must hold integers, got \(8.0, 4.0\)"),
        ([(8, 4), (3.5,)], r"must hold integers, got \(3.5,\)"),
        ([(8, 4), None], "must hold integers, got None"),
        ([(8,), 4], r"mixes them: \[\(8,\), 4\]"),
        ([(8,), (4,), (3,)], "has 3 tuples for n_levels=2"),
        ((), "at least one layer"),
        ([(8, 4), ()], "at least one layer"),
        ((8, 0), r"at least 1 unit: \(8, 0\)"),
    ],
)
def test_widths_that_cannot_be(given, gist: str) -> None:
    with pytest.raises(ValueError, match=f"^expert_widths .*{gist}"):
        widths_by_level(given, 2)


@pytest.mark.parametrize(
    ("n_task", "n_shared", "expected"),
    [
        (3, 4, [([3, 3], 4)] * 3),
        ((2, 1), 4, [([2, 1], 4)] * 3),
        (2, (4, 0, 1), [([2, 2], 4), ([2, 2], 0), ([2, 2], 1)]),
        ([(2, 1), (1, 1), (0, 3)], 2, [([2, 1], 2), ([1, 1], 2), ([0, 3], 2)]),
        ([(2, 1), (0, 3), (1, 1)], (1, 2, 0), [([2, 1], 1), ([0, 3], 2), ([1, 1], 0)]),
        (np.int64(3), np.array([1, 2, 3]), [([3, 3], 1), ([3, 3], 2), ([3, 3], 3)]),
        (np.array([[2, 1], [1, 4], [5, 1]]), 1, [([2, 1], 1), ([1, 4], 1), ([5, 1], 1)]),
    ],
)
def test_experts_of_two_tasks_at_three_levels(n_task, n_shared, expected) -> None:
    assert experts_by_level(n_task, n_shared, n_tasks=2, n_levels=3) == expected


def test_a_list_of_numbers_goes_by_task_even_where_there_are_as_many_levels() -> None:
    assert experts_by_level((2, 1), 1, n_tasks=2, n_levels=2) == [([2, 1], 1)] * 2


@pytest.mark.parametrize(
    ("n_task", "n_shared", "gist"),
    [
        ((2, 1), 1, "2 entries for 3 tasks"),
        ([(2, 1, 1)], 1, "1 lists for n_levels=2"),
        ([(2, 1, 1), (2, 1)], 1, "2 entries for 3 tasks"),
        ([(2, 1, 1), 2], 1, "mixes them"),
        (1, (2, 1, 1), "n_shared_experts has 3 entries for n_levels=2"),
        (1, (2, -1), "must not be negative"),
        ((1.9, 2.5, 1), 1, r"n_task_experts must hold integers, got \(1.9, 2.5, 1\)"),
        (np.array([2.0, 1.0, 3.0]), 1, "n_task_experts must hold integers"),
        ([(2, 1, 1), (2.5, 1, 1)], 1, r"n_task_experts must hold integers, got \(2.5, 1, 1\)"),
        (1.5, 1, "n_task_experts must hold integers, got 1.5"),
        (1, (2.7, 1.2), r"n_shared_experts must hold integers, got \(2.7, 1.2\)"),
        (1, 2.7, "n_shared_experts must hold integers, got 2.7"),
        ((2, -1, 1), 1, "without experts"),
        ([(1, 1, 1), (1, 0, 1)], (2, 0), "without experts"),
        (0, (2, 0), "without experts"),
        ([(1, 1, 1), (1, 0, 1)], 1, "At level 2 task 1 has no expert of its own"),
        (0, (3, 1), "At level 2 task 0 has no expert of its own"),
    ],
)
def test_counts_that_cannot_be(n_task, n_shared, gist: str) -> None:
    with pytest.raises(ValueError, match=gist):
        experts_by_level(n_task, n_shared, n_tasks=3, n_levels=2)


def test_a_single_shared_expert_after_no_choice_may_be() -> None:
    """What nobody chose, nobody loses."""
    assert experts_by_level(0, 1, n_tasks=3, n_levels=2) == [([0, 0, 0], 1)] * 2
    assert experts_by_level([(1,), (0,)], (0, 1), n_tasks=1, n_levels=2) == [([1], 0), ([0], 1)]


@pytest.mark.parametrize(
    ("of_task", "shared", "read"),
    [
        ((2, 1), (1, 1, 1), [True, True, True]),
        ((2, 1), (0, 0, 0), [False, False, False]),
        ((2, 1), (3, 0, 0), [True, False, False]),
        ((2, 1), (0, 0, 2), [True, True, True]),
        ((2, 1), (0, 2, 0), [True, True, False]),
        ((1,), (0, 0, 2), [False, False, True]),  # a gate over one expert reads nothing
    ],
)
def test_shared_streams_that_are_read(of_task, shared, read) -> None:
    assert streams_that_are_read([(of_task, m) for m in shared]) == read
