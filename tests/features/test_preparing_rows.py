"""`FeatureTable`: what fit learns of a table, and rows prepared by it."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from people import make_people

from sklearn_ple.features import FeatureTable, read_columns
from sklearn_ple.features.knots import KnotRows

X, _ = make_people(157)
COLUMNS = read_columns(X)
CATEGORICAL = [2, 3]  # city, five levels; plan, three


def fit(encoding: str = "piecewise_linear", weight: np.ndarray | None = None, **sizes: int):
    weight = np.ones(157) if weight is None else weight
    return FeatureTable.fit(COLUMNS, weight, categorical=CATEGORICAL, encoding=encoding, **sizes)


def test_what_is_learnt() -> None:
    table = fit()
    assert table.numeric == [0, 1, 4]
    assert table.categorical == CATEGORICAL
    assert table.has_missing.tolist() == [True, False, False]
    assert [len(knots) for knots in table.knots] == [
        X["age"].nunique(),
        X["visits"].nunique(),
        2,
    ]
    assert (table.small, table.large) == ([1], [0])
    assert table.sizes() == {
        "n_numbers": 3,
        "n_knots": [len(knots) for knots in table.knots],
        "n_missing": 1,
        "one_hot": [table.vocabularies[1].shares],
        "embedded": [table.vocabularies[0].shares],
    }


@pytest.mark.parametrize("encoding", ["standard", "quantile"])
def test_missing_indicators_are_columns_of_their_own(encoding: str) -> None:
    table = fit(encoding)
    assert table.sizes()["n_numbers"] == 4
    assert table.sizes()["n_knots"] == []
    prepared = table.prepare(COLUMNS)
    assert prepared["numbers"].shape == (157, 4)
    np.testing.assert_array_equal(prepared["numbers"][:, 3], X["age"].isna())
    assert (prepared["numbers"][X["age"].isna(), 0] == 0).all()
    assert not {"bins", "fractions"} & set(prepared)


def test_rows_of_the_knot_table() -> None:
    """Bins count through all features; missing ones have rows of their own after them."""
    table = fit(n_quantile_knots=7, n_distinct_knots=5)
    prepared = table.prepare(COLUMNS, np.float64)
    starts = np.cumsum([0, *(len(knots) for knots in table.knots)])
    for j, name in enumerate(["age", "visits", "member"]):
        values = X[name].to_numpy(dtype=float)
        present = ~np.isnan(values)
        bins, fractions = KnotRows.of([table.knots[j]]).locate(values[present][:, None])
        np.testing.assert_array_equal(prepared["bins"][present, j], starts[j] + bins[:, 0])
        np.testing.assert_array_equal(prepared["fractions"][present, j], fractions[:, 0])
    gone = X["age"].isna().to_numpy()
    assert (prepared["bins"][gone, 0] == starts[-1]).all()
    assert (prepared["fractions"][gone, 0] == 0).all()


def test_a_gap_that_fit_never_saw_is_the_median() -> None:
    gap, middle = X[:1].copy(), X[:1].copy()
    gap["visits"], middle["visits"] = np.nan, X["visits"].median()
    table = fit()
    one, other = (table.prepare(read_columns(row)) for row in (gap, middle))
    for name in one:
        np.testing.assert_array_equal(one[name], other[name])


def test_codes_count_through_the_columns_of_their_group() -> None:
    """Two large categoricals: the rows of the second follow those of the first, unseen last."""
    table = X.assign(other=np.array(list("uvwxyz"))[np.arange(157) % 6])
    columns = read_columns(table)
    fitted = FeatureTable.fit(columns, np.ones(157), categorical=[2, 3, 5])
    assert fitted.large == [0, 2]
    codes = fitted.prepare(columns)["codes"]
    np.testing.assert_array_equal(codes[:, 0], X["city"].cat.codes)
    np.testing.assert_array_equal(codes[:, 1], 5 + np.arange(157) % 6)
    new = table.assign(city="Turin", other="q").iloc[:3]
    assert fitted.prepare(read_columns(new))["codes"].tolist() == [[11, 12]] * 3


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("encoding", ["piecewise_linear", "standard", "quantile"])
def test_dtypes(encoding: str, dtype: type) -> None:
    prepared = fit(encoding).prepare(COLUMNS, dtype)
    assert prepared["numbers"].dtype == dtype
    assert prepared.get("fractions", prepared["numbers"]).dtype == dtype
    assert prepared["codes"].dtype == prepared["small_codes"].dtype == np.int32


@pytest.mark.parametrize("encoding", ["piecewise_linear", "standard", "quantile"])
def test_fit_is_weighted_as_repeated_rows_are(encoding: str) -> None:
    weight = np.random.default_rng(0).integers(1, 4, 157)
    weighted = fit(encoding, weight.astype(float), n_quantile_knots=7, n_distinct_knots=5)
    repeated = FeatureTable.fit(
        read_columns(X.loc[X.index.repeat(weight)]),
        np.ones(weight.sum()),
        categorical=CATEGORICAL,
        encoding=encoding,
        n_quantile_knots=7,
        n_distinct_knots=5,
    )
    one, other = weighted.prepare(COLUMNS), repeated.prepare(COLUMNS)
    for name in one:
        np.testing.assert_allclose(one[name], other[name], rtol=1e-6, atol=1e-7)
    for mine, theirs in zip(weighted.vocabularies, repeated.vocabularies, strict=True):
        np.testing.assert_allclose(mine.shares, theirs.shares)


def test_the_table_is_not_touched() -> None:
    before = X.copy()
    fit().prepare(COLUMNS)
    pd.testing.assert_frame_equal(X, before)


def test_too_large_after_scaling_is_named() -> None:
    far = X.assign(visits=1e300)
    with pytest.raises(ValueError, match="'visits' holds a value too large for float32"):
        fit("standard").prepare(read_columns(far))
    assert np.isfinite(fit("standard").prepare(read_columns(far), np.float64)["numbers"]).all()


def test_survives_pickling() -> None:
    table = fit()
    again = pickle.loads(pickle.dumps(table)).prepare(COLUMNS)
    for name, values in table.prepare(COLUMNS).items():
        np.testing.assert_array_equal(again[name], values)
