"""Categories in X: how they are recognised, exact levels, and which columns are taken for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from architecture_walk import ARCHITECTURES, eager, over, small
from numpy.typing import NDArray

from sklearn_ple import PLEClassifierRegressor, PLERegressor

RNG = np.random.default_rng(0)
LEVELS = np.array(["ash", "birch", "cedar", "elm", "fir", "oak"])
EFFECT = np.array([3.5, -2.5, 1.5, -3.5, 2.5, -1.5])
CODES = RNG.integers(0, 6, 173)
Y = np.column_stack([EFFECT[CODES] > 0, EFFECT[CODES] + RNG.normal(0, 0.1, 173)])

STRINGS = np.dtypes.StringDType()
DICTIONARY = pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string()))
TEXT: dict[str, Callable[[NDArray], Any]] = {
    "object": lambda text: pd.Series(text, dtype=object),
    "str": lambda text: pd.Series(text, dtype="str"),
    "string[python]": lambda text: pd.Series(text, dtype="string[python]"),
    "string[pyarrow]": lambda text: pd.Series(text, dtype="string[pyarrow]"),
    "category": lambda text: pd.Series(text, dtype="category"),
    "category, levels in another order": lambda text: pd.Series(
        pd.Categorical(text, categories=[*LEVELS[::-1], "yew"])
    ),
    "dictionary of arrow": lambda text: pd.Series(text, dtype="str").astype(DICTIONARY),
    "category of string[pyarrow]": lambda text: pd.Series(text, dtype="string[pyarrow]").astype(
        "category"
    ),
}
WHOLE_LEVELS = {
    "small": np.array([0, 1, 2, 3, 4, 5]),
    "negative": np.array([-7, -3, -1, 0, 2, 11]),
    "beyond 2**31": 2**31 + np.array([0, 1, 2, 3, 4, 5]),
    "neighbours beyond 2**53": 2**53 + np.array([0, 1, 2, 3, 4, 5]),
    "neighbours near the end of int64": 2**63 - 1 - np.array([5, 4, 3, 2, 1, 0]),
}


def fitted_answers(X: Any, **settings: Any) -> NDArray:
    return small(PLEClassifierRegressor, **settings).fit(X, Y).predict_frame(X).to_numpy()


@pytest.mark.parametrize("kind", TEXT)
def test_text_of_every_dtype_is_a_category(kind: str) -> None:
    column = TEXT[kind](LEVELS[CODES])
    before = column.copy()
    expected = fitted_answers(CODES[:, None], categorical_features=[0])
    np.testing.assert_array_equal(fitted_answers(column.to_frame("tree")), expected)
    pd.testing.assert_series_equal(column, before)


@pytest.mark.parametrize(
    "make",
    [
        lambda text: text[:, None],
        lambda text: text[:, None].astype(object),
        lambda text: text[:, None].astype(STRINGS),
        lambda text: text[:, None].tolist(),
    ],
    ids=["U", "object", "strings of NumPy", "list of lists"],
)
def test_text_in_arrays_is_a_category(make: Callable[[NDArray], Any]) -> None:
    expected = fitted_answers(CODES[:, None], categorical_features=[0])
    np.testing.assert_array_equal(fitted_answers(make(LEVELS[CODES])), expected)


def test_text_beside_numbers_in_lists() -> None:
    x = RNG.normal(size=173)
    lists = [
        [tree, number] for tree, number in zip(LEVELS[CODES].tolist(), x.tolist(), strict=True)
    ]
    expected = fitted_answers(np.column_stack([CODES, x]), categorical_features=[0])
    np.testing.assert_array_equal(fitted_answers(lists), expected)


@pytest.mark.parametrize("kind", TEXT)
def test_other_text_at_predict_than_at_fit(kind: str) -> None:
    frame = pd.DataFrame({"tree": LEVELS[CODES].astype(object)})
    model = small(PLEClassifierRegressor).fit(frame, Y)
    other = TEXT[kind](LEVELS[CODES]).to_frame("tree")
    np.testing.assert_array_equal(model.predict(other), model.predict(frame))


@pytest.mark.parametrize("kind", WHOLE_LEVELS)
@pytest.mark.parametrize("container", ["array", "frame"])
def test_whole_numbers_as_categories_are_exact(kind: str, container: str) -> None:
    ids = WHOLE_LEVELS[kind][CODES][:, None]
    X = ids if container == "array" else pd.DataFrame(ids, columns=["tree"])
    expected = fitted_answers(CODES[:, None], categorical_features=[0])
    np.testing.assert_array_equal(fitted_answers(X, categorical_features=[0]), expected)


@pytest.mark.parametrize("kind", WHOLE_LEVELS)
def test_whole_numbers_with_gaps_as_categories_are_exact(kind: str) -> None:
    gap = np.arange(173) % 5 == 0
    ids = pd.Series(WHOLE_LEVELS[kind][CODES], dtype="Int64").mask(gap)
    plain = pd.Series(CODES, dtype="Int64").mask(gap)
    expected = fitted_answers(plain.to_frame("tree"), categorical_features=["tree"])
    got = fitted_answers(ids.to_frame("tree"), categorical_features=["tree"])
    np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("gaps", [False, True], ids=["whole", "with gaps"])
def test_unsigned_ids_beyond_int64_are_exact(gaps: bool) -> None:
    ids = np.uint64(2**64 - 1) - CODES.astype(np.uint64)
    gone = (np.arange(173) % 5 == 0) & gaps
    X = pd.Series(ids, dtype="UInt64").mask(gone).to_frame("tree")
    plain = pd.Series(6 - CODES, dtype="Int64").mask(gone).to_frame("tree")
    expected = fitted_answers(plain, categorical_features=["tree"])
    np.testing.assert_array_equal(fitted_answers(X, categorical_features=["tree"]), expected)
    if not gaps:
        array = fitted_answers(ids[:, None], categorical_features=[0])
        np.testing.assert_array_equal(array, expected)


@pytest.mark.parametrize("gaps", [False, True], ids=["whole", "with gaps"])
@pytest.mark.parametrize("least", [0, -(2**40), -(2**63)], ids=["0", "-2**40", "-2**63"])
def test_neighbours_beyond_int64_beside_small_ids_are_exact(least: int, gaps: bool) -> None:
    levels = np.array([least, *(2**63 + k for k in range(5))], dtype=object)
    gone = (np.arange(173) % 5 == 0) & gaps
    ids = np.where(gone, None, levels[CODES])[:, None]
    plain = np.where(gone, None, CODES)[:, None]
    expected = fitted_answers(plain, categorical_features=[0])
    np.testing.assert_array_equal(fitted_answers(ids, categorical_features=[0]), expected)
    frame = pd.DataFrame(ids, columns=["tree"])
    np.testing.assert_array_equal(fitted_answers(frame, categorical_features=["tree"]), expected)


def test_ids_of_any_size_are_exact_and_told_from_text() -> None:
    ids = np.array([2**64 + k for k in range(6)], dtype=object)[CODES][:, None]
    model = small(PLEClassifierRegressor, categorical_features=[0]).fit(ids, Y)
    expected = small(PLEClassifierRegressor, categorical_features=[0]).fit(CODES[:, None], Y)
    np.testing.assert_array_equal(model.predict(ids), expected.predict(CODES[:, None]))
    with pytest.raises(ValueError, match="column 0 held categories that are numbers at fit"):
        model.predict(ids.astype(str).astype(object))


def test_signed_and_unsigned_ids_are_the_same_levels() -> None:
    ids = (2**53 + CODES)[:, None]
    model = small(PLEClassifierRegressor, categorical_features=[0]).fit(ids, Y)
    np.testing.assert_array_equal(model.predict(ids.astype(np.uint64)), model.predict(ids))
    unsigned = small(PLEClassifierRegressor, categorical_features=[0]).fit(ids.astype(np.uint64), Y)
    np.testing.assert_array_equal(unsigned.predict(ids), model.predict(ids))


@pytest.mark.parametrize("levels", [[0, 1], [2.5, 0.5], [-1.0, 4.0]], ids=str)
def test_numbers_that_fit_saw_as_floats_or_whole(levels: list[float]) -> None:
    column = np.array(levels)[CODES % 2][:, None]
    model = small(PLEClassifierRegressor, categorical_features=[0]).fit(column, Y)
    np.testing.assert_array_equal(model.predict(column.astype(object)), model.predict(column))
    np.testing.assert_array_equal(model.predict(column.astype(np.float32)), model.predict(column))


@pytest.mark.parametrize(
    ("was", "now"),
    [(CODES, LEVELS[CODES]), (LEVELS[CODES], CODES), (CODES, CODES.astype(str))],
    ids=["numbers then text", "text then numbers", "numbers then digits"],
)
@pytest.mark.parametrize("container", ["array", "frame"])
def test_a_category_that_changes_its_type(was: NDArray, now: NDArray, container: str) -> None:
    def make(column: NDArray) -> Any:
        table = column.astype(object)[:, None]
        return table if container == "array" else pd.DataFrame(table, columns=["tree"])

    model = small(PLEClassifierRegressor, categorical_features=[0]).fit(make(was), Y)
    with pytest.raises(ValueError, match=r"(column 0|'tree').*at fit and holds .* now"):
        model.predict(make(now))


def test_text_where_fit_saw_numbers() -> None:
    model = small(PLEClassifierRegressor).fit(CODES[:, None], Y)
    with pytest.raises(ValueError, match="column 0 was numeric at fit"):
        model.predict(LEVELS[CODES][:, None])


@over(ARCHITECTURES)
@pytest.mark.parametrize("levels", [2, 6])
def test_a_category_teaches(cls, levels: int) -> None:
    codes = CODES % levels
    X = pd.DataFrame({"tree": LEVELS[codes], "noise": RNG.normal(size=len(codes))})
    y = np.column_stack([EFFECT[codes] > 0, EFFECT[codes]])
    assert eager(cls).fit(X, y).score_tasks(X, y).min() > 0.8


@over(ARCHITECTURES)
@pytest.mark.parametrize("dtype", ["str", "category"])
def test_a_category_with_a_single_level(cls, dtype: str) -> None:
    x = RNG.normal(size=131)
    X = pd.DataFrame({"x": x, "tree": pd.Series(["ash"] * 131, dtype=dtype)})
    y = np.column_stack([x > 0, x + 1.0])
    model = eager(cls).fit(X, y)
    assert model.score_tasks(X, y).min() > 0.6
    X["tree"] = pd.Series(["yew"] * 131, dtype=dtype)
    assert model.score_tasks(X, y).min() > 0.6


@over(ARCHITECTURES)
def test_nothing_but_categories(cls) -> None:
    X = pd.DataFrame({"tree": LEVELS[CODES], "leaf": LEVELS[CODES % 3]})
    assert eager(cls).fit(X, Y).score_tasks(X, Y).min() > 0.8


NAMING = {
    "name": ["wood", "shade"],
    "index": [1, 3],
    "mask": [False, True, False, True],
    "array of names": np.array(["wood", "shade"]),
    "index of pandas": pd.Index(["wood", "shade"]),
    "tuple": (1, 3),
}


@pytest.mark.parametrize("how", NAMING)
def test_categories_by_name_index_or_mask(how: str) -> None:
    X = pd.DataFrame(
        {"x": RNG.normal(size=173), "wood": CODES, "z": CODES * 0.5, "shade": CODES % 3}
    )
    text = X.assign(wood=LEVELS[CODES], shade=LEVELS[CODES % 3])
    expected = fitted_answers(text)
    np.testing.assert_array_equal(fitted_answers(X, categorical_features=NAMING[how]), expected)
    assert not np.array_equal(fitted_answers(X), expected)


@pytest.mark.parametrize("how", ["index", "mask", "tuple"])
def test_categories_of_arrays_by_index_or_mask(how: str) -> None:
    X = np.column_stack([RNG.normal(size=173), CODES, CODES * 0.5, CODES % 3])
    text = X.astype(object)
    text[:, 1], text[:, 3] = LEVELS[CODES], LEVELS[CODES % 3]
    got = fitted_answers(X, categorical_features=NAMING[how])
    np.testing.assert_array_equal(got, fitted_answers(text))


@pytest.mark.parametrize("empty", [None, [], "from_dtype"], ids=str)
def test_text_is_a_category_without_being_named(empty: Any) -> None:
    X = pd.DataFrame({"x": RNG.normal(size=173), "wood": LEVELS[CODES]})
    expected = fitted_answers(X, categorical_features=["wood"])
    np.testing.assert_array_equal(fitted_answers(X, categorical_features=empty), expected)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["wood", "bark"], "names .*bark.*which X does not have"),
        ([0, 2], r"\[0, 2\] is out of range for 2 columns"),
        ([-1], r"\[-1\] is out of range for 2 columns"),
        ([True, False, True], "3 flags for 2 columns"),
    ],
    ids=["unknown name", "too large", "negative", "mask too long"],
)
def test_categories_that_are_not_there(given: Any, message: str) -> None:
    X = pd.DataFrame({"x": RNG.normal(size=173), "wood": CODES})
    with pytest.raises(ValueError, match=message):
        small(PLERegressor, categorical_features=given).fit(X, Y)
