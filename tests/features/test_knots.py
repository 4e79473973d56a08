"""Where knots lie, and where values lie between them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_ple.features.knots import KnotRows, choose_knots

FINITE = st.floats(-1e9, 1e9, allow_nan=False)
RNG = np.random.default_rng(0)


def locate(values: np.ndarray, knots: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bins and fractions (n,) of one feature's values."""
    rows, fractions = KnotRows.of([knots]).locate(values[:, None])
    return rows[:, 0], fractions[:, 0]


def ones(values: np.ndarray) -> np.ndarray:
    return np.ones(len(values))


@given(values=st.lists(FINITE, min_size=1, max_size=200), n=st.integers(2, 17))
@settings(max_examples=150, deadline=None)
def test_knots_are_values_ascending_distinct_and_reach_both_ends(values: list, n: int) -> None:
    column = np.array(values)
    knots = choose_knots(column, ones(column), n_quantiles=n, n_distinct=n + 3)
    assert (np.diff(knots) > 0).all()
    assert set(knots) <= set(column)
    assert (knots[0], knots[-1]) == (column.min(), column.max())
    assert len(knots) <= 2 * n + 3


def test_every_distinct_value_where_there_are_few() -> None:
    column = RNG.choice([0.0, 2.5, 7.0, -1.0], 97)
    np.testing.assert_array_equal(choose_knots(column, ones(column), 3, 11), [-1, 0, 2.5, 7])


def test_a_constant_has_one_knot() -> None:
    np.testing.assert_array_equal(choose_knots(np.full(7, 3.25), np.ones(7), 5, 11), [3.25])


def test_rare_amounts_of_a_column_that_is_mostly_zero_are_kept_apart() -> None:
    amounts = np.arange(1, 41) * 1000.0
    column = np.concatenate([np.zeros(5000), amounts])
    knots = choose_knots(column, ones(column), n_quantiles=13, n_distinct=21)
    assert len(knots) >= 21
    assert 0.0 in knots


def test_knots_lie_where_the_weight_is() -> None:
    """Half the weight on the upper tenth of values puts half the quantile knots there."""
    column = RNG.uniform(size=4001)
    weight = np.where(column > 0.9, 9.0, 1.0)
    knots = choose_knots(column, weight, n_quantiles=41, n_distinct=2)
    assert np.mean(knots > 0.9) == pytest.approx(0.5, abs=0.05)
    plain = choose_knots(column, ones(column), n_quantiles=41, n_distinct=2)
    assert np.mean(plain > 0.9) == pytest.approx(0.1, abs=0.05)


def test_twice_the_weight_is_the_row_twice() -> None:
    column = RNG.normal(size=301)
    weight = RNG.integers(1, 5, 301)
    repeated = np.repeat(column, weight)
    np.testing.assert_array_equal(
        choose_knots(column, weight.astype(float), 17, 5),
        choose_knots(repeated, ones(repeated), 17, 5),
    )


@given(
    knots=st.lists(FINITE, min_size=2, max_size=30, unique=True),
    values=st.lists(FINITE, min_size=1, max_size=50),
)
@settings(max_examples=150, deadline=None)
def test_bin_and_fraction_say_where_a_value_is(knots: list, values: list) -> None:
    """Within the knots, q_j + t (q_(j+1) - q_j) is the value again."""
    edges = np.sort(knots)
    column = np.clip(values, edges[0], edges[-1])
    bins, fractions = locate(column, edges)
    assert ((bins >= 0) & (bins <= len(edges) - 2)).all()
    assert ((fractions >= 0) & (fractions <= 1)).all()
    width = edges[bins + 1] - edges[bins]
    np.testing.assert_allclose(edges[bins] + fractions * width, column, rtol=1e-9, atol=1e-6)


def test_by_hand() -> None:
    knots = np.array([0.0, 1.0, 3.0, 10.0])
    values = np.array([-0.5, 0.0, 0.25, 1.0, 2.0, 3.0, 6.5, 10.0, 13.5])
    bins, fractions = locate(values, knots)
    assert bins.tolist() == [0, 0, 0, 1, 1, 2, 2, 2, 2]
    np.testing.assert_allclose(fractions, [-0.5, 0, 0.25, 0, 0.5, 0, 0.5, 1, 1.5])


def test_beyond_the_outer_knots_the_line_goes_on_for_two_bins() -> None:
    knots = np.array([0.0, 1.0, 3.0])
    bins, fractions = locate(np.array([-1.5, -2.0, -1e30, 5.0, 7.0, 1e30]), knots)
    assert bins.tolist() == [0, 0, 0, 1, 1, 1]
    np.testing.assert_allclose(fractions, [-1.5, -2, -2, 2, 3, 3])


def test_a_single_knot() -> None:
    bins, fractions = locate(np.array([-7.0, 3.0, 1e9]), np.array([3.0]))
    assert bins.tolist() == [0, 0, 0]
    assert fractions.tolist() == [0, 0, 0]


@given(
    knots=st.lists(st.lists(FINITE, min_size=1, max_size=9, unique=True), min_size=1, max_size=5),
    seed=st.integers(0, 99),
)
@settings(max_examples=100, deadline=None)
def test_features_side_by_side_are_placed_as_each_alone(knots: list, seed: int) -> None:
    columns = [np.sort(each) for each in knots]
    values = np.random.default_rng(seed).normal(0, 1e9, (11, len(columns)))
    rows, fractions = KnotRows.of(columns).locate(values)
    start = 0
    for j, each in enumerate(columns):
        bins, into = locate(values[:, j], each)
        np.testing.assert_array_equal(rows[:, j], start + bins)
        np.testing.assert_array_equal(fractions[:, j], into)
        start += len(each)
