"""Tables of every make as X: equal answers, and columns that are never mistaken for each other."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from architecture_walk import MIXED, over, small
from people import make_people

from sklearn_ple import PLEClassifierRegressor, PLERegressor

X, Y = make_people(157)
NULLABLE = {"age": "Float64", "visits": "Int64", "plan": "string[pyarrow]", "member": "boolean"}


def to_polars(frame: pd.DataFrame) -> pl.DataFrame:
    columns = {name: column.astype(object).tolist() for name, column in frame.items()}
    table = pl.DataFrame({n: [None if v != v else v for v in c] for n, c in columns.items()})
    return table.with_columns(pl.col("city").cast(pl.Categorical))


def to_arrow(frame: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(frame, preserve_index=False)


CONTAINERS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "pandas": lambda frame: frame,
    "pandas with another index": lambda frame: frame.set_axis(frame.index[::-1] * 3),
    "pandas of objects": lambda frame: frame.astype(object),
    "pandas nullable": lambda frame: frame.astype(NULLABLE),
    "pandas of arrow": lambda frame: frame.convert_dtypes(dtype_backend="pyarrow"),
    "polars": to_polars,
    "arrow": to_arrow,
}
over_containers = pytest.mark.parametrize("make", CONTAINERS.values(), ids=CONTAINERS)


@pytest.fixture(scope="module")
def model() -> PLEClassifierRegressor:
    return small(PLEClassifierRegressor).fit(X, Y)


@over_containers
def test_equal_tables_teach_the_same(make, model) -> None:
    other = small(PLEClassifierRegressor).fit(make(X), Y)
    np.testing.assert_array_equal(other.predict(X), model.predict(X))
    assert list(other.feature_names_in_) == list(X)


@over_containers
def test_equal_tables_are_predicted_the_same(make, model) -> None:
    np.testing.assert_array_equal(model.predict(make(X)), model.predict(X))


@over_containers
def test_tables_stay_as_they_were(make) -> None:
    table, twin = make(X.copy()), make(X.copy())
    labels = Y.copy()
    small(PLEClassifierRegressor).fit(table, labels).predict_frame(table)
    assert type(table) is type(twin)
    assert table.equals(twin)
    assert labels.equals(Y)


@pytest.mark.parametrize("make", [CONTAINERS["pandas nullable"], to_polars, to_arrow])
def test_gaps_in_every_sort_of_column(make) -> None:
    gaps = X.astype(object)
    gaps = gaps.mask(np.random.default_rng(5).random(gaps.shape) < 0.2, None)
    expected = small(PLEClassifierRegressor).fit(gaps, Y).predict_frame(gaps)
    table = make(gaps.astype({"city": "category"}))
    got = small(PLEClassifierRegressor).fit(table, Y).predict_frame(table)
    pd.testing.assert_frame_equal(got, expected)


@pytest.mark.parametrize("make", [to_polars, to_arrow], ids=["polars", "arrow"])
def test_targets_as_tables(make, model) -> None:
    columns = {name: Y[name].astype(object).where(Y[name].notna(), None).tolist() for name in Y}
    targets = pl.DataFrame(columns) if make is to_polars else pa.table(columns)
    got = small(PLEClassifierRegressor).fit(make(X), targets)
    assert list(got.target_names_in_) == list(Y)
    np.testing.assert_array_equal(got.predict(X), model.predict(X))
    assert got.score(X, targets) == pytest.approx(model.score(X, Y), rel=1e-12)


BAD_COLUMNS: dict[str, pd.Series] = {
    "date": pd.Series(pd.date_range("2020-01-01", periods=157)),
    "date with zone": pd.Series(pd.date_range("2020-01-01", periods=157, tz="Europe/Vienna")),
    "duration": pd.Series(pd.to_timedelta(np.arange(157), unit="h")),
    "period": pd.Series(pd.period_range("2020-01", periods=157, freq="M")),
    "complex": pd.Series(np.arange(157) * 1j),
    "date objects": pd.Series(pd.date_range("2020-01-01", periods=157).date),
    "lists": pd.Series([[1.0, 2.0]] * 157),
    "text and numbers": pd.Series(["a", 1] * 78 + ["b"]),
}


@pytest.mark.parametrize("sort", BAD_COLUMNS)
def test_columns_that_are_no_features_are_named(sort: str, model) -> None:
    for method in (model.predict, lambda table: small(PLERegressor).fit(table, Y[["spent"]])):
        with pytest.raises((TypeError, ValueError), match="'age'"):
            method(X.assign(age=BAD_COLUMNS[sort]))


@pytest.mark.parametrize("make", [pl.from_pandas, pa.Table.from_pandas], ids=["polars", "arrow"])
@pytest.mark.parametrize("sort", ["date", "date with zone", "duration", "date objects", "lists"])
def test_columns_that_are_no_features_are_named_in_other_tables(make, sort: str) -> None:
    table = make(pd.DataFrame({"x": np.arange(157.0), "when": BAD_COLUMNS[sort]}))
    with pytest.raises((TypeError, ValueError), match="'when'"):
        small(PLERegressor).fit(table, Y[["spent"]])


@pytest.mark.parametrize("dtype", ["datetime64[s]", "timedelta64[h]", "complex128"])
def test_arrays_that_are_no_features(dtype: str) -> None:
    array = np.arange(314).reshape(157, 2).astype(dtype)
    with pytest.raises((TypeError, ValueError), match=r"column 0|[Cc]omplex"):
        small(PLERegressor).fit(array, Y[["spent"]])


def test_labels_of_mixed_types_are_refused() -> None:
    with pytest.raises(TypeError, match=r"string names.*\['int', 'str'\]"):
        small(PLERegressor).fit(X.rename(columns={"age": 3}), Y[["spent"]])


def test_duplicated_names_are_named() -> None:
    with pytest.raises(ValueError, match=r"X has duplicated column names: \['visits'\]"):
        small(PLERegressor).fit(X.rename(columns={"age": "visits"}), Y[["spent"]])


@over(MIXED)
@pytest.mark.parametrize("method", ["predict", "predict_proba", "predict_frame", "partial_fit"])
def test_reordered_missing_and_extra_columns_are_named(cls, method: str) -> None:
    call = getattr(small(cls, max_epochs=1).fit(X, Y), method)
    rest = (Y,) if method == "partial_fit" else ()
    with pytest.raises(ValueError, match="must be in the same order"):
        call(X[X.columns[::-1]], *rest)
    with pytest.raises(ValueError, match=r"seen at fit time, yet now missing:\n- visits"):
        call(X.drop(columns="visits"), *rest)
    with pytest.raises(ValueError, match=r"unseen at fit time:\n- height"):
        call(X.assign(height=1.0), *rest)


@pytest.mark.parametrize("make", [to_polars, to_arrow], ids=["polars", "arrow"])
def test_reordered_columns_of_other_tables(make, model) -> None:
    with pytest.raises(ValueError, match="must be in the same order"):
        model.predict(make(X[X.columns[::-1]]))


@pytest.mark.parametrize("n_columns", [4, 6])
def test_another_number_of_columns_in_an_array(n_columns: int) -> None:
    model = small(PLERegressor).fit(np.eye(19, 5), np.arange(19.0))
    with pytest.raises(ValueError, match=f"X has {n_columns} features, but .* 5 features"):
        model.predict(np.eye(19, n_columns))


def test_fitted_on_a_frame_and_predicting_an_array(model) -> None:
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        got = model.predict(X.to_numpy(dtype=object))
    np.testing.assert_array_equal(got, model.predict(X))


def test_fitted_on_an_array_and_predicting_a_frame() -> None:
    model = small(PLEClassifierRegressor).fit(X.to_numpy(dtype=object), Y)
    with pytest.warns(UserWarning, match="was fitted without feature names"):
        got = model.predict(X)
    np.testing.assert_array_equal(got, model.predict(X.to_numpy(dtype=object)))


def test_numbered_columns_are_no_names() -> None:
    numbered = X.set_axis(range(5), axis=1)
    model = small(PLEClassifierRegressor).fit(numbered, Y)
    assert not hasattr(model, "feature_names_in_")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.predict(X.to_numpy(dtype=object))
