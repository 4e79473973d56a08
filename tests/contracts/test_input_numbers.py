"""Numbers in X: every dtype and layout, gaps, extremes; the answer is that of a plain array."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from architecture_walk import ARCHITECTURES, eager, over, small
from numpy.typing import NDArray

from sklearn_ple import PLEClassifierRegressor, PLERegressor
from sklearn_ple.training import device

RNG = np.random.default_rng(0)
WHOLE = RNG.integers(0, 100, size=(67, 4))  # fits every dtype exactly
ZERO_ONE = WHOLE % 2
Y = np.column_stack([WHOLE[:, 0] > 50, WHOLE @ [1.0, 0.5, 0.0, -1.0]])
ENCODINGS = ["piecewise_linear", "standard", "quantile"]

DTYPES = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"]
BIG_ENDIAN = [">f4", ">f8", ">i4", ">u8"]
LAYOUTS: dict[str, Callable[[NDArray], Any]] = {
    "object": lambda X: X.astype(object),
    "list of lists": lambda X: X.tolist(),
    "F order": np.asfortranarray,
    "negative strides": lambda X: X[::-1, ::-1].copy()[::-1, ::-1],
    "every other row": lambda X: np.repeat(X, 2, axis=0)[::2],
}


def answers(X: Any, *, fitted_on: Any = None, **settings: Any) -> NDArray:
    model = small(PLEClassifierRegressor, **settings)
    return model.fit(X if fitted_on is None else fitted_on, Y).predict_frame(X).to_numpy()


@pytest.mark.parametrize("dtype", DTYPES + BIG_ENDIAN)
@pytest.mark.parametrize("categorical", [None, [1, 3]], ids=["numbers", "categories"])
def test_dtypes(dtype: str, categorical: list[int] | None) -> None:
    X = WHOLE.astype(dtype)
    before = X.copy()
    expected = answers(WHOLE.astype(float), categorical_features=categorical)
    np.testing.assert_array_equal(answers(X, categorical_features=categorical), expected)
    np.testing.assert_array_equal(X, before)


def test_bool() -> None:
    expected = answers(ZERO_ONE.astype(float))
    np.testing.assert_array_equal(answers(ZERO_ONE.astype(bool)), expected)
    np.testing.assert_array_equal(answers(ZERO_ONE.astype(bool).astype(object)), expected)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("categorical", [None, [1, 3]], ids=["numbers", "categories"])
def test_layouts(layout: str, categorical: list[int] | None) -> None:
    X = LAYOUTS[layout](WHOLE.astype(float))
    expected = answers(WHOLE.astype(float), categorical_features=categorical)
    np.testing.assert_array_equal(answers(X, categorical_features=categorical), expected)
    np.testing.assert_array_equal(np.asarray(X, dtype=float), WHOLE)


@pytest.mark.parametrize("categorical", [None, [1, 3]], ids=["numbers", "categories"])
def test_read_only(categorical: list[int] | None) -> None:
    X, y = WHOLE.astype(float), Y.copy()
    expected = answers(X, categorical_features=categorical)
    X.flags.writeable = y.flags.writeable = False
    model = small(PLEClassifierRegressor, categorical_features=categorical).fit(X, y)
    np.testing.assert_array_equal(model.predict_frame(X).to_numpy(), expected)


@pytest.mark.parametrize("categorical", [None, [1, 3]], ids=["numbers", "categories"])
def test_memory_mapped(tmp_path: Path, categorical: list[int] | None) -> None:
    np.save(tmp_path / "X.npy", WHOLE.astype(float))
    X = np.load(tmp_path / "X.npy", mmap_mode="r")
    expected = answers(WHOLE.astype(float), categorical_features=categorical)
    np.testing.assert_array_equal(answers(X, categorical_features=categorical), expected)


@over(ARCHITECTURES)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_gaps(cls, encoding: str) -> None:
    X = RNG.normal(size=(131, 3))
    y = np.column_stack([X[:, 0] > 0, 3 * X[:, 0] + 50])
    X[RNG.random(X.shape) < 0.2] = np.nan
    before = X.copy()
    model = eager(cls, numeric_encoding=encoding).fit(X, y)
    assert np.isfinite(model.predict(X)).all()
    np.testing.assert_array_equal(X, before)
    seen = ~np.isnan(X[:, 0])
    assert model.score_tasks(X[seen], y[seen]).min() > 0.5


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_gap_where_fit_saw_some_is_told_from_the_middle(encoding: str) -> None:
    x = RNG.normal(size=(211, 1))
    x[::3] = np.nan
    y = np.where(np.isnan(x[:, 0]), 7.0, 0.1 * x[:, 0])
    model = eager(PLERegressor, numeric_encoding=encoding).fit(x, y)
    gap, middle = model.predict(np.array([[np.nan], [0.0]]))
    assert gap == pytest.approx(7, abs=1)
    assert middle == pytest.approx(0, abs=1)


@pytest.mark.parametrize(
    ("encoding", "center"), [("piecewise_linear", np.median), ("standard", np.mean)]
)
def test_a_gap_that_fit_never_saw_gets_the_center(
    encoding: str, center: Callable[[NDArray], float]
) -> None:
    X = RNG.gamma(2, size=(133, 2))
    y = X[:, 0] ** 2
    model = small(PLERegressor, numeric_encoding=encoding, precision="float64").fit(X, y)
    gap, filled = model.predict(np.array([[np.nan, 1.0], [center(X[:, 0]), 1.0]]))
    assert gap == pytest.approx(filled, rel=1e-12)


@pytest.mark.parametrize("infinity", [np.inf, -np.inf])
@pytest.mark.parametrize("method", ["fit", "predict", "score"])
def test_infinity(infinity: float, method: str) -> None:
    X = WHOLE.astype(float)
    X[5, 2] = infinity
    model = small(PLEClassifierRegressor).fit(WHOLE, Y)
    call = getattr(model, method)
    with pytest.raises(ValueError, match=r"infinity or a value too large.*column 2"):
        call(*((X,) if method == "predict" else (X, Y)))


def test_beyond_float32_after_scaling() -> None:
    model = small(PLEClassifierRegressor, numeric_encoding="standard").fit(WHOLE, Y)
    X = WHOLE.astype(float)
    X[5, 2] = 1e60
    with pytest.raises(ValueError, match="column 2 holds a value too large for float32"):
        model.predict(X)
    exact = small(PLEClassifierRegressor, numeric_encoding="standard", precision="float64")
    assert np.isfinite(exact.fit(WHOLE, Y).predict(X)).all()


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("scale", [1e-200, 1e30, 1e200])
def test_scales_far_beyond_float32_work_as_any_other(encoding: str, scale: float) -> None:
    X = RNG.normal(size=(67, 4))
    expected = answers(X, numeric_encoding=encoding).astype(float)
    got = answers(X * scale, numeric_encoding=encoding).astype(float)
    np.testing.assert_allclose(got, expected, rtol=1e-5)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_seconds_since_1970_keep_their_minutes(encoding: str) -> None:
    minute = RNG.permutation(331)
    X = 1.7e9 + 60.0 * minute[:, None]
    y = np.where(minute > 165, 1.0, -1.0)
    model = eager(PLERegressor, numeric_encoding=encoding).fit(X, y)
    assert model.score(X, y) > 0.9


def test_float64_on_a_device_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "available_devices", lambda: ["cpu", "mps"])
    with pytest.raises(ValueError, match=r"mps.*float64"):
        small(PLEClassifierRegressor, device="mps", precision="float64").fit(WHOLE, Y)


@over(ARCHITECTURES)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_constant_column_changes_nothing_much(cls, encoding: str) -> None:
    X = RNG.normal(size=(131, 2))
    y = np.column_stack([X[:, 0] > 0, X[:, 1] + 1.0])
    with_constant = np.column_stack([X, np.full(len(X), 3.7)])
    model = eager(cls, numeric_encoding=encoding).fit(with_constant, y)
    assert model.score_tasks(with_constant, y).min() > 0.6
    moved = with_constant + np.array([0, 0, 1e6])
    assert np.isfinite(model.predict(moved)).all()


@over(ARCHITECTURES)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_nothing_but_gaps_in_a_column(cls, encoding: str) -> None:
    X = RNG.normal(size=(131, 2))
    y = np.column_stack([X[:, 0] > 0, X[:, 1] + 1.0])
    with_gap = np.column_stack([X, np.full(len(X), np.nan)])
    model = eager(cls, numeric_encoding=encoding).fit(with_gap, y)
    assert model.score_tasks(with_gap, y).min() > 0.6
    assert np.isfinite(model.predict(np.nan_to_num(with_gap, nan=5.0))).all()
