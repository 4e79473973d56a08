"""X, y and weights of wrong shapes: refused in scikit-learn's words, before anything is learnt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from architecture_walk import ARCHITECTURES, ESTIMATORS, over, small
from scipy import sparse

from sklearn_ple import PLEClassifierRegressor, PLERegressor

RNG = np.random.default_rng(0)
X = RNG.normal(size=(19, 4))
Y = RNG.normal(size=(19, 2))


@pytest.mark.parametrize("container", [np.asarray, pd.DataFrame], ids=["array", "frame"])
def test_no_rows_at_fit(container: Callable[[Any], Any]) -> None:
    with pytest.raises(ValueError, match=r"0 sample\(s\)"):
        small(PLERegressor).fit(container(X[:0]), Y[:0])


@pytest.mark.parametrize("container", [np.asarray, pd.DataFrame], ids=["array", "frame"])
@pytest.mark.parametrize("method", ["predict", "predict_frame"])
def test_no_rows_at_predict(container: Callable[[Any], Any], method: str) -> None:
    model = small(PLERegressor).fit(container(X), Y)
    with pytest.raises(ValueError, match=r"0 sample\(s\)"):
        getattr(model, method)(container(X[:0]))


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((19, 0), r"0 feature\(s\) \(shape=\(19, 0\)\) while a minimum of 1 is required"),
        ((19,), "Expected 2D array, got 1D array instead"),
        ((19, 4, 3), "Expected 2D array, got 3D array instead|dim 3"),
    ],
    ids=["no columns", "1-D", "3-D"],
)
def test_x_that_is_no_table(shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        small(PLERegressor).fit(np.ones(shape), Y)


def test_a_frame_without_columns() -> None:
    with pytest.raises(ValueError, match=r"0 feature\(s\)"):
        small(PLERegressor).fit(pd.DataFrame(index=range(19)), Y)


@pytest.mark.parametrize("shape", [(4,), (19, 4, 3), (19, 0)], ids=["1-D", "3-D", "no columns"])
def test_x_that_is_no_table_at_predict(shape: tuple[int, ...]) -> None:
    model = small(PLERegressor).fit(X, Y)
    with pytest.raises(ValueError, match=r"Expected 2D|dim 3|0 feature"):
        model.predict(np.ones(shape))


@over(ESTIMATORS)
def test_one_row(cls) -> None:
    with pytest.raises(ValueError, match="1 sample"):
        small(cls).fit(X[:1], np.array([[0, 1]]))


def test_two_rows_with_a_validation_split() -> None:
    with pytest.raises(ValueError, match=r"validation split of 2 samples.*early_stopping=False"):
        small(PLERegressor, early_stopping=True).fit(X[:2], Y[:2])


@over(ARCHITECTURES)
def test_two_rows_without_a_split(cls) -> None:
    model = small(cls, tasks=["regression", "regression"]).fit(X[:2], Y[:2])
    assert np.isfinite(model.predict(X)).all()


def test_no_split_by_default_below_a_thousand_rows() -> None:
    X, Y = RNG.normal(size=(1000, 3)), RNG.normal(size=(1000, 2))
    assert "score" not in small(PLERegressor, max_epochs=1).fit(X[:-1], Y[:-1]).history_
    assert "score" in small(PLERegressor, max_epochs=1).fit(X, Y).history_


def test_x_and_y_of_different_length() -> None:
    with pytest.raises(ValueError, match=r"inconsistent numbers of samples.*19.*17"):
        small(PLERegressor).fit(X, Y[:17])
    model = small(PLERegressor).fit(X, Y)
    with pytest.raises(ValueError, match=r"inconsistent numbers of samples.*19.*17"):
        model.score(X, Y[:17])


@over(ESTIMATORS)
def test_no_y(cls) -> None:
    with pytest.raises(ValueError, match="requires y to be passed, but the target y is None"):
        small(cls).fit(X, None)


@pytest.mark.parametrize("make", [sparse.csr_array, sparse.coo_matrix, sparse.csc_matrix])
@pytest.mark.parametrize("method", ["fit", "predict", "partial_fit"])
def test_sparse_x(make: Callable[[Any], Any], method: str) -> None:
    model = small(PLEClassifierRegressor).fit(X, Y)
    call = getattr(model, method)
    with pytest.raises(TypeError, match=r"[Ss]parse.*dense data is required.*toarray\(\)"):
        call(*((make(X),) if method == "predict" else (make(X), Y)))
