"""Labels become numbers and come back as they were; what cannot is refused by name."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from sklearn_ple.tasks import (
    Binary,
    Count,
    Multiclass,
    Regression,
    Task,
    TaskSet,
    read_targets,
)

NAN = np.nan


def _fit(task: Task, labels: Any, weight: list[float] | None = None, **options: Any) -> Task:
    column = read_targets(labels).columns[0]
    weights = np.ones(len(column)) if weight is None else np.array(weight)
    return task.fit("y", column, weights, **options)


CLASSES: dict[str, tuple[Task, Any, Any]] = {
    "words": (Multiclass(), ["b", "c", None, "a", "b"], ["a", "b", "c"]),
    "two words": (Binary(), ["yes", None, "no", "yes"], ["no", "yes"]),
    "minus one and one": (Binary(), [-1, 1, 1, -1], [-1, 1]),
    "whole numbers with gaps between": (Multiclass(), [40, 7, 100, 7], [7, 40, 100]),
    "floats with NaN": (Multiclass(), [2.0, NAN, 5.0, 3.0], [2.0, 3.0, 5.0]),
    "booleans": (Binary(), [True, False, True], [False, True]),
    "booleans with None": (Binary(), [True, None, False], [False, True]),
    "large numbers": (Binary(), [2**60 + 1, 2**60, 2**60], [2**60, 2**60 + 1]),
}


@pytest.mark.parametrize("name", CLASSES)
def test_classes_round_trip(name: str) -> None:
    task, labels, classes = CLASSES[name]
    column = read_targets(labels).columns[0]
    fitted = _fit(task, labels)
    assert fitted.classes_.tolist() == classes
    encoded = fitted.encode(column)
    present = ~np.isnan(encoded)
    assert present.sum() == sum(v is not None and v == v for v in labels)
    probabilities = np.eye(len(classes))[encoded[present].astype(int)]
    decoded = fitted.decode(probabilities)
    assert decoded.tolist() == column[present].tolist()
    assert decoded.dtype == column.dtype


@pytest.mark.parametrize("task", [Regression(), Regression("huber"), Count()])
@pytest.mark.parametrize("labels", [[3, 0, 5, 1], [3.5, NAN, 0.0, 1e9], [4.0, 4.0, 4.0]])
def test_numbers_round_trip(task: Task, labels: list[float]) -> None:
    fitted = _fit(task, labels)
    column = np.array(labels, dtype=float)
    encoded = fitted.encode(column)
    np.testing.assert_array_equal(np.isnan(encoded), np.isnan(column))
    np.testing.assert_allclose(fitted.decode(encoded), column, rtol=1e-12, atol=1e-6)


def test_regression_is_standardised_by_weighted_moments() -> None:
    fitted = _fit(Regression(), [1.0, 3.0, NAN, 8.0], weight=[2.0, 1.0, 5.0, 1.0])
    rows = np.array([1.0, 1.0, 3.0, 8.0])
    np.testing.assert_allclose(
        fitted.encode(np.array([3.0])), [(3 - rows.mean()) / rows.std()], rtol=1e-13
    )


@pytest.mark.parametrize("scale", [1e12, 1e-9, 1.0, 1e160, 1e-165, 1e300, 1e-300])
def test_regression_far_from_zero_and_in_any_unit(scale: float) -> None:
    labels = scale * (1e3 + np.array([0.0, 1.0, 2.0, 5.0]))
    fitted = _fit(Regression(), labels)
    encoded = fitted.encode(labels)
    assert encoded.mean() == pytest.approx(0, abs=1e-9)
    assert encoded.std() == pytest.approx(1, rel=1e-9)
    np.testing.assert_allclose(fitted.decode(encoded), labels, rtol=1e-12)


BASELINES: dict[str, tuple[Task, Any, list[float]]] = {
    "binary": (Binary(), ["n", "y", "n", "n", None], [np.log(1 / 3)]),
    "multiclass": (Multiclass(), ["a", "b", "b", "c"], [np.log(0.25), np.log(0.5), np.log(0.25)]),
    "count": (Count(), [0, 2, 4, 6], [np.log(3)]),
    "regression": (Regression(), [0.5, 2.0, 4.0], [0.0]),
}


@pytest.mark.parametrize("name", BASELINES)
def test_baselines_worked_by_hand(name: str) -> None:
    task, labels, baseline = BASELINES[name]
    assert _fit(task, labels).baseline_.tolist() == pytest.approx(baseline, abs=1e-14)


@pytest.mark.parametrize("name", BASELINES)
def test_a_weight_is_as_many_rows(name: str) -> None:
    task, labels, _ = BASELINES[name]
    counts = [1 + i % 3 for i in range(len(labels))]
    repeated = [label for label, n in zip(labels, counts, strict=True) for _ in range(n)]
    heavy, many = _fit(task, labels, weight=counts), _fit(task, repeated)
    np.testing.assert_allclose(heavy.baseline_, many.baseline_, rtol=1e-13)
    assert heavy.null_deviance_ == pytest.approx(many.null_deviance_, rel=1e-12)


def test_fit_returns_a_copy() -> None:
    task = Multiclass()
    fitted = _fit(task, ["a", "b", "c"])
    assert fitted is not task
    assert task.classes_ is None
    assert not hasattr(task, "name_")


def test_classes_known_beforehand_have_finite_baselines() -> None:
    fitted = _fit(Multiclass(), ["a", "c", "a"], classes=["c", "b", "a"])
    assert fitted.classes_.tolist() == ["a", "b", "c"]
    assert np.isfinite(fitted.baseline_).all()
    shares = np.exp(fitted.baseline_)
    assert shares.sum() == pytest.approx(1)
    assert shares[0] > shares[2] > shares[1] > 0


@pytest.mark.parametrize(
    ("task", "labels", "gist"),
    [
        (Binary(), ["a", "b", "c"], "'y' is declared binary but has 3 classes"),
        (Binary(), [1, 1, 1], "'y' has one class only .1"),
        (Multiclass(), ["a", None, "a"], "'y' has one class only .'a'"),
        (Multiclass(), [0.5, 1.0, 2.0], "'y': continuous labels .such as 0.5"),
        (Multiclass(), [0.0, np.inf, 2.0], "'y': y contains infinity"),
        (Multiclass(), np.array(["a", 1, "b"], dtype=object), "'y': labels mix types"),
        (Regression(), [1.0, np.inf], "'y': y contains infinity"),
        (Regression(), ["tall", "short"], "'y' needs numbers"),
        (Count(), [1.0, -1.0], "'y' is a count but has negative labels"),
        (Count(), [1.0, np.inf], "'y': y contains infinity"),
        (Regression(), [NAN, NAN], "'y' has no label in the training data"),
        (Binary(), [None, None], "'y' has no label in the training data"),
    ],
)
def test_labels_that_do_not_fit_the_kind(task: Task, labels: Any, gist: str) -> None:
    with pytest.raises(ValueError, match=gist):
        _fit(task, labels)


@pytest.mark.parametrize("strange", ["d", 4, None])
def test_a_label_that_fit_never_saw(strange: Any) -> None:
    fitted = _fit(Multiclass(), ["a", "b", "c"])
    column = np.array(["a", strange], dtype=object)
    if strange is None:
        assert np.isnan(fitted.encode(column)[1])
        return
    with pytest.raises(ValueError, match=f"'y': label {strange!r} is not one of the classes"):
        fitted.encode(column)


@pytest.mark.parametrize(
    ("options", "gist"), [({"loss": "absolute"}, "loss must be"), ({"delta": 0.0}, "delta must be")]
)
def test_options_that_do_not_exist(options: dict[str, Any], gist: str) -> None:
    with pytest.raises(ValueError, match=gist):
        Regression(**options)


def test_activation_gives_probabilities_and_means() -> None:
    frame = pd.DataFrame(
        {"c": ["n", "y", "n"], "m": ["a", "b", "c"], "r": [1.0, 2.0, 6.0], "k": [0.0, 1.0, 5.0]}
    )
    kinds = [Binary(), Multiclass(), Regression(), Count()]
    task_set = TaskSet.fit(kinds, read_targets(frame), np.ones((3, 4)))
    raw = torch.tensor([[np.log(3.0), 0.0, np.log(2.0), np.log(5.0), 1.0, np.log(7.0)]])
    binary, multiclass, regression, count = task_set.activate(raw)
    np.testing.assert_allclose(binary, [[0.25, 0.75]], rtol=1e-6)
    np.testing.assert_allclose(multiclass, [[0.125, 0.25, 0.625]], rtol=1e-6)
    np.testing.assert_allclose(regression, [1.0])
    np.testing.assert_allclose(count, [7.0], rtol=1e-6)
    decoded = [each.tolist() for each in task_set.decode([binary, multiclass, regression, count])]
    assert decoded[:2] == [["y"], ["c"]]
    assert decoded[2] == pytest.approx([3 + frame["r"].std(ddof=0)])
    assert decoded[3] == pytest.approx([7.0], rel=1e-6)


STRATA = [
    (Binary(), ["n", "y", None, "y"], [0, 1, -1, 1]),
    (Multiclass(), ["b", "c", "a", None], [1, 2, 0, -1]),
]


@pytest.mark.parametrize(("task", "labels", "strata"), STRATA)
def test_strata_of_classes_are_the_classes(task: Task, labels: Any, strata: list[int]) -> None:
    fitted = _fit(task, labels)
    assert fitted.strata(fitted.encode(read_targets(labels).columns[0])).tolist() == strata


@pytest.mark.parametrize("task", [Regression(), Count()])
def test_strata_of_numbers_are_fifths_in_order(task: Task) -> None:
    labels = np.random.default_rng(0).permutation(100).astype(float)
    labels[::10] = NAN
    fitted = _fit(task, labels)
    strata = fitted.strata(fitted.encode(labels))
    present = ~np.isnan(labels)
    assert (strata[~present] == -1).all()
    assert np.bincount(strata[present]).tolist() == [18] * 5
    by_stratum = [labels[strata == s] for s in range(5)]
    assert all(a.max() < b.min() for a, b in pairwise(by_stratum))
