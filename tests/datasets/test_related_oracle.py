"""The closed form agrees with integration and with simulation, and behaves as it must."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from sklearn_ple.datasets import RelatedTasks, label_correlation
from sklearn_ple.datasets.related_oracle import Floats

ALPHA = np.array([0.3, -1.7, 2.2, 0.9])
BETA = np.array([0.5, 1.1, -0.4, 2.9])


def label(line: Floats, alpha: Floats, beta: Floats) -> Floats:
    return np.asarray(line + np.sin(np.multiply.outer(line, alpha) + beta).sum(axis=-1))


def by_quadrature(p: float, alpha: Floats, beta: Floats, scale: float, noise: float) -> float:
    """The correlation, by Gauss-Hermite integration over two independent normals."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(90)
    weights = weights / weights.sum()
    first, second = np.meshgrid(nodes, nodes, indexing="ij")
    one = label(scale * first, alpha, beta)
    two = label(scale * (p * first + math.sqrt(1 - p**2) * second), alpha, beta)
    mean = weights @ one[:, 0]
    variance = weights @ (one[:, 0] - mean) ** 2 + noise**2
    return float(weights @ ((one - mean) * (two - mean)) @ weights / variance)


@pytest.mark.parametrize("p", [-1.0, -0.6, 0.0, 0.25, 0.8, 1.0])
@pytest.mark.parametrize(("scale", "noise"), [(1.0, 0.1), (0.6, 0.0), (1.4, 0.7)])
def test_agrees_with_numerical_integration(p: float, scale: float, noise: float) -> None:
    exact = label_correlation(p, ALPHA, BETA, scale=scale, noise=noise)
    assert exact == pytest.approx(by_quadrature(p, ALPHA, BETA, scale, noise), abs=1e-9)


@pytest.mark.parametrize("stretch", [1.0, 7.0, 40.0])
@pytest.mark.parametrize("p", [-0.5, 0.4, 0.95])
def test_agrees_with_simulation_for_slow_and_fast_sines(p: float, stretch: float) -> None:
    random = np.random.default_rng(11)
    first, second, *noises = random.standard_normal((4, 200_000))
    lines = first, p * first + math.sqrt(1 - p**2) * second
    labels = [
        label(line, stretch * ALPHA, BETA) + 0.3 * noise
        for line, noise in zip(lines, noises, strict=True)
    ]
    exact = label_correlation(p, stretch * ALPHA, BETA, noise=0.3)
    assert exact == pytest.approx(np.corrcoef(labels)[0, 1], abs=4.5 / math.sqrt(200_000))


def test_very_fast_sines_act_as_noise_of_variance_one_half() -> None:
    alpha = np.array([500.0, -900.0, 1700.0])
    exact = label_correlation(0.6, alpha, BETA[:3], scale=1.5, noise=0.2)
    assert exact == pytest.approx(0.6 * 2.25 / (2.25 + 3 / 2 + 0.04), rel=1e-12)


def test_without_sines_only_the_noise_dilutes() -> None:
    assert label_correlation(0.7, [], [], scale=3.0, noise=2.0) == pytest.approx(0.7 * 9 / 13)


@pytest.mark.parametrize("seed", range(6))
def test_lies_between_zero_and_p_and_increases(seed: int) -> None:
    alpha, beta = np.random.default_rng(seed).standard_normal((2, 10))
    grid = np.linspace(0, 1, 21)
    exact = np.array([label_correlation(p, alpha, beta, noise=0.0) for p in grid])
    assert exact[0] == pytest.approx(0, abs=1e-12)
    assert exact[-1] == pytest.approx(1)
    assert (np.diff(exact) > 0).all()
    assert (exact <= grid + 1e-12).all()


def oracle(scale: float = 1.0) -> RelatedTasks:
    weights = scale * np.array([[1.0, 0, 0], [0.6, 0.8, 0], [0, 0, 1]])
    return RelatedTasks(weights, ALPHA, BETA, correlation=0.6, scale=scale, noise=0.25)


@pytest.mark.parametrize(
    ("p", "alpha", "beta", "message"),
    [
        (1.5, [3.0], [0.0], r"correlation must be in \[-1, 1\], but is 1.5"),
        (-1.1, [3.0], [0.0], "but is -1.1"),
        (np.nan, [3.0], [0.0], "but is nan"),
        (0.5, [3.0, 2.0], [0.0], r"one length, but have the shapes \(2,\) and \(1,\)"),
        (0.5, [[3.0], [2.0]], [[0.0], [1.0]], r"one-dimensional .* shapes \(2, 1\) and \(2, 1\)"),
        (0.5, 3.0, 0.0, r"one-dimensional .* shapes \(\) and \(\)"),
    ],
)
def test_arguments_that_cannot_be(p: float, alpha: Any, beta: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        label_correlation(p, alpha, beta)


def test_signal_is_the_sum_of_a_line_and_sines() -> None:
    X = np.random.default_rng(3).standard_normal((7, 3))
    tasks = oracle(scale=1.3)
    expected = [
        [
            s + sum(math.sin(a * s + b) for a, b in zip(ALPHA, BETA, strict=True))
            for s in (sum(x * w for x, w in zip(row, task, strict=True)) for task in tasks.weights)
        ]
        for row in X
    ]
    np.testing.assert_allclose(tasks.signal(X), expected, rtol=1e-12)


def test_mean_and_variance_are_those_of_the_labels() -> None:
    nodes, weights = np.polynomial.hermite_e.hermegauss(90)
    weights = weights / weights.sum()
    values = label(1.3 * nodes, ALPHA, BETA)
    mean = weights @ values
    assert oracle(scale=1.3).label_mean() == pytest.approx(mean)
    variance = weights @ (values - mean) ** 2 + 0.25**2
    assert oracle(scale=1.3).label_variance() == pytest.approx(variance)


def test_method_is_the_function_of_its_fields() -> None:
    expected = label_correlation(0.6, ALPHA, BETA, scale=1.3, noise=0.25)
    assert oracle(scale=1.3).label_correlation() == expected
