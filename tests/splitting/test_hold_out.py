"""Held-out rows are like the others, each as likely as any; no label is held out that trains."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strata_families import (
    FAMILIES,
    assays,
    deviations,
    few_labels,
    funnel,
    mixed,
    numbers,
    root_mean_square,
)

from sklearn_ple.splitting import hold_out

families = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)


def held_out(strata: np.ndarray, n_held_out: int, seed: int = 0, groups=None) -> np.ndarray:
    return hold_out(strata, n_held_out, np.random.RandomState(seed), groups=groups)


def every_so_many_sorted_rows(
    strata: np.ndarray, n_held_out: int, rng: np.random.Generator
) -> np.ndarray:
    """The simple way: rows sorted by strata, task by task, of which every k-th is taken."""
    n = len(strata)
    shuffled = rng.permutation(n)
    order = shuffled[np.lexsort(strata[shuffled].T[::-1])]
    chosen = np.zeros(n, dtype=bool)
    chosen[order[((np.arange(n_held_out) + rng.random()) * n / n_held_out).astype(int)]] = True
    return chosen


@given(
    family=st.sampled_from(FAMILIES),
    n=st.integers(13, 211),
    share=st.floats(0.05, 0.95),
    seed=st.integers(0, 2**31 - 1),
)
@settings(max_examples=60, deadline=None)
def test_the_number_is_exact(family, n, share, seed) -> None:
    n_held_out = min(max(round(n * share), 1), n - 1)
    strata = family(n, np.random.default_rng(seed))
    assert held_out(strata, n_held_out, seed).sum() == n_held_out


@given(
    family=st.sampled_from([funnel, few_labels, mixed]),
    n=st.integers(13, 211),
    share=st.floats(0.05, 0.5),
    seed=st.integers(0, 2**31 - 1),
)
@settings(max_examples=60, deadline=None)
def test_every_stratum_has_a_row_that_is_not_held_out(family, n, share, seed) -> None:
    strata = family(n, np.random.default_rng(seed))
    held = held_out(strata, max(round(n * share), 1), seed)
    for column in strata.T:
        assert set(column[held]) <= set(column[~held]) | {-1}


@families
@pytest.mark.parametrize(("n", "share"), [(151, 0.1), (401, 0.25)])
def test_no_less_balanced_than_taking_every_so_many_sorted_rows(family, n, share) -> None:
    """Root mean square and worst case, on average: what is rounded up or down, is so by chance."""
    measures = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        strata = family(n, rng)
        n_held_out = round(n * share)
        ways = (
            held_out(strata, n_held_out, seed),
            every_so_many_sorted_rows(strata, n_held_out, rng),
        )
        found = [
            deviations(strata, way.astype(int), 2, [1 - n_held_out / n, n_held_out / n])
            for way in ways
        ]
        measures.append([[root_mean_square(each), np.abs(each).max()] for each in found])
    ours, simple = np.mean(measures, axis=0)
    assert (ours <= simple + 0.03).all()


@pytest.mark.parametrize("family", [assays, numbers, few_labels, mixed, funnel])
def test_deviations_do_not_grow_with_the_number_of_rows(family) -> None:
    """Every stratum is rounded up or down, and where there are many tasks a little more."""
    for n in (502, 12_007):
        strata = family(n, np.random.default_rng(2))
        n_held_out = round(0.15 * n)
        held = held_out(strata, n_held_out).astype(int)
        assert np.abs(deviations(strata, held, 2, [1 - n_held_out / n, n_held_out / n])).max() < 3


@pytest.mark.parametrize("family", [assays, numbers, funnel])
@pytest.mark.parametrize("share", [0.1, 0.25])
def test_no_row_is_held_out_more_often_than_others(family, share) -> None:
    """Not even one with rare labels, and not the same rows for every seed."""
    strata = family(121, np.random.default_rng(3))
    n_held_out = round(121 * share)
    often = np.mean([held_out(strata, n_held_out, seed) for seed in range(200)], axis=0)
    by_chance = np.sqrt(share * (1 - share) / 200)
    rare = np.array([min(np.sum(strata[:, t] == s) for t, s in enumerate(r)) for r in strata])
    assert often[rare > 1].std() < 4 * by_chance
    rarest = np.argsort(rare)[(rare == 1).sum() :][:30]
    assert often[rarest].mean() == pytest.approx(share, abs=0.05)


def test_labels_of_a_single_row_are_not_held_out() -> None:
    strata = np.zeros((53, 2), dtype=int)
    strata[[17, 31], [0, 1]] = [1, 2]
    for seed in range(30):
        assert not held_out(strata, 20, seed)[[17, 31]].any()


@given(seed=st.integers(0, 2**31 - 1), n_groups=st.integers(2, 30))
@settings(max_examples=40, deadline=None)
def test_groups_stay_together_and_neither_side_is_empty(seed, n_groups) -> None:
    rng = np.random.default_rng(seed)
    groups = np.concatenate([np.arange(n_groups), rng.integers(0, n_groups, 131)])
    held = held_out(mixed(len(groups), rng), 29, seed, groups)
    assert len(set(zip(groups, held, strict=True))) == n_groups
    assert 0 < held.sum() < len(groups)


def test_many_groups_meet_the_number_closely() -> None:
    rng = np.random.default_rng(5)
    groups = rng.integers(0, 211, 997)
    _, groups = np.unique(groups, return_inverse=True)
    for seed in range(5):
        assert held_out(numbers(997, rng), 199, seed, groups).sum() == pytest.approx(199, abs=6)
