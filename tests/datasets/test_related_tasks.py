"""Synthetic tasks resemble each other as asked, and their labels are what their kind says."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from sklearn_ple.datasets import make_related_tasks


@pytest.mark.parametrize(
    ("n_tasks", "p"), [(2, -1.0), (2, -0.4), (2, 0.75), (2, 1.0), (5, 0.0), (5, 0.35), (5, 1.0)]
)
def test_any_two_weights_have_the_cosine_asked_for(n_tasks: int, p: float) -> None:
    _, _, oracle = make_related_tasks(
        13, 11, n_tasks, correlation=p, scale=1.6, return_oracle=True, random_state=2
    )
    cosines = np.where(np.eye(n_tasks, dtype=bool), 1.0, p)
    np.testing.assert_allclose(oracle.weights @ oracle.weights.T, 1.6**2 * cosines, atol=1e-12)


def test_labels_correlate_as_the_oracle_says() -> None:
    n = 60_000
    _, Y, oracle = make_related_tasks(
        n, 4, 3, correlation=0.7, noise=0.3, return_oracle=True, random_state=5
    )
    found = np.asarray(np.corrcoef(Y.T))[np.triu_indices(3, k=1)]
    np.testing.assert_allclose(found, oracle.label_correlation(), atol=4.5 / math.sqrt(n))
    assert Y.mean(axis=0) == pytest.approx(oracle.label_mean(), abs=0.04)
    assert Y.var(axis=0) == pytest.approx(oracle.label_variance(), rel=0.04)


def test_inputs_are_standard_normal() -> None:
    X, _ = make_related_tasks(20_000, 3, random_state=8)
    np.testing.assert_allclose(np.cov(X.T), np.eye(3), atol=0.05)
    assert (np.abs(X) < 1).mean() == pytest.approx(0.6827, abs=0.01)


def test_noise_is_the_standard_deviation_about_the_signal() -> None:
    X, Y, oracle = make_related_tasks(9_000, 6, noise=0.4, return_oracle=True, random_state=1)
    residual = Y - oracle.signal(X)
    assert residual.std(axis=0) == pytest.approx(0.4, rel=0.03)
    assert np.asarray(np.corrcoef(residual.T))[0, 1] == pytest.approx(0, abs=0.05)


def test_another_correlation_with_the_same_seed_changes_the_weights_alone() -> None:
    draws = [
        make_related_tasks(17, 5, correlation=p, return_oracle=True, random_state=6)
        for p in (0.2, 0.9)
    ]
    (X_low, Y_low, low), (X_high, Y_high, high) = draws
    np.testing.assert_array_equal(X_low, X_high)
    np.testing.assert_array_equal(low.alpha, high.alpha)
    np.testing.assert_array_equal(low.beta, high.beta)
    np.testing.assert_allclose(Y_low - low.signal(X_low), Y_high - high.signal(X_high), atol=1e-12)
    assert abs(Y_low[:, 1] - Y_high[:, 1]).max() > 0.1


def test_seed_and_generator_give_the_same_draw() -> None:
    X, Y = make_related_tasks(19, 4, random_state=3)
    again_X, again_Y = make_related_tasks(19, 4, random_state=np.random.RandomState(3))
    np.testing.assert_array_equal(X, again_X)
    np.testing.assert_array_equal(Y, again_Y)


@pytest.mark.parametrize("positive_rate", [0.5, 0.08])
def test_binary_is_one_for_the_largest_numbers(positive_rate: float) -> None:
    _, numbers = make_related_tasks(400, 7, random_state=4)
    _, Y = make_related_tasks(400, 7, kinds="binary", positive_rate=positive_rate, random_state=4)
    assert Y.mean(axis=0) == pytest.approx(positive_rate)
    for number, y in zip(numbers.T, Y.T, strict=True):
        assert number[y == 1].min() > number[y == 0].max()


def test_multiclass_is_equally_frequent_classes_in_rising_order() -> None:
    _, numbers = make_related_tasks(500, 7, random_state=4)
    _, Y = make_related_tasks(500, 7, kinds="multiclass", n_classes=4, random_state=4)
    for number, y in zip(numbers.T, Y.T, strict=True):
        assert np.bincount(y.astype(int)).tolist() == [125] * 4
        np.testing.assert_array_equal(y[np.argsort(number)], np.sort(y))


def test_count_is_poisson_with_the_exponential_of_the_standardised_number_as_rate() -> None:
    n = 40_000
    _, numbers, oracle = make_related_tasks(n, 3, return_oracle=True, random_state=9)
    _, Y = make_related_tasks(n, 3, kinds="count", random_state=9)
    rate = np.exp((numbers - oracle.label_mean()) / math.sqrt(oracle.label_variance()))
    assert ((Y >= 0) & (Y % 1 == 0)).all()
    pearson = (Y - rate) / np.sqrt(rate)  # mean 0 and variance 1, whatever the rate
    np.testing.assert_allclose(pearson.mean(axis=0), 0, atol=4.5 / math.sqrt(n))
    np.testing.assert_allclose(pearson.var(axis=0), 1, atol=0.06)


def test_each_task_may_have_its_kind_and_the_others_keep_their_labels() -> None:
    _, plain = make_related_tasks(300, 9, 4, random_state=7)
    _, mixed = make_related_tasks(
        300, 9, 4, kinds=["count", "regression", "multiclass", "binary"], random_state=7
    )
    np.testing.assert_array_equal(mixed[:, 1], plain[:, 1])
    assert set(mixed[:, 2]) == {0.0, 1.0, 2.0}
    assert set(mixed[:, 3]) == {0.0, 1.0}
    assert set(mixed[:, 0]) > {0.0, 1.0, 2.0, 3.0}


def test_missing_hides_the_share_asked_for_and_changes_nothing_else() -> None:
    X, full = make_related_tasks(5_000, 8, 3, random_state=12)
    same_X, Y = make_related_tasks(5_000, 8, 3, missing=[0.0, 0.3, 0.95], random_state=12)
    hidden = np.isnan(Y)
    assert hidden.mean(axis=0) == pytest.approx([0.0, 0.3, 0.95], abs=0.02)
    np.testing.assert_array_equal(Y[~hidden], full[~hidden])
    np.testing.assert_array_equal(same_X, X)


@pytest.mark.parametrize("share", [np.float32(0.25), np.float64(0.25), np.array([0.25, 0.25])])
def test_shares_may_be_numbers_of_numpy(share: Any) -> None:
    _, plain = make_related_tasks(300, 5, missing=0.25, random_state=3)
    _, Y = make_related_tasks(300, 5, missing=share, random_state=3)
    np.testing.assert_array_equal(Y, plain)


def test_labels_are_hidden_regardless_of_their_value_and_of_the_other_task() -> None:
    _, full = make_related_tasks(8_000, 8, random_state=14)
    _, Y = make_related_tasks(8_000, 8, missing=0.4, random_state=14)
    hidden = np.isnan(Y)
    correlations = np.corrcoef(np.column_stack([hidden, full]).T)
    np.testing.assert_allclose(correlations[:2, 2:], 0, atol=0.05)
    assert correlations[0, 1] == pytest.approx(0, abs=0.05)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"n_features": 3, "n_tasks": 4}, "n_features must be at least n_tasks=4, but is 3"),
        ({"n_tasks": 0}, "n_tasks must be at least 1"),
        ({"correlation": 1.2}, r"correlation must be in \[-1, 1\] for 2 tasks, but is 1.2"),
        ({"correlation": -0.1, "n_tasks": 3}, r"correlation must be in \[0, 1\] for 3 tasks"),
        ({"correlation": math.nan}, "correlation"),
        ({"n_samples": 0}, "n_samples must be at least 1, but is 0"),
        ({"n_samples": 0, "kinds": "binary"}, "n_samples must be at least 1, but is 0"),
        ({"n_sines": -1}, "n_sines"),
        ({"scale": 0.0}, "scale must be above 0"),
        ({"noise": -0.5}, "noise"),
        ({"positive_rate": 1.0}, "positive_rate"),
        ({"n_classes": 1}, "n_classes"),
        ({"kinds": "ordinal"}, "regression, binary, multiclass, count, but one is 'ordinal'"),
        ({"kinds": ["binary"] * 3}, "kinds has 3 entries, but there are 2 tasks"),
        ({"missing": [0.1]}, "missing has 1 entries, but there are 2 tasks"),
        ({"missing": 1.0}, r"missing must be in \[0, 1\)"),
    ],
)
def test_impossible_setting_is_an_error(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_related_tasks(**{"n_samples": 21} | wrong)
