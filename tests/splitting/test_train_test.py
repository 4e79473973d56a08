"""One split: parts of the right size and type, alike in all targets."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from people import make_people
from scipy.sparse import csr_array

from sklearn_ple import SparseFoldWarning, multitask_train_test_split


def people(n: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    X, y = make_people(n)
    return X, y.set_index(X.index)


def test_alike_in_classes_and_gaps() -> None:
    X, y = people(613)
    X_train, X_test, y_train, y_test = multitask_train_test_split(X, y, random_state=1)
    assert len(y_test) == 154
    assert sorted([*X_train.index, *X_test.index]) == list(range(613))
    assert (X_test.index == y_test.index).all()
    for column in y:
        gaps = y_test[column].isna().mean()
        assert gaps == pytest.approx(y[column].isna().mean(), abs=0.006)
    for column in ("bought", "shade"):
        shares = [part[column].value_counts(normalize=True) for part in (y_train, y_test)]
        pd.testing.assert_series_equal(*shares, atol=0.02, check_like=True)


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ({}, (75, 26)),
        ({"test_size": 0.3}, (70, 31)),
        ({"test_size": 13}, (88, 13)),
        ({"train_size": 0.5}, (50, 51)),
        ({"train_size": 17, "test_size": 0.2}, (17, 21)),
        ({"train_size": 0.25, "test_size": 50}, (25, 50)),
    ],
)
def test_sizes_as_in_scikit_learn(sizes, expected) -> None:
    X, y = people(101)
    parts = multitask_train_test_split(X, y, random_state=0, **sizes)
    assert (len(parts[0]), len(parts[1])) == expected
    assert not set(parts[0].index) & set(parts[1].index)


def test_each_array_comes_back_in_its_own_type() -> None:
    X, y = people(101)
    number = np.arange(101)
    arrays = [
        X,
        y,
        number,
        number.tolist(),
        pd.Series(number),
        pl.Series(number),
        pa.table({"number": number}),
        csr_array(number[:, None]),
    ]
    parts = multitask_train_test_split(*arrays, random_state=0)
    for array, train, test in zip(arrays, parts[::2], parts[1::2], strict=True):
        assert type(array) is type(train) is type(test)
    for k, rows in ((0, parts[0].index), (1, parts[1].index)):
        plain = [rows, *(parts[2 * i + k] for i in (2, 3, 4, 5))]
        plain += [parts[12 + k]["number"].to_numpy(), parts[14 + k].toarray()[:, 0]]
        for each in plain:
            np.testing.assert_array_equal(np.asarray(each), rows)


def test_rows_come_in_random_order() -> None:
    number, y = np.arange(211), np.repeat([0, 1], [150, 61])
    train, _, y_train, _ = multitask_train_test_split(number, y, random_state=0)
    assert abs(np.corrcoef(train, np.arange(len(train)))[0, 1]) < 0.3
    np.testing.assert_array_equal(y_train, y[train])


def test_which_array_is_the_targets() -> None:
    """The second, or the only one, or what `stratify` says."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(200, 3)), (np.arange(200) < 20).astype(int)
    splits = [
        multitask_train_test_split(X, y, test_size=0.1, random_state=0)[3],
        multitask_train_test_split(y, test_size=0.1, random_state=0)[1],
        multitask_train_test_split(y, X, stratify=y, test_size=0.1, random_state=0)[1],
    ]
    assert [part.sum() for part in splits] == [2, 2, 2]


def test_the_seed_decides() -> None:
    _, y = people(101)
    first, again, other = (multitask_train_test_split(y, random_state=s)[1] for s in (0, 0, 1))
    assert first.index.equals(again.index)
    assert not first.index.equals(other.index)


@pytest.mark.parametrize("sizes", [{"test_size": 0.2}, {"test_size": 30, "train_size": 60}])
def test_groups_stay_together(sizes) -> None:
    X, y = people(307)
    groups = np.random.default_rng(0).integers(0, 67, 307)
    parts = multitask_train_test_split(X, y, groups, groups=groups, random_state=0, **sizes)
    assert not set(parts[4]) & set(parts[5])
    wanted = 62 if sizes["test_size"] == 0.2 else 30
    assert len(parts[1]) == pytest.approx(wanted, abs=5)


@pytest.mark.parametrize(
    ("n_rows", "sizes", "expected"),
    [
        ([20, 20, 20], {"test_size": 10, "train_size": 10}, (20, 20)),
        ([15, 15, 15, 15], {"test_size": 0.1, "train_size": 0.25}, (15, 15)),
        ([50, 7, 3], {"test_size": 1, "train_size": 1}, (7, 3)),
        ([50, 7, 3], {"test_size": 1, "train_size": 55}, (50, 7)),
        ([45, 4], {"test_size": 1}, (45, 4)),
    ],
)
def test_groups_larger_than_the_sizes_leave_no_part_empty(n_rows, sizes, expected) -> None:
    groups = np.repeat(np.arange(len(n_rows)), n_rows)
    X, y = people(len(groups))
    for seed in range(3):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SparseFoldWarning)
            parts = multitask_train_test_split(X, y, groups=groups, random_state=seed, **sizes)
        assert (len(parts[0]), len(parts[1])) == expected


@given(
    n_rows=st.lists(st.integers(1, 40), min_size=2, max_size=6),
    shares=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    seed=st.integers(0, 2**31 - 1),
)
@settings(max_examples=60, deadline=None)
def test_two_groups_are_enough_whatever_their_sizes(n_rows, shares, seed) -> None:
    groups = np.repeat(np.arange(len(n_rows)), n_rows)
    n = len(groups)
    n_test = 1 + int(shares[0] * (n - 2))
    n_train = 1 + int(shares[1] * (n - n_test - 1))
    y = np.arange(n) / 7
    train, test = multitask_train_test_split(
        y, groups=groups, test_size=n_test, train_size=n_train, random_state=seed
    )
    assert len(train)
    assert len(test)
    assert not set(groups[np.isin(y, train)]) & set(groups[np.isin(y, test)])


@pytest.mark.parametrize("sizes", [{}, {"test_size": 10, "train_size": 20}])
def test_a_class_of_one_label_trains(sizes) -> None:
    y = np.array([0, 1] * 20 + [2])
    for seed in range(10):
        train, _ = multitask_train_test_split(y, tasks="classification", random_state=seed, **sizes)
        assert 2 in train


@pytest.mark.parametrize(
    ("sizes", "match"),
    [
        ({"test_size": 1.5}, "test_size must be.*between 0 and 1, got 1.5"),
        ({"train_size": "half"}, "train_size must be.*got 'half'"),
        ({"test_size": 0}, "make 12 training and 0 test rows out of 12"),
        ({"test_size": 12}, "make 0 training and 12 test"),
        ({"test_size": 8, "train_size": 0.5}, "make 6 training and 8 test rows out of 12"),
    ],
)
def test_sizes_that_can_not_be(sizes, match) -> None:
    with pytest.raises(ValueError, match=match):
        multitask_train_test_split(np.arange(12) % 2, **sizes)


def test_other_mistakes() -> None:
    with pytest.raises(ValueError, match="nothing to split"):
        multitask_train_test_split()
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        multitask_train_test_split(np.zeros((5, 2)), [0, 1, 0, 1])
    with pytest.raises(ValueError, match="single group"):
        multitask_train_test_split([0, 1, 0, 1], groups=[7] * 4)


def test_what_parts_lack_is_said() -> None:
    y = pd.DataFrame({"shade": ["red", "blue"] * 8})
    y["price"] = np.where(np.arange(16) == 3, 2.5, np.nan)
    groups = np.repeat([0, 1], 8)
    with pytest.warns(SparseFoldWarning, match="task 'price' is only in the t"):
        multitask_train_test_split(y, groups=groups, test_size=0.5, random_state=0)
    y["shade"] = np.repeat(["red", "blue"], 8)
    y["price"] = np.arange(16) / 3
    with pytest.warns(SparseFoldWarning, match=r"class 'red' is only in.*class 'blue' is only in"):
        multitask_train_test_split(y, groups=groups, test_size=0.5, random_state=0)
