"""The same values, however they lie in memory, give the same models and predictions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from architecture_walk import small
from hypothesis import given
from hypothesis import strategies as st
from lasting import PROFILE

from sklearn_ple import PLERegressor

pytestmark = pytest.mark.reliability
N, P = 83, 5
LAYOUTS: dict[str, Callable[[np.ndarray], Any]] = {
    "C": np.ascontiguousarray,
    "Fortran": np.asfortranarray,
    "every second row": lambda a: np.repeat(a, 2, axis=0)[::2],
    "every third column": lambda a: np.repeat(a, 3, axis=1)[:, ::3],
    "backwards": lambda a: a[::-1].copy()[::-1],
    "columns backwards": lambda a: a[:, ::-1].copy()[:, ::-1],
    "read-only": lambda a: _read_only(a.copy()),
    "unaligned": lambda a: _unaligned(a),
    "list": lambda a: a.tolist(),
    "objects": lambda a: a.astype(object),
    "float32": lambda a: a.astype(np.float32),
    "longdouble": lambda a: a.astype(np.longdouble),
    "big-endian": lambda a: a.astype(">f8"),
    "pandas": pd.DataFrame,
    "pandas column by column": lambda a: pd.DataFrame({j: a[:, j].copy() for j in range(P)}),
    "pandas nullable": lambda a: pd.DataFrame(a).astype("Float64"),
    "pandas of objects": lambda a: pd.DataFrame(a.astype(object)),
}
TABLES: dict[str, Callable[[np.ndarray], Any]] = {
    "polars": lambda a: pl.DataFrame(a, schema=[f"c{j}" for j in range(P)], orient="row"),
    "polars in pieces": lambda a: pl.concat(
        [TABLES["polars"](a[:9]), TABLES["polars"](a[9:])], rechunk=False
    ),
    "arrow": lambda a: pa.table({f"c{j}": a[:, j] for j in range(P)}),
    "arrow in pieces": lambda a: pa.concat_tables([TABLES["arrow"](a[:9]), TABLES["arrow"](a[9:])]),
    "pandas of arrow": lambda a: pd.DataFrame(a, columns=[f"c{j}" for j in range(P)]).astype(
        "double[pyarrow]"
    ),
}


def _read_only(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array


def _unaligned(array: np.ndarray) -> np.ndarray:
    buffer = np.empty(array.nbytes + 1, dtype=np.uint8)
    out = buffer[1:].view(np.float64).reshape(array.shape)
    out[:] = array
    assert not out.flags.aligned
    return out


def numbers(seed: int, n: int = N) -> np.ndarray:
    """Multiples of an eighth, which every dtype here holds exactly, with gaps."""
    rng = np.random.default_rng(seed)
    values = rng.integers(-400, 400, (n, P)) / 8
    values[rng.random((n, P)) < 0.1] = np.nan
    return values


X = numbers(0)
Y = np.column_stack([np.nan_to_num(X[:, 0]) * 2, np.nan_to_num(X[:, 1]) - 7])
MODELS = {
    False: small(PLERegressor, max_epochs=2).fit(X, Y),
    True: small(PLERegressor, max_epochs=2).fit(
        pd.DataFrame(X, columns=[f"c{j}" for j in range(P)]), Y
    ),
}


@given(
    layout=st.sampled_from([*LAYOUTS, *TABLES]),
    seed=st.integers(0, 999),
    n=st.integers(1, 300),
)
@PROFILE
def test_predictions_are_the_same(layout: str, seed: int, n: int) -> None:
    values = numbers(seed, n)
    model = MODELS[layout in TABLES]
    expected = model.predict(values if layout in LAYOUTS else TABLES["pandas of arrow"](values))
    got = model.predict((LAYOUTS | TABLES)[layout](values))
    np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("layout", [*LAYOUTS, *TABLES])
def test_models_are_the_same(layout: str) -> None:
    table = (LAYOUTS | TABLES)[layout](X)
    model = small(PLERegressor, max_epochs=1).fit(table, Y)
    twin = small(PLERegressor, max_epochs=1).fit(X, Y)
    np.testing.assert_array_equal(model._raw(table).numpy(), twin._raw(X).numpy())


@pytest.mark.parametrize("layout", ["C", "Fortran", "read-only", "every second row", "pandas"])
def test_targets_in_any_layout_teach_the_same(layout: str) -> None:
    model = small(PLERegressor, max_epochs=1).fit(X, LAYOUTS[layout](Y))
    twin = small(PLERegressor, max_epochs=1).fit(X, Y)
    np.testing.assert_array_equal(model.predict(X), twin.predict(X))


@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_on_the_disk(order: str, tmp_path: Path) -> None:
    """Mapped into memory, for reading only, features and targets."""
    np.save(tmp_path / "X.npy", np.asarray(X, order=order))
    np.save(tmp_path / "Y.npy", np.asarray(Y, order=order))
    mapped = [np.load(tmp_path / f"{name}.npy", mmap_mode="r") for name in "XY"]
    model = small(PLERegressor, max_epochs=1).fit(*mapped)
    twin = small(PLERegressor, max_epochs=1).fit(X, Y)
    np.testing.assert_array_equal(model.predict(mapped[0]), twin.predict(X))
