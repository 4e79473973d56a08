"""Sizes and rates that follow from the data: within reason for every shape of data."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_ple.base.fit.sizing import RULES, Sizes, resolve_sizes
from sklearn_ple.base.parameters import DEFAULTS

ROWS = st.integers(1, 10**7)
COLUMNS = st.integers(0, 300)


def resolve(n_rows: int, n_numeric: int = 5, n_other: int = 3, **given: Any) -> Sizes:
    return resolve_sizes(
        dict(DEFAULTS) | given,
        n_rows=n_rows,
        n_features=n_numeric + n_other,
        n_numeric=n_numeric,
        stops_early=n_rows >= 900,
    )


@given(n_rows=ROWS, n_numeric=COLUMNS, n_other=st.integers(1, 200))
@settings(max_examples=200, deadline=None)
def test_every_data_set_gets_sizes_that_can_be_trained(
    n_rows: int, n_numeric: int, n_other: int
) -> None:
    sizes = resolve(n_rows, n_numeric, n_other)
    assert 1 <= sizes.batch_size <= n_rows
    assert 1 <= sizes.max_epochs <= 150
    assert 0 < sizes.lr < 0.1
    assert 0 <= sizes.dropout < 1
    assert 0 <= sizes.weight_decay < 1
    assert sizes.embedding_dim >= 1
    assert 0 <= sizes.weight_averaging < 1
    assert 2 <= sizes.n_quantile_knots <= sizes.n_distinct_knots


@given(n_rows=st.integers(1, 10**6), more=st.integers(0, 10**6))
@settings(max_examples=200, deadline=None)
def test_more_rows_mean_larger_batches_and_more_knots(n_rows: int, more: int) -> None:
    few, many = resolve(n_rows), resolve(n_rows + more)
    assert few.batch_size <= many.batch_size
    assert few.n_distinct_knots <= many.n_distinct_knots
    assert few.dropout >= many.dropout


GIVEN = {
    "embedding_dim": 5,
    "dropout": 0.37,
    "lr": 0.123,
    "weight_decay": 0.0,
    "batch_size": 19,
    "max_epochs": 777,
    "weight_averaging": None,
}


@pytest.mark.parametrize("name", GIVEN)
@pytest.mark.parametrize("n_rows", [23, 2_000_000])
def test_what_the_user_gave_is_kept(name: str, n_rows: int) -> None:
    sizes = resolve(n_rows, **{name: GIVEN[name]})
    assert getattr(sizes, name) == GIVEN[name]


def test_a_batch_is_never_larger_than_the_data() -> None:
    assert resolve(17, batch_size=1000).batch_size == 17


def test_the_average_covers_the_share_of_steps_that_is_documented() -> None:
    """A decay of 1 - 5 / n averages over about n / 5 steps."""
    sizes = resolve(10_000, batch_size=100, max_epochs=7)
    assert 1 / (1 - sizes.weight_averaging) == pytest.approx(700 / 5)
    assert RULES["averaging"] == "a fifth"


def test_small_batches_have_small_rates() -> None:
    """By the square root of the batch size."""
    small, large = resolve(10**6, batch_size=64), resolve(10**6, batch_size=1024)
    assert large.lr / small.lr == pytest.approx(4)
