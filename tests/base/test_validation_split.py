"""The held-out rows: a fair share of every combination of labels and gaps, none that is needed."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_ple.base.fit.split import validation_split


def split(strata: np.ndarray, fraction: float = 0.1, seed: int = 0):
    return validation_split(strata, fraction, np.random.RandomState(seed))


def random_strata(n: int, seed: int = 0) -> np.ndarray:
    """Two classes, one of them missing at times; five strata; gaps that depend on the first."""
    rng = np.random.default_rng(seed)
    first = rng.choice([-1, 0, 1], n, p=[0.3, 0.6, 0.1])
    second = rng.integers(0, 5, n)
    third = np.where(first == 1, rng.integers(0, 3, n), -1)
    return np.column_stack([first, second, third])


@given(
    n=st.integers(30, 400),
    fraction=st.sampled_from([0.05, 0.1, 0.25, 0.5]),
    seed=st.integers(0, 2**31 - 1),
)
@settings(max_examples=100, deadline=None)
def test_every_row_is_on_one_side_and_no_label_on_the_held_out_side_only(
    n: int, fraction: float, seed: int
) -> None:
    strata = random_strata(n, seed)
    train, held_out = split(strata, fraction, seed)
    assert sorted([*train, *held_out]) == list(range(n))
    assert 0 < len(held_out) <= round(n * fraction)
    for column in strata.T:
        assert set(column[held_out]) - {-1} <= set(column[train])


@pytest.mark.parametrize("fraction", [0.1, 0.2, 0.35])
def test_every_combination_gives_its_share(fraction: float) -> None:
    strata = random_strata(3001)
    _, held_out = split(strata, fraction)
    assert len(held_out) == pytest.approx(3001 * fraction, abs=5)
    whole, part = (Counter(map(tuple, rows)) for rows in (strata, strata[held_out]))
    for combination, count in whole.items():
        assert part[combination] == pytest.approx(count * fraction, abs=1.01)


def test_every_prefix_of_tasks_gives_its_share() -> None:
    """So the first tasks are even more exact than the combinations of all."""
    strata = random_strata(1003)
    _, held_out = split(strata, 0.2)
    for stratum, count in Counter(strata[:, 0]).items():
        assert np.sum(strata[held_out, 0] == stratum) == pytest.approx(count * 0.2, abs=1.01)


def test_many_tasks_of_which_every_row_is_its_own_combination() -> None:
    rng = np.random.default_rng(3)
    strata = rng.integers(-1, 5, size=(997, 11))
    train, held_out = split(strata, 0.1)
    assert len(held_out) == pytest.approx(100, abs=2)
    assert len(train) + len(held_out) == 997


def test_the_seed_decides() -> None:
    strata = random_strata(301)
    np.testing.assert_array_equal(split(strata, seed=4)[1], split(strata, seed=4)[1])
    assert not np.array_equal(split(strata, seed=4)[1], split(strata, seed=5)[1])


def test_every_row_is_held_out_about_as_often() -> None:
    strata = random_strata(59)
    counts = np.zeros(59)
    for seed in range(2000):
        counts[split(strata, 0.2, seed)[1]] += 1
    common = Counter(map(tuple, strata))
    often = np.array([common[tuple(row)] for row in strata]) >= 5
    assert counts[often].min() > 250
    assert counts[often].max() < 550


def test_the_only_row_of_a_class_trains() -> None:
    strata = np.zeros((101, 2), dtype=int)
    strata[[37, 58], 1] = [1, 2]
    for seed in range(50):
        train, _ = split(strata, 0.3, seed)
        assert {37, 58} <= set(train)


@pytest.mark.parametrize(("n", "fraction"), [(2, 0.1), (4, 0.1), (3, 0.9), (2, 0.99)])
def test_too_few_rows(n: int, fraction: float) -> None:
    with pytest.raises(ValueError, match=f"validation split of {n} samples.*early_stopping=False"):
        split(np.zeros((n, 1), dtype=int), fraction)


def test_no_row_that_training_can_spare() -> None:
    with pytest.raises(ValueError, match="no row that training can spare"):
        split(np.arange(20)[:, None], 0.1)
