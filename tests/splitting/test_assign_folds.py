"""Folds are alike in every task's strata, in gaps and in combinations, whatever the family."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedGroupKFold
from strata_families import (
    FAMILIES,
    assays,
    deviations,
    few_labels,
    funnel,
    long_tails,
    mixed,
    numbers,
    root_mean_square,
)

from sklearn_ple.splitting import assign_folds

families = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)


def folds(strata: np.ndarray, n_folds: int, seed: int | None = 0, groups=None) -> np.ndarray:
    random_state = None if seed is None else np.random.RandomState(seed)
    return assign_folds(strata, n_folds, random_state, groups=groups)


def dealt_like_cards(strata: np.ndarray, n_folds: int, rng: np.random.Generator) -> np.ndarray:
    """The simple way: rows sorted by strata, task by task, and dealt in turn."""
    shuffled = rng.permutation(len(strata))
    fold = np.empty(len(strata), dtype=int)
    fold[shuffled[np.lexsort(strata[shuffled].T[::-1])]] = np.arange(len(strata)) % n_folds
    return fold


@given(
    family=st.sampled_from(FAMILIES),
    n=st.integers(13, 211),
    n_folds=st.integers(2, 9),
    seed=st.one_of(st.none(), st.integers(0, 2**31 - 1)),
)
@settings(max_examples=60, deadline=None)
def test_sizes_and_combinations_differ_by_one_row_at_most(family, n, n_folds, seed) -> None:
    strata = family(n, np.random.default_rng(seed or 0))
    fold = folds(strata, n_folds, seed)
    assert np.ptp(np.bincount(fold, minlength=n_folds)) <= 1
    rows = Counter((*row, k) for row, k in zip(map(tuple, strata), fold.tolist(), strict=True))
    for combination in set(map(tuple, strata)):
        counts = [rows[*combination, k] for k in range(n_folds)]
        assert max(counts) - min(counts) <= 1


@families
@pytest.mark.parametrize(("n", "n_folds"), [(67, 2), (151, 5), (997, 5), (1009, 10)])
def test_no_less_balanced_than_dealing_sorted_rows_like_cards(family, n, n_folds) -> None:
    """Nor in the worst case; a lucky deal may be better once, by less than half a row."""
    measures = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        strata = family(n, rng)
        ours = deviations(strata, folds(strata, n_folds, seed), n_folds)
        simple = deviations(strata, dealt_like_cards(strata, n_folds, rng), n_folds)
        measures.append([[root_mean_square(each), np.abs(each).max()] for each in (ours, simple)])
    ours, simple = np.swapaxes(measures, 0, 1)
    assert (ours[:, 0] <= simple[:, 0] + 0.2).all()
    assert (ours[:, 1] < simple[:, 1] + 0.5).all()
    assert (ours.mean(axis=0) <= simple.mean(axis=0) + 1e-9).all()


@pytest.mark.parametrize("family", [funnel, long_tails, mixed])
@pytest.mark.parametrize("n_folds", [2, 3, 5])
def test_every_stratum_of_every_task_is_spread_as_evenly_as_can_be(family, n_folds) -> None:
    strata = family(1511, np.random.default_rng(4))
    assert np.abs(deviations(strata, folds(strata, n_folds), n_folds)).max() < 1


@pytest.mark.parametrize("family", [assays, numbers, few_labels])
@pytest.mark.parametrize("n", [600, 4801, 19_207])
def test_deviations_do_not_grow_with_the_number_of_rows(family, n) -> None:
    """With six, seven or eleven tasks at once; chance alone would deviate by up to 150 rows."""
    strata = family(n, np.random.default_rng(5))
    assert np.abs(deviations(strata, folds(strata, 5), 5)).max() < 2


@families
def test_patterns_of_missing_labels_are_balanced_too(family) -> None:
    strata = family(1511, np.random.default_rng(6))
    _, pattern = np.unique(strata < 0, axis=0, return_inverse=True)
    fold = folds(strata, 5)
    simple = dealt_like_cards(strata, 5, np.random.default_rng(6))
    ours, theirs = (deviations(pattern[:, None], each, 5) for each in (fold, simple))
    assert root_mean_square(ours) <= root_mean_square(theirs) + 0.05


@given(family=st.sampled_from([funnel, few_labels, mixed]), n=st.integers(60, 500))
@settings(max_examples=40, deadline=None)
def test_each_fold_has_a_label_of_every_task_and_stratum_with_enough_of_them(family, n) -> None:
    strata = family(n, np.random.default_rng(n))
    fold = folds(strata, 5, n)
    for column in strata.T:
        for has in [column >= 0, *(column == stratum for stratum in set(column) - {-1})]:
            if has.sum() >= 5:
                assert set(fold[has]) == set(range(5))


def test_rare_labels_find_the_only_way() -> None:
    """Three tasks with one label per fold, in rows that overlap: hand-worked, two ways of six rows.

    Rows 0 to 5 have labels of tasks 0; 0 and 1; 1; 1 and 2; 2; 0 and 2. With three folds, rows 0,
    1, 5 must part, and so must 1, 2, 3 and 3, 4, 5.
    """
    strata = np.full((47, 3), -1)
    for row, tasks in enumerate([[0], [0, 1], [1], [1, 2], [2], [0, 2]]):
        strata[row, tasks] = 0
    for seed in range(20):
        fold = folds(strata, 3, seed)
        for labelled in ([0, 1, 5], [1, 2, 3], [3, 4, 5]):
            assert set(fold[labelled]) == {0, 1, 2}


def test_small_tables_are_split_nearly_as_well_as_by_trying_everything() -> None:
    rng = np.random.default_rng(8)
    strata = np.where(rng.random((12, 3)) < 0.2, -1, rng.integers(0, 2, (12, 3)))
    best = min(
        root_mean_square(deviations(strata, np.isin(np.arange(12), chosen).astype(int), 2))
        for chosen in combinations(range(12), 6)
    )
    ours = [root_mean_square(deviations(strata, folds(strata, 2, seed), 2)) for seed in range(10)]
    assert min(ours) == pytest.approx(best)
    assert max(ours) <= best + 0.25


@pytest.mark.parametrize("family", [assays, numbers, long_tails])
def test_another_seed_gives_other_folds(family) -> None:
    """Two rows that were together are together again no more often than by chance."""
    strata = family(499, np.random.default_rng(9))
    together = [fold[:, None] == fold for fold in (folds(strata, 5, seed) for seed in (1, 2))]
    pairs = np.triu_indices(499, 1)
    again = (together[0] & together[1])[pairs].sum() / together[0][pairs].sum()
    assert again == pytest.approx(0.2, abs=0.02)
    np.testing.assert_array_equal(folds(strata, 5, 1), folds(strata, 5, 1))


def test_without_a_random_state_the_order_decides_and_equal_rows_stay_together() -> None:
    strata = np.repeat([[0, 1], [1, -1]], [4, 8], axis=0)
    fold = folds(strata, 2, None)
    np.testing.assert_array_equal(fold, folds(strata, 2, None))
    assert [np.sum(np.diff(part) != 0) for part in (fold[:4], fold[4:])] == [1, 1]


def test_numpys_global_state_stays_untouched() -> None:
    before = np.random.get_state()[1].copy()
    folds(assays(211, np.random.default_rng(0)), 5)
    np.testing.assert_array_equal(np.random.get_state()[1], before)


def test_what_a_stratum_is_called_does_not_matter() -> None:
    strata = mixed(157, np.random.default_rng(2))
    renamed = np.where(strata >= 0, strata * 10**12 + 7, -1)
    np.testing.assert_array_equal(folds(strata, 4, 3), folds(renamed, 4, 3))


def test_many_tasks_of_many_strata_have_more_combinations_than_an_integer_can_number() -> None:
    rng = np.random.default_rng(1)
    strata = rng.integers(0, 40, size=(173, 23))
    strata[100:] = strata[:73]
    fold = folds(strata, 2)
    assert np.mean(fold[100:] != fold[:73]) == 1


@given(
    family=st.sampled_from(FAMILIES), n_groups=st.integers(5, 40), seed=st.integers(0, 2**31 - 1)
)
@settings(max_examples=40, deadline=None)
def test_groups_stay_together_and_no_fold_is_empty(family, n_groups, seed) -> None:
    rng = np.random.default_rng(seed)
    groups = np.concatenate([np.arange(n_groups), rng.integers(0, n_groups, 170)])
    fold = folds(family(len(groups), rng), 5, seed, groups)
    for group in range(n_groups):
        assert len(set(fold[groups == group])) == 1
    assert set(fold) == set(range(5))


@families
def test_groups_of_one_row_each_are_as_good_as_none(family) -> None:
    strata = family(407, np.random.default_rng(3))
    with_groups = deviations(strata, folds(strata, 5, 0, np.arange(407)), 5)
    without = deviations(strata, folds(strata, 5, 0), 5)
    assert root_mean_square(with_groups) <= root_mean_square(without) + 0.15


def test_folds_of_many_groups_are_nearly_as_balanced_as_folds_of_rows() -> None:
    rng = np.random.default_rng(7)
    groups = np.concatenate([np.arange(601), rng.integers(0, 601, 1202)])
    strata = numbers(1803, rng)
    fold = folds(strata, 5, 0, groups)
    by_chance = rng.integers(0, 5, 601)[groups]
    assert np.ptp(np.bincount(fold)) <= 15
    assert root_mean_square(deviations(strata, fold, 5)) < 2
    assert root_mean_square(deviations(strata, by_chance, 5)) > 5


def test_folds_of_groups_are_more_balanced_than_scikit_learns_for_one_task() -> None:
    rng = np.random.default_rng(11)
    groups = np.concatenate([np.arange(83), rng.integers(0, 83, 400)])
    labels = rng.choice(3, len(groups), p=[0.1, 0.3, 0.6])
    for seed in range(3):
        theirs = np.empty(len(groups), dtype=int)
        splitter = StratifiedGroupKFold(4, shuffle=True, random_state=seed)
        for k, (_, test) in enumerate(splitter.split(labels, labels, groups)):
            theirs[test] = k
        ours = folds(labels[:, None], 4, seed, groups)
        ours, theirs = (deviations(labels[:, None], fold, 4) for fold in (ours, theirs))
        assert root_mean_square(ours) < root_mean_square(theirs)


def test_groups_find_the_even_partition() -> None:
    """Eight groups of 1, 2, 4 or 8 rows, half of them of either class: two folds of 15 rows."""
    sizes = [1, 2, 4, 8] * 2
    groups = np.repeat(np.arange(8), sizes)
    strata = np.repeat([0, 0, 0, 0, 1, 1, 1, 1], sizes)[:, None]
    for seed in range(5):
        fold = folds(strata, 2, seed, groups)
        assert np.abs(deviations(strata, fold, 2)).max() <= 0.5
