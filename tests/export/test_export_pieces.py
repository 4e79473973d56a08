"""The graph's pieces against NumPy, SciPy and `FeatureTable.prepare`."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri

from sklearn_ple.export.names import graph_names
from sklearn_ple.export.scaling import NormalQuantile, NormalScores, SmoothlyClipped
from sklearn_ple.export.search import SortedColumns
from sklearn_ple.export.segments import Segments
from sklearn_ple.features.knots import KnotRows
from sklearn_ple.features.numbers import QuantileNormal, Robust

LENGTHS = (1, 2, 31, 33, 300, 1000)


def columns(seed: int = 0) -> list[np.ndarray]:
    """Sorted numbers, every other column with many ties."""
    rng = np.random.default_rng(seed)
    return [np.sort(rng.normal(size=n).round(1 if j % 2 else 6)) for j, n in enumerate(LENGTHS)]


def values(n: int = 77) -> np.ndarray:
    """Values near and far, a third of them exactly at a number."""
    rng = np.random.default_rng(1)
    drawn = rng.normal(0, 2, (n, len(LENGTHS)))
    for j, each in enumerate(columns()):
        drawn[::3, j] = rng.choice(each, len(drawn[::3]))
    return drawn


@pytest.mark.parametrize(("side", "count"), [("right", "at_most"), ("left", "below")])
def test_counts_are_those_of_searchsorted(side: str, count: str) -> None:
    found = getattr(SortedColumns(columns()), count)(torch.from_numpy(values()))
    for j, each in enumerate(columns()):
        wanted = np.searchsorted(each, values()[:, j], side=side)
        np.testing.assert_array_equal(found[:, j], wanted)


@given(
    st.lists(st.integers(-9, 9), min_size=1, max_size=90),
    st.lists(st.integers(-10, 10), min_size=1, max_size=7),
)
def test_counts_of_any_whole_numbers(numbers: list[int], wanted: list[int]) -> None:
    each = np.sort(np.array(numbers, dtype=float))
    asked = np.array(wanted, dtype=float)
    sought = SortedColumns([each])
    for count, side in ((sought.at_most, "right"), (sought.below, "left")):
        found = count(torch.from_numpy(asked[:, None]))[:, 0]
        np.testing.assert_array_equal(found, np.searchsorted(each, asked, side=side))


def test_rows_and_fractions_are_those_of_the_features() -> None:
    knots = [np.unique(each) for each in columns()]
    rows, fractions = Segments(knots)(torch.from_numpy(values()))
    wanted_rows, wanted = KnotRows.of(knots).locate(values())
    np.testing.assert_array_equal(rows, wanted_rows)
    np.testing.assert_array_equal(fractions, wanted)


def test_the_normal_quantile_is_scipys() -> None:
    p = np.concatenate([np.geomspace(1e-7, 0.5, 999), 1 - np.geomspace(1e-7, 0.5, 999)])
    found = NormalQuantile()(torch.from_numpy(p))
    np.testing.assert_allclose(found, ndtri(p), atol=1e-8)


def test_normal_scores_are_the_scalers() -> None:
    grids = [each for each in columns() if len(each) > 1]
    scaler = QuantileNormal(np.zeros(len(grids)), grids)
    asked = values()[:, 1:]
    found = NormalScores(scaler)(torch.from_numpy(asked))
    np.testing.assert_allclose(found, scaler.transform(asked.copy()), atol=1e-7)


@given(st.lists(st.text(max_size=4), min_size=1, max_size=9))
def test_names_are_words_and_each_one_once(names: list[str]) -> None:
    given_names = graph_names(names)
    assert len(set(given_names)) == len(names)
    assert all(name.isidentifier() and name.isascii() for name in given_names)


@pytest.mark.parametrize("size", [0.0, 1e-200, 2.5, 1e8, 1e160, 1e300])
def test_numbers_are_clipped_however_far_they_are(size: float) -> None:
    scaler = Robust(np.array([0.5, -1.0]), np.array([2.0, 1.0]))
    numbers = np.array([[size, -size], [np.nan, size]])
    found = SmoothlyClipped(scaler)(torch.from_numpy(numbers))
    np.testing.assert_allclose(found, scaler.transform(numbers.copy()), rtol=1e-13)
