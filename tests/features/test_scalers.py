"""Scales of numbers: weighted as repeated rows are, exact, and finite for whatever is finite."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.preprocessing import QuantileTransformer, StandardScaler

from sklearn_ple.features.numbers import QuantileNormal, Robust, Standard, weighted_quantiles

SCALERS = [Standard, Robust, QuantileNormal]
over_scalers = pytest.mark.parametrize("scaler", SCALERS, ids=lambda cls: cls.__name__)
RNG = np.random.default_rng(0)
X = np.column_stack([RNG.normal(5, 3, 301), RNG.gamma(0.5, 100, 301), RNG.poisson(2, 301)])


def fit(scaler: Any, table: np.ndarray, weight: np.ndarray | None = None) -> Any:
    weight = np.ones(len(table)) if weight is None else weight
    return scaler.fit([(column, weight) for column in table.T])


def transformed(scaler: Any, table: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
    return fit(scaler, table, weight).transform(table.copy())


@given(
    values=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60),
    seed=st.integers(0, 2**31 - 1),
    levels=st.lists(st.floats(0, 1), min_size=1, max_size=9),
)
@settings(max_examples=200, deadline=None)
def test_weighted_quantiles_are_those_of_repeated_rows(
    values: list, seed: int, levels: list
) -> None:
    """NumPy's, by the same definition, of the rows written out; edges between rows are below."""
    column = np.array(values)
    weight = np.random.default_rng(seed).integers(1, 6, len(column))
    n = weight.sum()
    inner = [u for u in levels if abs(u * n - round(u * n)) > 1e-9 or u in (0, 1)]
    got = weighted_quantiles(column, weight.astype(float), np.array(inner))
    expected = np.quantile(np.repeat(column, weight), inner, method="inverted_cdf")
    np.testing.assert_array_equal(got, expected)


def test_weighted_quantiles_on_the_edge_between_two_rows_take_the_lower() -> None:
    column, weight = np.array([3.0, 1.0, 2.0]), np.array([2.0, 1.0, 1.0])
    got = weighted_quantiles(column, weight, np.array([0.0, 0.25, 0.5, 0.75, 1.0]))
    assert got.tolist() == [1, 1, 2, 3, 3]


@pytest.mark.parametrize("scale", [1e-3, 0.1, 7.0])
def test_weighted_quantiles_do_not_depend_on_the_unit_of_weights(scale: float) -> None:
    column, weight = RNG.normal(size=97), RNG.integers(1, 9, 97).astype(float)
    levels = np.linspace(0, 1, 33)
    np.testing.assert_array_equal(
        weighted_quantiles(column, weight * scale, levels),
        weighted_quantiles(column, weight, levels),
    )


@over_scalers
def test_twice_the_weight_is_the_row_twice(scaler: Any) -> None:
    weight = RNG.integers(1, 5, 301)
    weighted = fit(scaler, X, weight.astype(float)).transform(X.copy())
    repeated = fit(scaler, np.repeat(X, weight, axis=0)).transform(X.copy())
    np.testing.assert_allclose(weighted, repeated, rtol=1e-12, atol=1e-14)


@over_scalers
def test_columns_do_not_mix(scaler: Any) -> None:
    whole = transformed(scaler, X)
    for j in range(3):
        np.testing.assert_array_equal(whole[:, [j]], transformed(scaler, X[:, [j]]))


@over_scalers
def test_order_is_kept(scaler: Any) -> None:
    order = np.argsort(X[:, 1])
    assert (np.diff(transformed(scaler, X)[order, 1]) >= 0).all()


@over_scalers
def test_gaps_stay_gaps(scaler: Any) -> None:
    table = X.copy()
    fitted = fit(scaler, X)
    table[::7, 1] = np.nan
    got = fitted.transform(table)
    assert np.isnan(got[::7, 1]).all()
    assert np.isnan(got).sum() == len(range(0, 301, 7))


@over_scalers
@pytest.mark.parametrize("constant", [0.0, 3.7, -1e300, 1e-300])
def test_a_constant_becomes_a_constant_near_zero(scaler: Any, constant: float) -> None:
    got = transformed(scaler, np.full((11, 2), constant))
    assert np.ptp(got) == 0
    assert abs(got[0, 0]) < 1e-9


@over_scalers
@pytest.mark.parametrize("unit", [1e-150, 1e-30, 1e30, 1e150])
def test_the_unit_does_not_matter(scaler: Any, unit: float) -> None:
    np.testing.assert_allclose(
        transformed(scaler, X * unit), transformed(scaler, X), rtol=1e-9, atol=1e-12
    )


@pytest.mark.parametrize("shift", [1e9, 1.7e9])
def test_a_far_origin_costs_no_precision(shift: float) -> None:
    for scaler in SCALERS:
        np.testing.assert_allclose(
            transformed(scaler, X + shift), transformed(scaler, X), atol=1e-5
        )


@over_scalers
def test_the_center_is_what_stands_for_a_gap(scaler: Any) -> None:
    fitted = fit(scaler, X)
    middle = X.mean(axis=0) if scaler is Standard else np.median(X, axis=0)
    np.testing.assert_allclose(fitted.center, middle, rtol=1e-12)


def test_standard_is_scikit_learns() -> None:
    weight = RNG.uniform(0.1, 3, 301)
    expected = StandardScaler().fit(X, sample_weight=weight).transform(X)
    np.testing.assert_allclose(transformed(Standard, X, weight), expected, rtol=1e-9, atol=1e-12)


def test_robust_by_its_formula() -> None:
    column = np.array([-50.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 900.0])
    z = (column - 4) / ((6 - 2) / 1.349)
    low, high = (np.quantile(column, q, method="inverted_cdf") for q in (0.25, 0.75))
    assert (low, high) == (2, 6)
    expected = z / np.sqrt(1 + (z / 3) ** 2)
    np.testing.assert_allclose(transformed(Robust, column[:, None])[:, 0], expected)
    assert np.abs(transformed(Robust, column[:, None])).max() < 3


def test_robust_falls_back_on_the_deviation_where_half_the_rows_are_one_value() -> None:
    column = np.concatenate([np.zeros(80), np.arange(1.0, 21)])
    z = column / column.std()
    expected = z / np.sqrt(1 + (z / 3) ** 2)
    np.testing.assert_allclose(transformed(Robust, column[:, None])[:, 0], expected)


@pytest.mark.parametrize("unit", [1e-30, 1.0, 1e30])
def test_robust_takes_rounding_for_no_spread(unit: float) -> None:
    """Three tenths, added up in two ways, in nine rows of ten."""
    column = unit * np.concatenate([np.full(47, 0.1 + 0.2), np.full(43, 0.3), np.arange(10.0)])
    assert np.ptp(column[:90]) > 0
    got = transformed(Robust, column[:, None])[:, 0]
    z = (column - 0.3 * unit) / column.std()
    np.testing.assert_allclose(got, z / np.sqrt(1 + (z / 3) ** 2), atol=1e-12)


@pytest.mark.parametrize("code", [-9999.0, 9.97e36, -1.7e308])
def test_robust_is_not_moved_by_a_code_for_gaps(code: float) -> None:
    column = RNG.normal(size=211)
    column[:13] = code
    low, median, high = (np.quantile(column, q, method="inverted_cdf") for q in (0.25, 0.5, 0.75))
    z = (column[13:] - median) / ((high - low) / 1.349)
    got = transformed(Robust, column[:, None])[:, 0]
    np.testing.assert_allclose(got[13:], z / np.sqrt(1 + (z / 3) ** 2), rtol=1e-9)


def test_quantiles_of_a_continuous_column_are_normal() -> None:
    column = RNG.gamma(0.3, 7, size=(4001, 1))
    got = transformed(QuantileNormal, column)[:, 0]
    inner = np.abs(got) < 4
    assert inner.mean() > 0.999
    assert stats.kstest(got[inner], "norm").pvalue > 0.1


def test_quantiles_are_scikit_learns_up_to_the_definition_of_a_quantile() -> None:
    column = RNG.normal(size=(2001, 1)) ** 3
    theirs = QuantileTransformer(n_quantiles=1000, output_distribution="normal")
    inner = slice(20, -20)
    order = np.argsort(column[:, 0])[inner]
    expected = theirs.fit_transform(column)[order]
    np.testing.assert_allclose(transformed(QuantileNormal, column)[order], expected, atol=0.02)


def test_a_value_that_many_rows_share_has_the_middle_of_its_share() -> None:
    column = np.concatenate([np.full(600, -1.0), np.linspace(0, 1, 400)])[:, None]
    got = transformed(QuantileNormal, column)[:, 0]
    assert got[0] == pytest.approx(stats.norm.ppf(0.3), abs=0.02)
    assert got[700] == pytest.approx(stats.norm.ppf(0.7), abs=0.02)
    middle = np.concatenate([np.linspace(-2, -1, 300), np.zeros(400), np.linspace(1, 2, 300)])
    assert transformed(QuantileNormal, middle[:, None])[500, 0] == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize("share", [0.05, 0.4, 0.9])
def test_quantiles_of_two_values_are_the_ends_whatever_their_shares(share: float) -> None:
    column = (np.arange(200) < 200 * share)[:, None].astype(float)
    got = np.unique(transformed(QuantileNormal, column))
    theirs = QuantileTransformer(n_quantiles=200, output_distribution="normal")
    np.testing.assert_allclose(got, np.unique(theirs.fit_transform(column)), rtol=1e-6)
    np.testing.assert_allclose(got, stats.norm.ppf([1e-7, 1 - 1e-7]))


def test_quantiles_of_few_values_lie_evenly() -> None:
    column = np.repeat(np.arange(5.0), [30, 31, 32, 33, 34])[:, None]
    got = np.unique(transformed(QuantileNormal, column))
    np.testing.assert_allclose(got[1:4], stats.norm.ppf([0.25, 0.5, 0.75]), atol=1e-12)
    np.testing.assert_allclose(got[[0, 4]], stats.norm.ppf([1e-7, 1 - 1e-7]))


@over_scalers
def test_far_values_at_predict_are_finite(scaler: Any) -> None:
    far = np.array([[1e30, -1e30, 1e30]])
    got = fit(scaler, X).transform(far.copy())
    assert np.isfinite(got).all()
    assert (np.sign(got) == np.sign(far)).all()
