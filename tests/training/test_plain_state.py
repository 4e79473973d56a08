"""State as plain data: whatever numbers it holds, torch reads it back without running code."""

from __future__ import annotations

import io
import math
from collections import OrderedDict
from enum import IntEnum
from typing import Any

import numpy as np
import pytest
import torch

from sklearn_ple.training.plain_state import packed_history, plain, unpacked_history


def there_and_back(state: Any) -> Any:
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


class Colour(IntEnum):
    RED = 7


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float64(0.1), 0.1),
        (np.float32(0.5), 0.5),
        (np.int64(2**62), 2**62),
        (np.bool_(True), True),
        (np.str_("été"), "été"),
        (Colour.RED, 7),
        (np.array([[1, 2], [3, 4]], dtype=np.uint32), [[1, 2], [3, 4]]),
        (OrderedDict(b=(1, np.float64(2)), a=[None, "x"]), {"b": (1, 2.0), "a": [None, "x"]}),
        (True, True),
        (-math.inf, -math.inf),
    ],
    ids=repr,
)
def test_numbers_and_containers(value: Any, expected: Any) -> None:
    found = there_and_back(plain(value))
    assert found == expected
    assert type(found) is type(expected)


def test_order_and_types_of_tensors_are_kept() -> None:
    state = {
        "b": torch.tensor([0.1, math.nan], dtype=torch.float64),
        "a": torch.arange(6, dtype=torch.uint8)[1::2],
        "p": torch.nn.Parameter(torch.tensor([2.0], dtype=torch.bfloat16)),
    }
    found = there_and_back(plain(state))
    assert list(found) == ["b", "a", "p"]
    for name, tensor in state.items():
        assert found[name].dtype == tensor.dtype
        torch.testing.assert_close(found[name], tensor.detach(), rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({"a": {"b": [1, object()]}}, r"state\['a'\]\['b'\]\[1\] holds a object"),
        ({"a": {1, 2}}, r"state\['a'\] holds a set"),
        ([np.array([object()])], r"state\[0\]\[0\] holds a object"),
        (lambda: 0, "state holds a function"),
    ],
    ids=["object", "set", "array of objects", "function"],
)
def test_what_is_no_data_is_refused_by_its_place(value: Any, place: str) -> None:
    with pytest.raises(TypeError, match=place):
        plain(value)


@pytest.mark.parametrize(
    "batches",
    [
        [],
        [{"train_batch_size": 7}, {"train_batch_size": 6}],
        [{"train_batch_size": 7, "mine": 0.1}, {"train_batch_size": 6, "mine": math.inf}],
        [{"train_batch_size": 7}, {"train_batch_size": 6, "mine": 0.1}],
        [{"n": 1}, {"n": 1.0}],
        [{"n": 2**70}, {"n": True}],
        [{"n": 2**70}, {"n": 1}],
        [{"a": 1, "b": 2}, {"b": 2, "a": 1}],
        [{}, {}],
    ],
    ids=str,
)
def test_history_comes_back_as_it_was(batches: list[dict[str, Any]]) -> None:
    rows = [{"batches": batches, "epoch": 1, "loss/x": 0.25}, {"epoch": 2, "batches": []}]
    found = unpacked_history(there_and_back(packed_history(rows)))
    assert [row["batches"] for row in found] == [batches, []]
    kinds = [[list(map(type, batch.values())) for batch in row["batches"]] for row in found]
    assert kinds == [[list(map(type, batch.values())) for batch in batches], []]
    assert [{**row, "batches": 0} for row in found] == [{**row, "batches": 0} for row in rows]


def test_what_is_no_data_is_left_out_of_a_history() -> None:
    moment = np.datetime64("2020-01-01")
    rows = [
        {
            "batches": [{"n": 1, "at": moment}],
            "epoch": 1,
            "when": [moment],
            "size": np.longdouble(1),
        },
        {"batches": [{"n": 2}], "epoch": 2, "when": "later"},
    ]
    left_out: dict[str, str] = {}
    found = unpacked_history(there_and_back(packed_history(rows, left_out)))
    assert found == [
        {"batches": [{"n": 1}], "epoch": 1},
        {"batches": [{"n": 2}], "epoch": 2, "when": "later"},
    ]
    assert left_out == {"at": "datetime64", "when": "list", "size": "longdouble"}


def test_numpy_in_a_users_column_of_history() -> None:
    rows = [{"batches": [{"n": np.int64(3)}], "mine": np.float32(0.5)}]
    assert unpacked_history(there_and_back(packed_history(rows))) == [
        {"batches": [{"n": 3}], "mine": 0.5}
    ]
