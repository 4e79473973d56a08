"""Any plain value comes back equal and of the same type, wherever it is nested."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from safetensors.torch import load, save

from sklearn_ple.archive import SavedModelError
from sklearn_ple.archive.packing import Packer
from sklearn_ple.archive.unpacking import Unpacker

DTYPES = st.one_of(
    hnp.boolean_dtypes(),
    hnp.integer_dtypes(endianness="?"),
    hnp.unsigned_integer_dtypes(endianness="?"),
    hnp.floating_dtypes(endianness="?"),
    hnp.unicode_string_dtypes(max_len=3),
)
SHAPES = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)
TEXTS = st.text(st.characters(), max_size=4)  # with halves of surrogate pairs
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    TEXTS,
    st.binary(max_size=4),
    st.sampled_from([np.float32(0.1), np.int8(-3), np.bool_(True), np.str_("x"), np.uint64(7)]),
    hnp.arrays(DTYPES, SHAPES),
)
KEYS = st.one_of(TEXTS, st.integers(), st.booleans(), st.floats(allow_nan=False), st.just("$"))
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(KEYS, inner, max_size=3),
    ),
    max_leaves=8,
)


MOMENTS = pd.DatetimeIndex(["2020-01-01"])


def there_and_back(value: Any) -> Any:
    packer = Packer({})
    text = json.dumps(packer.pack(value, "it"), allow_nan=False)
    return Unpacker({}, load(save(packer.tensors)), {}).unpack(json.loads(text))


def equal(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(equal, one, other))
    if isinstance(one, dict):
        return equal([*one], [*other]) and equal([*one.values()], [*other.values()])
    if isinstance(one, np.ndarray):
        same_dtype = one.dtype.newbyteorder("=") == other.dtype
        return (
            same_dtype
            and one.shape == other.shape
            and one.tobytes() == other.astype(one.dtype).tobytes()
        )
    if isinstance(one, float):
        return (math.isnan(one) and math.isnan(other)) or (
            one == other and math.copysign(1, one) == math.copysign(1, other)
        )
    return bool(one == other)


@settings(max_examples=300, deadline=None)
@given(VALUES)
def test_any_value(value: Any) -> None:
    assert equal(value, there_and_back(value))


def test_long_tuples_of_numbers_stay_tuples() -> None:
    value = tuple(np.random.default_rng(0).normal(size=53).tolist())
    assert equal((value, [*value]), there_and_back((value, [*value])))


def test_arrays_of_objects_keep_their_shape_and_what_is_in_them() -> None:
    value = np.empty((2, 3), dtype=object)
    value[:] = [[None, 1, "a"], [1.5, True, b"b"]]
    again = there_and_back(value)
    assert again.shape == (2, 3)
    assert [type(v) for v in again.ravel()] == [type(v) for v in value.ravel()]
    lists = np.empty(2, dtype=object)
    lists[:] = [[1, 2], [3, 4]]
    assert there_and_back(lists).tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("column", "dtype"),
    [
        (pd.Index(["a", "b"]), "O"),
        (pd.RangeIndex(2, 5), "int64"),
        (pd.Series([False, True], index=["x", "y"]), "bool"),
        (pd.Series([0.5, 2.0]), "float64"),
        (pd.Categorical(["a", None]), "O"),
        (pl.Series([3, 1]), "int64"),
    ],
    ids=["index", "range", "flags", "numbers", "categorical", "polars"],
)
def test_columns_of_other_makes_become_arrays(column: Any, dtype: str) -> None:
    again = there_and_back({"a": column})["a"]
    assert again.dtype == dtype
    pd.testing.assert_series_equal(pd.Series(again), pd.Series(np.asarray(column)))


def test_tensors_that_share_memory() -> None:
    whole = torch.arange(12.0).view(3, 4)
    one, other, part = there_and_back([whole, whole, whole.t()[1:]])
    assert torch.equal(one, whole)
    assert torch.equal(other, whole)
    assert torch.equal(part, whole.t()[1:])


@pytest.mark.parametrize(
    "value",
    [
        object(),
        {1, 2},
        1j,
        np.longdouble(1),
        np.array([1j]),
        np.datetime64("2020-01-01"),
        MOMENTS,
        int,
        len,
    ],
    ids=lambda value: type(value).__name__,
)
def test_other_values_are_refused_by_where_they_are(value: Any) -> None:
    with pytest.raises(SavedModelError, match=r"it\['a'\]\[1\] holds"):
        Packer({}).pack({"a": [0, value]}, "it")
