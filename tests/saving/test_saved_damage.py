"""A damaged file is refused with one error, or loads to a model that answers exactly as before."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from architecture_walk import small
from saved import NEW, X, Y
from tampered import ALL, PARTS, read_parts, resealed, with_json, write

import sklearn_ple
from sklearn_ple import PLEEstimator, SavedModelError
from sklearn_ple.archive.manifest import MANIFEST
from sklearn_ple.serving import Predictor

ROUNDS = 25
Damage = Callable[[random.Random, bytes], bytes]


def flip(rng: random.Random, content: bytes) -> bytes:
    at = rng.randrange(len(content))
    return content[:at] + bytes([content[at] ^ (1 << rng.randrange(8))]) + content[at + 1 :]


def truncate(rng: random.Random, content: bytes) -> bytes:
    return content[: rng.randrange(len(content))]


def remove(rng: random.Random, content: bytes) -> bytes:
    at = rng.randrange(len(content))
    return content[:at] + content[at + rng.randint(1, 9) :]


def add(rng: random.Random, content: bytes) -> bytes:
    at = rng.choice([0, rng.randrange(len(content)), len(content)])
    return content[:at] + rng.randbytes(rng.randint(1, 9)) + content[at:]


DAMAGES = {"flip": flip, "truncate": truncate, "remove": remove, "add": add}
damages = pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    path = tmp_path_factory.mktemp("model") / "model.zip"
    small(PLEEstimator, max_epochs=1).fit(X, Y).calibrate(X, Y).save(path)
    return read_parts(path)


@pytest.fixture(scope="module")
def whole(parts: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    path = write(tmp_path_factory.mktemp("model") / "model", parts)
    return sklearn_ple.load(path).predict(NEW)


def assert_refused_or_the_same(path: Path, whole: np.ndarray) -> None:
    for load in (sklearn_ple.load, Predictor.load):
        try:
            loaded: Any = load(path)
        except SavedModelError:
            continue
        np.testing.assert_array_equal(loaded.predict(NEW), whole)


def seeds(*names: object) -> Iterator[random.Random]:
    return (random.Random(f"{names} {i}") for i in range(ROUNDS))


@damages
@pytest.mark.parametrize("name", ALL)
def test_a_part_of_a_folder(
    name: str, damage: Damage, parts: dict[str, bytes], whole: np.ndarray, tmp_path: Path
) -> None:
    path = write(tmp_path / "model", parts)
    for rng in seeds(name):
        (path / name).write_bytes(damage(rng, parts[name]))
        assert_refused_or_the_same(path, whole)


@damages
def test_a_zip_file(
    damage: Damage, parts: dict[str, bytes], whole: np.ndarray, tmp_path: Path
) -> None:
    content = write(tmp_path / "model.zip", parts).read_bytes()
    tail = len(content) - 600  # the directory at the end, in which every byte has a meaning
    for i, rng in enumerate(seeds("zip")):
        damaged = damage(rng, content)
        if i % 2:
            damaged = content[:tail] + damage(rng, content[tail:])
        (tmp_path / "damaged.zip").write_bytes(damaged)
        assert_refused_or_the_same(tmp_path / "damaged.zip", whole)


@pytest.mark.parametrize("name", PARTS)
def test_a_part_that_is_empty_or_gone(
    name: str, parts: dict[str, bytes], whole: np.ndarray, tmp_path: Path
) -> None:
    for content in (parts | {name: b""}, {k: v for k, v in parts.items() if k != name}):
        for path in (tmp_path / "model", tmp_path / "model.zip"):
            with pytest.raises(SavedModelError, match="damaged|no part"):
                sklearn_ple.load(write(path, content))


def test_a_part_of_another_model(parts: dict[str, bytes], tmp_path: Path) -> None:
    small(PLEEstimator, max_epochs=1, random_state=1).fit(X, Y).save(tmp_path / "other.zip")
    other = read_parts(tmp_path / "other.zip")
    for name in PARTS:
        with pytest.raises(SavedModelError, match="damaged"):
            sklearn_ple.load(write(tmp_path / "model", parts | {name: other[name]}))


@damages
@pytest.mark.parametrize("name", PARTS)
def test_what_is_damaged_on_purpose_makes_no_other_error(
    name: str, damage: Damage, parts: dict[str, bytes], tmp_path: Path
) -> None:
    """With sums that match, anything may come out; it is one error or a model, and no crash."""
    for rng in seeds("sealed", name):
        sealed = resealed(parts | {name: damage(rng, parts[name])})
        assert sealed[MANIFEST] != parts[MANIFEST]
        path = write(tmp_path / "model", sealed)
        for load in (sklearn_ple.load, Predictor.load):
            with suppress(SavedModelError):
                load(path)


OTHER_JSON = [None, [], {}, 0, -1, 1e308, "x", True, [[[]]], {"$": "tensor", "of": "0"}]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where in a JSON value something lies."""
    yield path
    inner: Any = value.items() if isinstance(value, dict) else ()
    for key, each in enumerate(value) if isinstance(value, list) else inner:
        yield from places(each, (*path, key))


@pytest.mark.parametrize("name", [name for name in PARTS if name.endswith("json")])
def test_other_json_in_any_place_makes_no_other_error(
    name: str, parts: dict[str, bytes], tmp_path: Path
) -> None:
    for rng in seeds("json", name):
        value = json.loads(parts[name])
        *path, last = rng.choice(list(places(value))[1:])
        inner = value
        for key in path:
            inner = inner[key]
        inner[last] = rng.choice(OTHER_JSON)
        path_of_model = write(tmp_path / "model", with_json(parts, name, value))
        for load in (sklearn_ple.load, Predictor.load):
            with suppress(SavedModelError):
                load(path_of_model)
