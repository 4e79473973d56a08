"""The generators of a fit: seeded by one state, apart from each other and from everybody's."""

from __future__ import annotations

import copy
import pickle
import random
from collections.abc import Callable

import numpy as np
import pytest
import torch

from sklearn_ple.architectures import (
    CGCRegressor,
    MMOERegressor,
    PLERegressor,
    SharedBottomRegressor,
    SingleTaskRegressor,
)
from sklearn_ple.training import RandomStreams

CPU = torch.device("cpu")
STREAMS = ["initial", "order", "noise"]


def _streams(seed: int = 0) -> RandomStreams:
    return RandomStreams(np.random.RandomState(seed), CPU)


def _draw(streams: RandomStreams, name: str, n: int = 5) -> list[float]:
    return torch.rand(n, generator=getattr(streams, name)).tolist()


def _global_states() -> list[object]:
    _, keys, position, *gauss = np.random.get_state()
    return [torch.get_rng_state().tolist(), keys.tolist(), position, gauss, random.getstate()]


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
    before = _global_states()
    for name in STREAMS:
        _draw(_streams(), name)
    assert _global_states() == before


@pytest.mark.parametrize(
    "kind",
    [
        SingleTaskRegressor,
        SharedBottomRegressor,
        MMOERegressor,
        CGCRegressor,
        PLERegressor,
    ],
)
def test_a_whole_fit_leaves_global_generators_alone(kind: type) -> None:
    """Initial values, held-out rows, order and dropout included."""
    X = np.random.default_rng(0).normal(size=(60, 3))
    before = _global_states()
    model = kind(dropout=0.3, early_stopping=True, max_epochs=2, random_state=0, device="cpu")
    model.fit(X, X[:, :2]).predict(X)
    assert _global_states() == before


def test_noise_from_a_gpu_goes_on_where_there_is_none() -> None:
    """A generator of a device that is not here becomes one of the CPU, always the same."""
    state = _streams().__getstate__()
    state["noise"] = ("cuda:97", state["noise"][1])
    moved = []
    for _ in range(2):
        streams = RandomStreams.__new__(RandomStreams)
        streams.__setstate__(state)
        assert streams.noise.device.type == "cpu"
        moved.append(_draw(streams, "noise"))
    assert moved[0] == moved[1]
