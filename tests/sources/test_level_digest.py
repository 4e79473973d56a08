"""Levels of a category: counted, capped, the rare ones together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sklearn_ple.features import Vocabulary, read_columns
from sklearn_ple.sources.level_digest import LevelDigest

N = 2_003
LEVELS = ["a", "b", "c", "d", "e", "f", "g"]
P = [0.4, 0.3, 0.15, 0.08, 0.04, 0.02, 0.01]


def _column(seed: int = 0, missing: bool = True) -> np.ndarray:
    rng = np.random.default_rng(seed)
    levels = rng.choice(LEVELS, N, p=P).astype(object)
    return np.where(rng.random(N) < 0.1, None, levels) if missing else levels


def _digest(column: np.ndarray, weight: np.ndarray, most: int, n_parts: int = 9) -> Vocabulary:
    digest = LevelDigest("town", most)
    for part, its in zip(
        np.array_split(column, n_parts), np.array_split(weight, n_parts), strict=True
    ):
        digest.add(*read_columns(pd.DataFrame({"town": part})).levels(0), its)
    return digest.vocabulary()


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("n_parts", [1, 4, 90])
def test_within_the_cap_it_is_that_of_the_rows_in_memory(missing: bool, n_parts: int) -> None:
    column, weight = _column(missing=missing), np.random.default_rng(1).uniform(1, 3, N)
    got = _digest(column, weight, 7, n_parts)
    levels = read_columns(pd.DataFrame({"town": column})).levels(0)
    expected = Vocabulary.fit("town", *levels, weight)
    assert got.levels.tolist() == expected.levels.tolist()
    assert (got.has_missing, got.has_rare) == (expected.has_missing, False)
    np.testing.assert_allclose(got.shares, expected.shares, rtol=1e-12)


def test_numbers_as_levels() -> None:
    column = np.random.default_rng(2).integers(5, size=N)
    column[:1_000] += 10
    got = _digest(column, np.ones(N), 20)
    assert got.levels.dtype == np.int64
    assert got.levels.tolist() == np.unique(column).tolist()


@pytest.mark.parametrize(
    ("parts", "dtype"),
    [
        ([[2**60 + 1, 2**60 + 2], [2**60 + 3]], np.int64),
        ([[2**63 + 1, 2**63 + 2], [7]], np.uint64),
        ([[2**63 + 1, 2**63 + 2], [-7]], object),
        ([[0.5, 2.0], [3]], np.float64),
    ],
    ids=["large", "unsigned", "of both signs", "with fractions"],
)
def test_numbers_stay_apart(parts: list[list], dtype: type) -> None:
    digest = LevelDigest("id", 20)
    for part in parts:
        column = read_columns(pd.DataFrame({"id": part})).levels(0)
        digest.add(*column, np.ones(len(part)))
    got = digest.vocabulary()
    assert got.levels.tolist() == sorted(value for part in parts for value in part)
    assert got.levels.dtype == dtype
    assert not got.is_text


@pytest.mark.parametrize("missing", [False, True])
def test_levels_beyond_the_cap_share_a_code(missing: bool) -> None:
    column = _column(missing=missing)
    got = _digest(column, np.ones(N), 4)
    assert got.levels.tolist() == LEVELS[:4]
    assert got.has_rare
    assert got.n_codes == 5 + missing
    rare = np.isin(column, LEVELS[4:]).mean()
    assert got.shares[-1] == pytest.approx(rare)
    assert sum(got.shares) == pytest.approx(1)


def test_a_level_never_seen_is_read_as_a_rare_one() -> None:
    got = _digest(_column(), np.ones(N), 4)
    codes = got.encode(np.array([0, 1, 2, -1]), np.array(["b", "g", "never"], dtype=object))
    assert codes.tolist() == [1, 5, 5, 4]


def test_a_missing_value_never_seen_is_not() -> None:
    """It says nothing of how rare a level is: it reads the mean of all, as in memory."""
    got = _digest(_column(missing=False), np.ones(N), 4)
    assert got.encode(np.array([-1]), np.array([], dtype=object)).tolist() == [got.n_codes]


def test_the_most_frequent_of_very_many_survive() -> None:
    """Ten thousand levels that occur once pass by a digest of at most sixteen."""
    rng = np.random.default_rng(5)
    often = np.repeat(["x", "y"], 700)
    column = rng.permutation(np.append(often, [f"once {i}" for i in range(10_000)])).astype(object)
    got = _digest(column, np.ones(len(column)), 2, n_parts=40)
    assert got.levels.tolist() == ["x", "y"]
    np.testing.assert_allclose(got.shares[:2], 700 / len(column), rtol=0.1)
    assert sum(got.shares) == pytest.approx(1)
