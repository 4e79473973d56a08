"""Metrics by how often each row counts are the metrics of rows that are there as often."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as skm
from sklearn.exceptions import UndefinedMetricWarning

from sklearn_ple.metrics.counted import LEAN, counted
from sklearn_ple.metrics.labelled import labelled_rows
from sklearn_ple.metrics.metric import METRICS, Metric

N = 113
rng = np.random.default_rng(41)
GAPS = rng.random(N) < 0.2
TWO = rng.dirichlet([1, 1], N)
THREE = rng.dirichlet([1, 2, 3], N)
RATE = rng.gamma(2.0, 1.5, N)
CODES = {2: rng.integers(0, 2, N).astype(float), 3: rng.integers(0, 3, N).astype(float)}
COUNTS = [rng.multinomial(N, np.full(N, 1 / N)) for _ in range(5)] + [np.ones(N, dtype=int)]
GROUPS = rng.choice(list("abcde"), N)

CASES = {
    **{(name, 2): (CODES[2], TWO) for name in METRICS if METRICS[name].takes_codes},
    **{(name, 3): (CODES[3], THREE) for name in ("log_loss", "brier", "d2_log_loss", "roc_auc")},
    **{(name, 1): (RATE + rng.normal(size=N), RATE) for name in ("r2", "mse", "rmse", "mae")},
    **{(name, 1): (rng.poisson(RATE), RATE) for name in ("poisson_deviance", "d2_poisson")},
    **{(name, 3): (CODES[3], THREE.argmax(1)) for name in ("accuracy", "balanced_accuracy")},
}


def by_copies(metric: Metric, truth, prediction, counts, **extra) -> float:
    """The metric, called on copies of the labelled rows."""
    rows = np.repeat(np.arange(N), counts)
    rows = rows[~GAPS[rows]]
    extra = {name: values[rows] for name, values in extra.items()}
    return metric.function(truth[rows], prediction[rows], **extra)


def with_gaps(truth) -> np.ndarray:
    return np.where(GAPS, np.nan, truth)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}-{case[1]}")
def test_equals_the_metric_of_copies(case) -> None:
    metric, (truth, prediction) = METRICS[case[0]], CASES[case]
    extra = {"groups": GROUPS} if metric.needs_groups else {}
    classes = np.arange(case[1]) if metric.takes_codes else None
    part = labelled_rows(metric, with_gaps(truth), prediction, classes=classes, **extra)
    by_counts = counted(metric, part)
    for counts in COUNTS:
        expected = by_copies(metric, truth, prediction, counts, **extra)
        found = by_counts(counts.astype(float))
        assert found == pytest.approx(expected, rel=1e-10, abs=1e-12)


def test_every_lean_metric_is_among_these() -> None:
    assert set(LEAN) <= {name for name, _ in CASES}


@pytest.mark.parametrize("name", ["log_loss", "brier", "d2_log_loss"])
def test_a_class_that_has_no_column_counts_as_in_the_metric(name: str) -> None:
    metric, truth = METRICS[name], CODES[3]
    with pytest.warns(UndefinedMetricWarning, match="classes that fit did not see"):
        part = labelled_rows(metric, truth, TWO, classes=np.array([0.0, 1.0]), allow_unseen=True)
    rows = np.repeat(np.arange(N), COUNTS[0])
    expected = metric.function(truth[rows], TWO[rows])
    assert counted(metric, part)(COUNTS[0].astype(float)) == pytest.approx(expected)


@pytest.mark.parametrize("function", [skm.mean_squared_error, skm.mean_absolute_error])
def test_functions_of_scikit_learn_are_known_by_themselves_and_weights_go_along(function) -> None:
    metric = Metric("mine", function, "predict", False)
    weight = rng.gamma(1.0, 1.0, N)
    for extra in ({}, {"sample_weight": weight}):
        part = labelled_rows(metric, with_gaps(RATE), TWO[:, 0], **extra)
        expected = by_copies(metric, RATE, TWO[:, 0], COUNTS[1], **extra)
        assert counted(metric, part)(COUNTS[1].astype(float)) == pytest.approx(expected)


def test_probabilities_in_float32_are_clipped_as_such() -> None:
    certain = np.eye(2, dtype=np.float32)[CODES[2].astype(int)]
    certain[:5] = certain[:5, ::-1]  # five certain mistakes
    metric = METRICS["log_loss"]
    part = labelled_rows(metric, with_gaps(CODES[2]), certain, classes=np.arange(2))
    expected = by_copies(metric, CODES[2], certain, COUNTS[2])
    assert counted(metric, part)(COUNTS[2].astype(float)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.uint64, np.float32])
@pytest.mark.parametrize("name", ["r2", "mse", "rmse", "mae", "poisson_deviance", "d2_poisson"])
def test_numbers_of_any_dtype_count_as_real_ones(name: str, dtype: type) -> None:
    metric, few = METRICS[name], np.arange(N) % 7
    truth = (few % 2 if dtype is bool else 40 * few).astype(dtype)
    prediction = (250 - 35 * few).astype(dtype)
    by_counts = counted(metric, labelled_rows(metric, truth, prediction))
    for counts in COUNTS:
        rows = np.repeat(np.arange(N), counts)
        expected = metric.function(truth[rows].astype(float), prediction[rows].astype(float))
        assert by_counts(counts.astype(float)) == pytest.approx(expected)


@pytest.mark.parametrize("name", ["roc_auc", "d2_log_loss", "r2", "d2_poisson", "gauc"])
def test_copies_of_equal_labels_leave_it_undefined_without_a_warning(name: str) -> None:
    metric = METRICS[name]
    labels, prediction = (CODES[2], TWO) if metric.takes_codes else (np.round(RATE), RATE)
    extra = {"groups": GROUPS} if metric.needs_groups else {}
    classes = np.arange(2) if metric.takes_codes else None
    by_counts = counted(metric, labelled_rows(metric, labels, prediction, classes=classes, **extra))
    for value in np.unique(labels):
        assert np.isnan(by_counts((labels == value).astype(float)))
    assert np.isfinite(by_counts(np.ones(N)))


@pytest.mark.parametrize("name", [*LEAN, "average_precision", "median"])
def test_no_copy_of_a_labelled_row_leaves_it_undefined(name: str) -> None:
    median = Metric("median", skm.median_absolute_error, "predict", False)
    metric = METRICS.get(name, median)
    truth, prediction = (CODES[2], TWO) if metric.takes_codes else (np.round(RATE), RATE)
    if name == "accuracy":
        prediction = np.round(RATE)
    classes = np.arange(2) if metric.takes_codes else None
    part = labelled_rows(metric, with_gaps(truth), prediction, classes=classes)
    assert np.isnan(counted(metric, part)(GAPS.astype(float)))
    assert np.isfinite(counted(metric, part)(np.ones(N)))


def test_a_function_may_raise_to_say_that_a_class_is_absent() -> None:
    def strict(y_true, y_pred) -> float:
        if len(np.unique(y_true)) < 2:
            raise ValueError("one class only")
        return float(np.mean(y_true == y_pred.round()))

    metric = Metric("strict", strict, "predict", True)
    by_counts = counted(metric, labelled_rows(metric, CODES[2], TWO[:, 1]))
    assert by_counts(np.ones(N)) == strict(CODES[2], TWO[:, 1])
    assert np.isnan(by_counts(CODES[2]))
