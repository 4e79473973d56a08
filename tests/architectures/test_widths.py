"""Layer widths are numbers in a row, whatever holds them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from architecture_walk import ARCHITECTURES, over, small

import sklearn_ple
from sklearn_ple.base import MultiTaskEstimator
from sklearn_ple.nn import layer_widths

RNG = np.random.default_rng(0)
X = RNG.normal(size=(97, 3))
Y = np.column_stack([X[:, 0] > 0, (X[:, 0] > 0) & (X[:, 1] > 0)]).astype(float)
WIDTHS = (11, 200)  # twice the last is beyond a byte
HOLDERS: dict[str, Callable[[tuple[int, ...]], Any]] = {
    "list": list,
    "array": np.array,
    "array of bytes": lambda widths: np.array(widths, dtype=np.uint8),
    "index": pd.Index,
}


def fitted(cls: type[MultiTaskEstimator], hold: Callable[[tuple[int, ...]], Any]) -> Any:
    names = [name for name in inspect.signature(cls).parameters if name.endswith("_widths")]
    widths = {name: hold(WIDTHS) for name in names}
    return small(cls, max_epochs=1, **widths).fit(X, Y)


@over(ARCHITECTURES)
@pytest.mark.parametrize("holder", HOLDERS)
def test_any_holder_makes_the_same_model(cls, holder: str, tmp_path: Path) -> None:
    model = fitted(cls, HOLDERS[holder])
    np.testing.assert_array_equal(model.predict(X), fitted(cls, tuple).predict(X))
    model.save(tmp_path / "model.zip")
    loaded = sklearn_ple.load(tmp_path / "model.zip")
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))


def test_widths_are_integers() -> None:
    widths = layer_widths(np.array([8, 6], dtype=np.int8))
    assert widths == (8, 6)
    assert [type(width) for width in widths] == [int, int]
    with pytest.raises(ValueError, match=r"^widths must hold integers, got \[8.5\]"):
        layer_widths([8.5])


WRONG: dict[str, tuple[Any, str]] = {
    "broken": ((8.5,), "hold integers"),
    "whole but floats": (np.array([8.0, 6.0]), "hold integers"),
    "no unit": ((8, 0), "at least 1 unit"),
    "negative": ((-8,), "at least 1 unit"),
}


@over(ARCHITECTURES)
@pytest.mark.parametrize("family", WRONG)
def test_wrong_widths_are_refused_by_name(cls, family: str) -> None:
    widths, gist = WRONG[family]
    for name in inspect.signature(cls).parameters:
        if name.endswith("_widths"):
            with pytest.raises(ValueError, match=f"^{name} must .*{gist}"):
                small(cls, **{name: widths}).fit(X, Y)


@over(ARCHITECTURES)
def test_no_layer_at_all(cls) -> None:
    """Only gates and towers do without hidden layers."""
    for name in inspect.signature(cls).parameters:
        if name.endswith("_widths") and name not in {"tower_widths", "gate_widths"}:
            with pytest.raises(ValueError, match=f"^{name} must name at least one"):
                small(cls, **{name: np.array([], dtype=int)}).fit(X, Y)
