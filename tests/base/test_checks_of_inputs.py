"""Weights, categorical columns and class weights, against plain loops."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from sklearn_ple.base.fit.inputs import (
    apply_class_weight,
    check_sample_weight,
    resolve_categorical,
    units_of,
)
from sklearn_ple.features import read_columns
from sklearn_ple.tasks import Binary, Multiclass, Regression, TaskSet, read_targets

RNG = np.random.default_rng(0)
Y = pd.DataFrame(
    {
        "click": np.where(RNG.random(61) < 0.2, np.nan, RNG.integers(0, 2, 61)),
        "price": RNG.normal(size=61),
        "shade": RNG.choice(["blue", "green", "red"], 61, p=[0.6, 0.3, 0.1]),
    }
)
WEIGHT = RNG.uniform(0.1, 3, size=(61, 3))
WEIGHT[::7, 2] = 0


@pytest.fixture
def task_set() -> TaskSet:
    return TaskSet.fit([Binary(), Regression(), Multiclass()], read_targets(Y), np.ones((61, 3)))


def weigh(class_weight: Any, task_set: TaskSet) -> np.ndarray:
    return apply_class_weight(class_weight, task_set, task_set.encode(read_targets(Y)), WEIGHT)


def test_weights_are_spread_over_tasks_and_copied() -> None:
    rows = RNG.uniform(size=7)
    spread = check_sample_weight(rows, 7, list("abc"))
    np.testing.assert_array_equal(spread, np.stack([rows] * 3, axis=1))
    given = np.ones((7, 3))
    check_sample_weight(given, 7, list("abc"))[:] = 5
    assert given.max() == 1
    np.testing.assert_array_equal(check_sample_weight(None, 7, list("abc")), np.ones((7, 3)))


def test_as_many_rows_as_tasks_is_one_weight_a_row() -> None:
    spread = check_sample_weight([1.0, 2.0], 2, ["a", "b"])
    np.testing.assert_array_equal(spread, [[1, 1], [2, 2]])


@pytest.mark.parametrize("scale", [1e-300, 3e-41, 1.0, 7.5, 1e39, 1e300])
def test_weights_of_any_size_are_brought_near_one_exactly(scale: float) -> None:
    weight = RNG.uniform(0.5, 1, size=(11, 2)) * [scale, 1]
    units = units_of(weight.max(axis=0))
    assert np.frexp(units)[0].tolist() == [0.5, 0.5]
    assert 0.5 < (weight * units).max() < 2
    np.testing.assert_array_equal(weight * units / units, weight)


def test_no_weight_at_all_needs_no_unit() -> None:
    assert units_of(np.array([0.0, 4.0])).tolist() == [1, 0.25]


def test_balanced_gives_every_class_the_same_total(task_set: TaskSet) -> None:
    weight = weigh("balanced", task_set)
    for name, k in (("click", 0), ("shade", 2)):
        totals = [
            weight[(Y[name] == label).to_numpy(), k].sum() for label in Y[name].dropna().unique()
        ]
        np.testing.assert_allclose(totals, totals[0])
        labelled = Y[name].notna().to_numpy()
        assert weight[labelled, k].sum() == pytest.approx(WEIGHT[labelled, k].sum())
    np.testing.assert_array_equal(weight[:, 1], WEIGHT[:, 1])


def test_given_factors_multiply_each_label(task_set: TaskSet) -> None:
    weight = weigh({"click": {1.0: 4.0}, "shade": {"red": 0.5, "blue": 0.0}}, task_set)
    for i in range(61):
        click = {1.0: 4.0}.get(Y["click"][i], 1.0)
        shade = {"red": 0.5, "blue": 0.0}.get(Y["shade"][i], 1.0)
        np.testing.assert_allclose(weight[i], WEIGHT[i] * [click, 1, shade])


def test_a_task_left_out_keeps_its_weights(task_set: TaskSet) -> None:
    weight = weigh({"click": "balanced"}, task_set)
    np.testing.assert_array_equal(weight[:, 1:], WEIGHT[:, 1:])
    np.testing.assert_array_equal(weigh(None, task_set), WEIGHT)


MISTAKEN = {
    "a word": ({"click": "heavy"}, "'click' is 'heavy': it may be 'balanced'"),
    "a number": ({"click": "balanced", "shade": 2.0}, "'shade' is 2.0"),
    "a regression": ({"price": "balanced"}, "'price' is a regression"),
    "labels of a regression": ({"price": {1.0: 2.0}}, "'price' is a regression"),
    "no such label": (
        {"shade": {"Red": 2}},
        r"\['Red'\]; its classes are \['blue', 'green', 'red'\]",
    ),
    "no such task": ({"shape": "balanced"}, "'shape'"),
    "labels of which task": ({"red": 2.0}, "several targets"),
}


@pytest.mark.parametrize("name", MISTAKEN)
def test_class_weights_that_can_not_be_meant(task_set: TaskSet, name: str) -> None:
    class_weight, gist = MISTAKEN[name]
    with pytest.raises(ValueError, match=gist):
        weigh(class_weight, task_set)


def test_classes_of_regressions_alone_can_not_be_balanced() -> None:
    targets = read_targets(Y["price"])
    prices = TaskSet.fit([Regression()], targets, np.ones((61, 1)))
    with pytest.raises(ValueError, match="no target has classes"):
        apply_class_weight("balanced", prices, prices.encode(targets), WEIGHT[:, 1:2])


def test_no_class_weights_are_given_as_an_empty_dict_too(task_set: TaskSet) -> None:
    np.testing.assert_array_equal(weigh({}, task_set), WEIGHT)


def test_weights_given_are_not_changed(task_set: TaskSet) -> None:
    before = WEIGHT.copy()
    weigh("balanced", task_set)
    np.testing.assert_array_equal(WEIGHT, before)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("from_dtype", [2]),
        (None, [2]),
        ([], [2]),
        (["b"], [1, 2]),
        (["c", "a"], [0, 2]),
        ([3], [2, 3]),
        (np.array([1, 3], dtype=np.int8), [1, 2, 3]),
        ([True, False, False, True], [0, 2, 3]),
        (np.zeros(4, dtype=bool), [2]),
        (pd.Series([False, True, True, False]), [1, 2]),
    ],
    ids=str,
)
def test_categorical_columns_are_those_named_and_those_of_text(given: Any, expected: list) -> None:
    table = pd.DataFrame({"a": [1, 2], "b": [0.5, 1.0], "c": ["x", "y"], "d": [True, False]})
    assert resolve_categorical(given, read_columns(table)) == expected
