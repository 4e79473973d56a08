"""Levels that fit never saw, and missing ones: predicted as if the column were not there.

The trees differ much from each other, so a level that were taken for some other one, or read an
untrained vector, would give far worse predictions than a model that does not know the column.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from architecture_walk import ARCHITECTURES, eager, over, small
from numpy.typing import NDArray
from sklearn.metrics import r2_score

EFFECTS = {
    3: {"ash": 2.0, "birch": -2.0, "cedar": 0.0},
    9: {f"tree {k}": effect for k, effect in enumerate(np.linspace(-2, 2, 9))},
}
COUNTS = pytest.mark.parametrize("n_levels", EFFECTS, ids=["one-hot", "embedded"])
TASKS = ["tall", "weight"]


def forest(n_levels: int, n: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A number and a tree that matter about as much, and what follows from both."""
    rng = np.random.default_rng(seed)
    effects = EFFECTS[n_levels]
    X = pd.DataFrame({"rain": rng.normal(size=n), "tree": rng.choice(list(effects), n)})
    signal = 1.5 * X["rain"] + X["tree"].map(effects) + rng.normal(0, 0.3, n)
    return X, pd.DataFrame({"tall": np.where(signal > 0, "yes", "no"), "weight": signal})


@cache
def models(cls: Any, n_levels: int) -> tuple[Any, Any]:
    """A fitted model, and one that does not know the trees."""
    X, y = forest(n_levels, 500, seed=0)
    return eager(cls).fit(X, y), eager(cls).fit(X[["rain"]], y)


def hits(model: Any, X: pd.DataFrame, y: pd.DataFrame) -> NDArray[np.float64]:
    """Accuracy of `tall` and R² of `weight`."""
    predicted = model.predict_frame(X)
    return np.array(
        [np.mean(predicted["tall"] == y["tall"]), r2_score(y["weight"], predicted["weight"])]
    )


@over(ARCHITECTURES)
@COUNTS
def test_a_new_tree_is_judged_by_its_rain(cls, n_levels: int) -> None:
    model, without = models(cls, n_levels)
    X, y = forest(n_levels, 701, seed=1)
    yardstick = hits(without, X[["rain"]], y)
    assert (hits(model, X, y) > yardstick + 0.1).all()
    for new in ("yew", None, np.nan):
        trees = pd.Series([new] * len(X), dtype=object)
        assert (hits(model, X.assign(tree=trees), y) > yardstick - 0.04).all()


@over(ARCHITECTURES)
@COUNTS
def test_a_new_tree_is_no_extreme_one(cls, n_levels: int) -> None:
    model, _ = models(cls, n_levels)
    names = list(EFFECTS[n_levels])
    X = pd.DataFrame({"rain": 0.0, "tree": [*names, "yew"]})
    weight = model.predict_frame(X)["weight"]
    spread = weight.iloc[:-1].max() - weight.iloc[:-1].min()
    assert abs(weight.iloc[-1] - weight.iloc[:-1].mean()) < 0.25 * spread


@over(ARCHITECTURES)
@COUNTS
def test_a_missing_tree_that_fit_saw_is_a_level_of_its_own(cls, n_levels: int) -> None:
    X, y = forest(n_levels, 500, seed=2)
    gone = np.random.default_rng(3).random(len(X)) < 0.25
    X.loc[gone, "tree"] = None
    y.loc[gone, "weight"] += 5
    model = eager(cls).fit(X, y)
    residual = y["weight"] - model.predict_frame(X)["weight"]
    assert abs(residual[gone].mean()) < 1


def test_a_missing_level_is_the_same_by_any_name() -> None:
    X, y = forest(9, 307, seed=4)
    X.loc[::7, "tree"] = None
    model = small(ARCHITECTURES[0]).fit(X, y)
    expected = model.predict_frame(X)
    for missing in (np.nan, pd.NA):
        other = X.assign(tree=X["tree"].astype(object).where(X["tree"].notna(), missing))
        pd.testing.assert_frame_equal(model.predict_frame(other), expected)
    pd.testing.assert_frame_equal(model.predict_frame(X.astype({"tree": "category"})), expected)
