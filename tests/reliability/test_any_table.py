"""Whatever a table holds: finite answers, or an error that is documented."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from architecture_walk import small
from drawn_tables import features, targets
from hypothesis import given
from hypothesis import strategies as st
from lasting import PROFILE

from sklearn_ple import PLEEstimator, SharedBottomEstimator
from sklearn_ple.base import MultiTaskEstimator

pytestmark = pytest.mark.reliability

DOCUMENTED = re.compile(
    r"Task '.*' has no label in the training data"
    r"|Task '.*' has one class only"
    r"|Target '.*' has no label"
)
ESTIMATORS = (SharedBottomEstimator, PLEEstimator)


def assert_finite(frame: pd.DataFrame, n: int) -> None:
    assert len(frame) == n
    assert not frame.isna().to_numpy().any()
    numbers = frame.select_dtypes("number").to_numpy()
    assert np.isfinite(numbers).all()


def refusal(model: MultiTaskEstimator, X: pd.DataFrame, y: pd.DataFrame) -> str | None:
    """What `fit` refuses these rows with, in words; None if it takes them."""
    try:
        model.fit(X, y)
    except ValueError as error:
        return str(error)
    return None


@given(data=st.data())
@PROFILE
def test_a_fit_is_finite_or_says_why_not(data: st.DataObject) -> None:
    n = data.draw(st.integers(8, 70), label="rows")
    X = data.draw(features(n), label="X")
    y, kinds = data.draw(targets(n), label="y")
    estimator = data.draw(st.sampled_from(ESTIMATORS), label="estimator")
    encoding = data.draw(st.sampled_from(["piecewise_linear", "standard", "quantile"]))
    early = data.draw(st.booleans(), label="early stopping")
    model = small(
        estimator, tasks=kinds, numeric_encoding=encoding, early_stopping=early, max_epochs=2
    )
    if (reason := refusal(model, X, y)) is not None:
        assert DOCUMENTED.search(reason)
        return
    assert_finite(model.predict_frame(X), n)
    assert np.isfinite(model.score_tasks(X, y)[y.notna().any()]).all()


N_FIT = 60


@pytest.fixture(scope="module")
def model() -> MultiTaskEstimator:
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "amount": rng.normal(50, 20, N_FIT),
            "tree": np.array(["ash", "elm", "oak"])[rng.integers(0, 3, N_FIT)],
            "place": pd.Categorical(rng.integers(0, 6, N_FIT)),
            "flag": rng.random(N_FIT) < 0.5,
        }
    )
    y = pd.DataFrame({"a": X["amount"] > 50, "b": X["amount"] * 2})
    # Towers of fewer than seven units are multiplied in another way where rows are few.
    return small(PLEEstimator, tower_widths=(11,), max_epochs=2).fit(X, y)


@st.composite
def new_rows(draw, n: int) -> pd.DataFrame:
    """Rows with the columns of `model`, with values that it never saw and gaps anywhere."""
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    amount = rng.normal(50, 20, n) * draw(st.sampled_from([0.0, 1.0, -1e6, 1e30, 1e-300]))
    tree = rng.choice(["ash", "elm", "baobab", "", "ASH"], n).astype(object)
    table = pd.DataFrame(
        {
            "amount": pd.Series(amount).astype(draw(st.sampled_from(["float64", "Float64"]))),
            "tree": pd.Series(tree).astype(draw(st.sampled_from(["object", "str", "category"]))),
            "place": pd.Series(rng.integers(-3, 9, n)).astype(
                draw(st.sampled_from(["int64", "Int8", "float32", "category"]))
            ),
            "flag": pd.Series(rng.random(n) < 0.5).astype(
                draw(st.sampled_from(["bool", "boolean", "float32", "int64"]))
            ),
        }
    )
    for name in draw(st.sets(st.sampled_from(["amount", "tree", "place", "flag"]))):
        gone = rng.random(n) < draw(st.sampled_from([0.3, 1.0]))
        table[name] = table[name].astype(object).where(~gone, None)
    return table


@given(data=st.data(), n=st.integers(1, 90))
@PROFILE
def test_rows_of_any_sort_are_predicted(data: st.DataObject, n: int, model) -> None:
    rows = data.draw(new_rows(n))
    frame = model.predict_frame(rows)
    assert_finite(frame, n)
    place = data.draw(st.integers(0, n - 1))
    pd.testing.assert_frame_equal(
        model.predict_frame(rows[place : place + 1]), frame[place : place + 1], check_exact=True
    )
