"""Every encoding of numbers, and whatever columns hold, in the graph as in `predict`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from architecture_walk import small
from exported import KINDS, assert_agrees, assert_both_agree, census, in_eager_torch, in_onnxruntime

from sklearn_ple import SharedBottomEstimator
from sklearn_ple.base import MultiTaskEstimator

ENCODINGS = ["piecewise_linear", "standard", "quantile"]


def fitted(X: Any, Y: Any, **changes: Any) -> MultiTaskEstimator:
    return small(SharedBottomEstimator, max_epochs=2, **changes).fit(X, Y)


@pytest.mark.slow
def test_normal_scores_exported(tmp_path: Path) -> None:
    X, Y, test = census()
    model = fitted(X, Y, tasks=KINDS, numeric_encoding="quantile")
    assert_both_agree(model, test, tmp_path)


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_and_precision_by_itself(
    encoding: str, precision: str, tmp_path: Path
) -> None:
    X, Y, test = census()
    model = fitted(X, Y, tasks=KINDS, numeric_encoding=encoding, precision=precision)
    assert_agrees(in_eager_torch(model), model, test)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_one_second_among_those_since_1970_makes_the_same_difference(
    encoding: str, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    second = rng.integers(0, 40, 300)
    X = pd.DataFrame({"since": 1.7e9 + second})
    model = fitted(X, second % 2 == 0, numeric_encoding=encoding)
    test = pd.DataFrame({"since": 1.7e9 + np.arange(-9, 55.0)})
    signature, run = in_eager_torch(model)
    (told,) = run(signature.arrays(test)).values()
    assert len(np.unique(told[9:49, 1])) == 40
    np.testing.assert_allclose(told, model.predict_proba(test), atol=1e-7)


FAMILIES: dict[str, Any] = {
    "numbers alone": lambda X: X[["age", "weeks_worked"]],
    "categories alone": lambda X: X[["class_worker", "sex", "state_prev_res"]],
    "one small category": lambda X: X[["sex"]],
    "one number without gaps": lambda X: X[["weeks_worked"]],
    "a column without any value": lambda X: X[["age"]].assign(void=np.nan),
    "a constant": lambda X: X[["age"]].assign(same=3.25),
    "whole numbers as categories": lambda X: X[["age"]].assign(
        code=pd.Categorical(X["weeks_worked"].fillna(0).astype(int))
    ),
    "whole numbers beyond 64 bits as categories": lambda X: X[["age"]].assign(
        code=pd.Categorical(2**64 * X["weeks_worked"].fillna(0).astype(int).astype(object) - 1)
    ),
    "booleans and small floats": lambda X: X[["sex"]].assign(
        flag=X["weeks_worked"].fillna(0).astype(int) > 20,
        small=X["weeks_worked"].astype(np.float32) * 1e-30,
    ),
}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("family", FAMILIES)
def test_columns_of_every_sort_by_themselves(family: str, encoding: str, tmp_path: Path) -> None:
    X, Y, test = census()
    model = fitted(FAMILIES[family](X), Y, tasks=KINDS, numeric_encoding=encoding)
    assert_agrees(in_eager_torch(model), model, FAMILIES[family](test))


@pytest.mark.slow
def test_a_category_alone_exported(tmp_path: Path) -> None:
    X, Y, test = census()
    model = fitted(X[["sex"]], Y["income"])
    assert_agrees(in_onnxruntime(model._serving_graph(), tmp_path), model, test[["sex"]])


@pytest.mark.slow
def test_standardised_numbers_alone_exported(tmp_path: Path) -> None:
    X, Y, test = census()
    numbers = ["age", "since"]
    model = fitted(X[numbers], Y["last_seen"], numeric_encoding="standard")
    assert_agrees(in_onnxruntime(model._serving_graph(), tmp_path), model, test[numbers])


@pytest.mark.parametrize(("precision", "size"), [("float32", 1e200), ("float64", 1e308)])
def test_what_only_predict_refuses_is_answered_by_nothing_finite(
    precision: str, size: float
) -> None:
    """Numbers too large for the network even after scaling: the graph has no errors to raise."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"small": rng.normal(size=97) * 1e-3})
    model = fitted(X, rng.normal(size=97), numeric_encoding="standard", precision=precision)
    far = pd.DataFrame({"small": [0.0, size, -size]})
    with pytest.raises(ValueError, match=f"too large for {precision} even after scaling"):
        model.predict(far)
    signature, run = in_eager_torch(model)
    (told,) = run(signature.arrays(far)).values()
    assert np.isfinite(told).tolist() == [True, False, False]


def test_arrays_without_names(tmp_path: Path) -> None:
    X, Y, test = census()
    numbers = ["age", "weeks_worked", "since"]
    model = fitted(X[numbers].to_numpy(), Y, tasks=KINDS)
    signature, _ = exported = in_eager_torch(model)
    assert [each.input for each in signature.inputs] == ["x0", "x1", "x2"]
    assert_agrees(exported, model, test[numbers].to_numpy())


def test_named_columns_may_come_in_any_order_among_others(tmp_path: Path) -> None:
    X, Y, test = census()
    model = fitted(X, Y, tasks=KINDS)
    signature, _ = in_eager_torch(model)
    straight = signature.arrays(test)
    mixed = signature.arrays(test[test.columns[::-1]].assign(spare="?"))
    assert list(mixed) == list(straight)
    for name, array in straight.items():
        np.testing.assert_array_equal(mixed[name], array)


def test_a_code_below_is_missing_and_one_above_unseen(tmp_path: Path) -> None:
    X, Y, test = census(n_test=5)
    model = fitted(X, Y, tasks=KINDS)
    signature, run = in_eager_torch(model)
    rows = signature.arrays(test.iloc[[0] * 4])
    n_levels = len(X["class_worker"].cat.categories)
    rows["class_worker"] = np.array([-1, -5, n_levels, n_levels + 40])
    odd = pd.concat([test.iloc[[0]]] * 4).assign(class_worker=[None, None, "?", "on the moon"])
    meant = model.predict_frame(odd)["last_seen"].to_numpy()
    np.testing.assert_allclose(run(rows)["last_seen"], meant, rtol=1e-12)
    assert meant[0] != meant[2]
