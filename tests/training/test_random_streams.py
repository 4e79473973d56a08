"""The generators of a fit: seeded by one state, apart from each other and from everybody's."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import numpy as np
import pytest
import torch

from sklearn_ple.training import RandomStreams

CPU = torch.device("cpu")
STREAMS = ["initial", "order", "noise"]


def _streams(seed: int = 0) -> RandomStreams:
    return RandomStreams(np.random.RandomState(seed), CPU)


def _draw(streams: RandomStreams, name: str, n: int = 5) -> list[float]:
    return torch.rand(n, generator=getattr(streams, name)).tolist()


@pytest.mark.parametrize("name", STREAMS)
def test_the_same_state_gives_the_same_stream(name: str) -> None:
    assert _draw(_streams(3), name) == _draw(_streams(3), name)
    assert _draw(_streams(3), name) != _draw(_streams(4), name)


def test_streams_differ_from_each_other() -> None:
    streams = _streams()
    draws = [tuple(_draw(streams, name)) for name in STREAMS]
    assert len(set(draws)) == 3


def test_drawing_from_one_leaves_the_others_alone() -> None:
    disturbed = _streams()
    _draw(disturbed, "noise", 1000)
    for name in ("initial", "order"):
        assert _draw(disturbed, name) == _draw(_streams(), name)


COPIES: dict[str, Callable[[RandomStreams], RandomStreams]] = {
    "pickle": lambda streams: pickle.loads(pickle.dumps(streams)),
    "deepcopy": copy.deepcopy,
}


@pytest.mark.parametrize("how", COPIES)
def test_a_copy_goes_on_where_the_original_stood(how: str) -> None:
    streams = _streams()
    for name in STREAMS:
        _draw(streams, name, 17)
    copied = COPIES[how](streams)
    for name in STREAMS:
        assert _draw(copied, name) == _draw(streams, name)
    _draw(copied, "order")
    assert _draw(copied, "order") != _draw(streams, "order")


def test_global_generators_are_neither_read_nor_moved() -> None:
    torch_before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].copy()
    for name in STREAMS:
        _draw(_streams(), name)
    assert torch.equal(torch_before, torch.get_rng_state())
    assert np.array_equal(numpy_before, np.random.get_state()[1])
