"""A column of numbers in one pass: exact while it can be, and within its bound beyond."""

from __future__ import annotations

import numpy as np
import pytest

from sklearn_ple.features.numbers import weighted_quantiles
from sklearn_ple.sources.bins import Bins
from sklearn_ple.sources.value_digest import ValueDigest

N = 30_011


def _families() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        "normal": rng.normal(size=N),
        "lognormal, far out": rng.lognormal(0, 3, N),
        "mostly zero": np.where(rng.random(N) < 0.7, 0.0, rng.normal(size=N)),
        "two heavy values": np.where(
            rng.random(N) < 0.5, rng.choice([-3.0, 8.0], N), rng.random(N)
        ),
        "seconds since 1970": 1.6e9 + rng.uniform(0, 1e8, N),
        "ascending": np.sort(rng.normal(size=N)),
        "descending": np.sort(rng.normal(size=N))[::-1],
        "one far away": np.append(rng.normal(size=N - 1), 1e12),
    }


FAMILIES = _families()
WEIGHTS = {
    "ones": np.ones(N),
    "uniform": np.random.default_rng(1).uniform(0.1, 5, N),
    "few heavy": np.where(np.arange(N) % 997 == 0, 300.0, 1.0),
}


def _digest(values: np.ndarray, weight: np.ndarray, n_parts: int, **options: int) -> ValueDigest:
    digest = ValueDigest(**options)
    parts = zip(np.array_split(values, n_parts), np.array_split(weight, n_parts), strict=True)
    for part in parts:
        digest.add(*part)
    return digest


def _shares_below(values: np.ndarray, weight: np.ndarray, at: np.ndarray) -> tuple:
    """Share of weight below each number, and up to it."""
    order = np.argsort(values, kind="stable")
    reached = np.append(0, np.cumsum(weight[order])) / weight.sum()
    places = (np.searchsorted(values[order], at, side=side) for side in ("left", "right"))
    return tuple(reached[place] for place in places)


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("n_parts", [1, 3, 23])
def test_ranks_are_within_the_bound(family: str, weights: str, n_parts: int) -> None:
    values, weight = FAMILIES[family], WEIGHTS[weights]
    digest = _digest(values, weight, n_parts, most_distinct=100, n_bins=256)
    assert not digest.is_exact
    assert digest.rank_error < 0.05
    levels = np.linspace(0.01, 0.99, 37)
    found = weighted_quantiles(*digest.ranked(), levels)
    below, up_to = _shares_below(values, weight, found)
    assert (below - digest.rank_error <= levels).all()
    assert (levels <= up_to + digest.rank_error).all()


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("family", FAMILIES)
def test_weight_mean_and_variance_are_exact(family: str, weights: str) -> None:
    values, weight = FAMILIES[family], WEIGHTS[weights]
    got, its = _digest(values, weight, 17, most_distinct=100, n_bins=256).balanced()
    mean = np.average(values, weights=weight)
    deviation = np.sqrt(np.average((values - mean) ** 2, weights=weight))
    found = np.average(got, weights=its)
    assert its.sum() == pytest.approx(weight.sum(), rel=1e-12)
    assert found == pytest.approx(mean, abs=1e-9 * deviation)
    assert np.sqrt(np.average((got - found) ** 2, weights=its)) == pytest.approx(
        deviation, rel=1e-9
    )
    assert values.min() <= got.min()
    assert got.max() <= values.max()
    assert (its >= 0).all()


@pytest.mark.parametrize("seed", range(16, 24))
def test_numbers_that_stand_for_others_are_within_their_range(seed: int) -> None:
    """To the last digit, for a count is not negative."""
    rng = np.random.default_rng(seed)
    values = np.where(rng.random(40_000) < 0.001, 0, rng.integers(10**6, size=40_000))
    got, _ = _digest(values.astype(float), np.ones(40_000), 8).balanced()
    assert got.min() >= values.min()
    assert got.max() <= values.max()


@pytest.mark.parametrize("n_parts", [1, 7, 60])
def test_few_distinct_numbers_are_counted(n_parts: int) -> None:
    values = np.random.default_rng(2).integers(90, size=N).astype(float)
    digest = _digest(values, WEIGHTS["ones"], n_parts, most_distinct=100)
    distinct, counts = np.unique(values, return_counts=True)
    assert digest.is_exact
    for got, its in (digest.ranked(), digest.balanced()):
        np.testing.assert_array_equal(got, distinct)
        np.testing.assert_array_equal(its, counts)
    np.testing.assert_array_equal(digest.distinct(), distinct)


def test_a_heavy_number_keeps_its_weight() -> None:
    """Half of the rows share a number exactly, and so do those of the summary."""
    values, weight = FAMILIES["mostly zero"], WEIGHTS["uniform"]
    got, its = _digest(values, weight, 19, most_distinct=100, n_bins=256).ranked()
    assert its[got == 0].sum() == pytest.approx(weight[values == 0].sum(), rel=1e-12)


def test_least_and_greatest_are_kept() -> None:
    values = FAMILIES["one far away"]
    digest = _digest(values, WEIGHTS["ones"], 9, most_distinct=100, n_bins=64)
    ends = weighted_quantiles(*digest.ranked(), np.array([0.0, 1.0]))
    assert ends.tolist() == [values.min(), values.max()]
    assert digest.distinct()[[0, -1]].tolist() == [values.min(), values.max()]


def test_the_sample_is_of_distinct_numbers_not_of_rows() -> None:
    """Nine rows in ten are small, nine distinct numbers in ten are large."""
    rng = np.random.default_rng(3)
    small, large = rng.integers(2_000, size=90_000) / 2_000, 1 + rng.random(18_000)
    values = rng.permutation(np.append(small, large))
    sample = _digest(values, np.ones(len(values)), 11, most_distinct=100).distinct()
    assert 4_000 < len(sample) < 4_200
    assert np.isin(sample, values).all()
    assert (sample >= 1).mean() == pytest.approx(0.9, abs=0.03)


def test_the_same_rows_give_the_same_every_time() -> None:
    runs = [_digest(FAMILIES["normal"], WEIGHTS["uniform"], 8, most_distinct=100) for _ in range(2)]
    for one, other in zip(runs[0].ranked(), runs[1].ranked(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_memory_does_not_grow_with_rows() -> None:
    rng = np.random.default_rng(4)
    digest, sizes = ValueDigest(most_distinct=100, n_bins=64), []
    for _ in range(512):
        digest.add(rng.normal(size=300), np.ones(300))
        sizes.append(len(digest.ranked()[0]))
    assert max(sizes) < 64 * 3 * (np.log2(512) + 2)


def test_numbers_too_large_to_square() -> None:
    values = np.array([1e300, -1e300, 3e299, 2.0, 5e300])
    bins = Bins.of(np.sort(values), np.ones(5)).compressed(2)
    got, weight = bins.two_points()
    assert np.isfinite(got).all()
    assert weight.sum() == pytest.approx(5)
