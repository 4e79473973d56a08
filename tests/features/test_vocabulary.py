"""The levels of a category: exact, in a fixed order, with their shares."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sklearn_ple.features import Vocabulary, read_columns

TREES = ["oak", "ash", None, "oak", "elm", "oak", None]


def levels_of(column: list | np.ndarray | pd.Series) -> tuple[np.ndarray, np.ndarray]:
    return read_columns(pd.DataFrame({"tree": column})).levels(0)


def fit(column: list | np.ndarray | pd.Series, weight: list | None = None) -> Vocabulary:
    weights = np.ones(len(column)) if weight is None else np.array(weight, dtype=float)
    return Vocabulary.fit("column 'tree'", *levels_of(column), weights)


def test_levels_are_sorted_and_a_missing_value_is_one_of_its_own() -> None:
    vocabulary = fit(TREES)
    assert vocabulary.levels.tolist() == ["ash", "elm", "oak"]
    assert vocabulary.has_missing
    assert vocabulary.n_codes == 4
    assert vocabulary.encode(*levels_of(TREES)).tolist() == [2, 0, 3, 2, 1, 2, 3]


def test_shares_are_those_of_weights() -> None:
    vocabulary = fit(TREES, weight=[1, 2, 3, 0, 4, 5, 1])
    np.testing.assert_allclose(vocabulary.shares, np.array([2, 4, 6, 4]) / 16)
    assert sum(vocabulary.shares) == pytest.approx(1)
    assert fit(np.repeat(["b", "a"], [3, 1])).shares == (0.25, 0.75)


def test_what_fit_never_saw_has_the_code_after_the_last() -> None:
    vocabulary = fit(TREES)
    assert vocabulary.encode(*levels_of(["yew", "ash", "fir"])).tolist() == [4, 0, 4]


def test_a_missing_value_that_fit_never_saw_is_unseen() -> None:
    vocabulary = fit(["oak", "ash"])
    assert not vocabulary.has_missing
    assert vocabulary.encode(*levels_of(["ash", None])).tolist() == [0, 2]


def test_categories_that_do_not_occur_are_no_levels() -> None:
    column = pd.Series(pd.Categorical(["b", "c"], categories=["a", "b", "c", "d"]))
    vocabulary = fit(column)
    assert vocabulary.levels.tolist() == ["b", "c"]
    assert vocabulary.encode(*levels_of(["a", "b", "c", "d"])).tolist() == [2, 0, 1, 2]


def test_a_row_without_weight_is_still_a_level() -> None:
    """Rows without any weight are dropped earlier; here a level may weigh nothing."""
    vocabulary = fit(["a", "b"], weight=[0, 1])
    assert vocabulary.levels.tolist() == ["a", "b"]
    assert vocabulary.shares == (0, 1)


@pytest.mark.parametrize(
    "levels",
    [
        [2**53, 2**53 + 1, 2**53 + 2],
        [-(2**63), -1, 2**63 - 1],
        [0.1, 0.1 + 2**-56, 0.25],
        [-5, 0, 7],
    ],
    ids=["beyond 2**53", "the whole of int64", "close floats", "negative"],
)
def test_numbers_are_exact(levels: list) -> None:
    column = np.array(levels)[np.array([2, 0, 1, 1, 0])]
    vocabulary = fit(column)
    assert vocabulary.levels.tolist() == levels
    assert vocabulary.encode(*levels_of(column)).tolist() == [2, 0, 1, 1, 0]
    assert not vocabulary.is_text


@pytest.mark.parametrize(
    "levels",
    [[-1, 2**63, 2**63 + 1], [3, 2**64, 2**64 + 1], [0.5, 2**53, 2**53 + 1]],
    ids=["beyond int64 and negative", "beyond uint64", "beyond float64 and a half"],
)
def test_numbers_that_no_array_holds_are_exact(levels: list) -> None:
    column = np.array(levels, dtype=object)[np.array([2, 0, 1, 1, 0])]
    vocabulary = fit(column)
    assert vocabulary.levels.tolist() == levels
    assert not vocabulary.is_text
    assert vocabulary.encode(*levels_of(column)).tolist() == [2, 0, 1, 1, 0]
    assert vocabulary.encode(*levels_of(levels[:2])).tolist() == [0, 1]
    assert vocabulary.encode(*levels_of([levels[0], 7])).tolist() == [0, 3]
    with pytest.raises(ValueError, match=r"'tree' held categories that are numbers at fit"):
        vocabulary.encode(*levels_of(["1", "2"]))


@pytest.mark.parametrize("dtype", ["int8", "uint16", "float32", "float64", "Int64", "boolean"])
def test_the_same_numbers_of_another_dtype(dtype: str) -> None:
    vocabulary = fit(np.array([0, 1, 1, 0]))
    column = pd.Series([1, 0, 1]).astype(dtype)
    assert vocabulary.encode(*levels_of(column)).tolist() == [1, 0, 1]


def test_digits_are_no_numbers() -> None:
    with pytest.raises(ValueError, match=r"'tree' held categories that are numbers at fit .* text"):
        fit(np.array([1, 2])).encode(*levels_of(["1", "2"]))
    with pytest.raises(ValueError, match=r"'tree' held categories that are text at fit .* numbers"):
        fit(["1", "2"]).encode(*levels_of(np.array([1, 2])))


def test_a_column_of_gaps_has_no_type() -> None:
    gaps = pd.Series([None, None], dtype=object)
    assert fit(["a", "b"]).encode(*levels_of(gaps)).tolist() == [2, 2]
    assert fit(gaps).encode(*levels_of(["a", None])).tolist() == [1, 0]


def test_case_and_spaces_count() -> None:
    assert fit(["a", "A", " a"]).levels.tolist() == [" a", "A", "a"]
