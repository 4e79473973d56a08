"""A file that means harm: no code of it runs, nothing beyond it is read, and it is refused."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from architecture_walk import small
from saved import X, Y
from tampered import ALL, read_parts, resealed, with_json, write

import sklearn_ple
from sklearn_ple import PLEEstimator, SavedModelError
from sklearn_ple.archive.manifest import MANIFEST
from sklearn_ple.serving import Predictor

LOADERS = {"load": sklearn_ple.load, "Predictor": Predictor.load}
loaders = pytest.mark.parametrize("load", LOADERS.values(), ids=LOADERS)


class Payload:
    """Makes a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return Path.touch, (self.marker,)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    path = tmp_path_factory.mktemp("model") / "model.zip"
    small(PLEEstimator, max_epochs=1).fit(X, Y).calibrate(X, Y).save(path)
    return read_parts(path)


def payloads(marker: Path, folder: Path) -> dict[str, bytes]:
    """The same pickle as it may come: plain, as an array of objects, in torch's file, in a zip."""
    plain = pickle.dumps(Payload(marker))
    np.save(folder / "a.npy", np.array([Payload(marker)], dtype=object), allow_pickle=True)
    np.savez(folder / "a.npz", np.array([Payload(marker)], dtype=object))
    torch.save(Payload(marker), folder / "a.pt")
    files = {name: (folder / name).read_bytes() for name in ("a.npy", "a.npz", "a.pt")}
    return {"pickle": plain, **files}


def test_the_payload_works(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(Payload(tmp_path / "marker")))
    assert (tmp_path / "marker").exists()


@loaders
@pytest.mark.parametrize("place", ALL)
@pytest.mark.parametrize("suffix", ["", ".zip"])
def test_a_pickle_in_place_of_a_part_does_not_run(
    load: Callable[..., Any], place: str, suffix: str, parts: dict[str, bytes], tmp_path: Path
) -> None:
    marker = tmp_path / "marker"
    for payload in payloads(marker, tmp_path).values():
        for tampered in (parts | {place: payload}, resealed(parts | {place: payload})):
            if tampered[place] != payload or (load == Predictor.load and "training" in place):
                continue  # the manifest was made anew, or the part is none that is read
            path = write(tmp_path / f"model{suffix}", tampered)
            with pytest.raises(SavedModelError):
                load(path)
    assert not marker.exists()


def test_a_pickle_in_place_of_the_whole_does_not_run(tmp_path: Path) -> None:
    marker, path = tmp_path / "marker", tmp_path / "model.zip"
    for payload in payloads(marker, tmp_path).values():
        path.write_bytes(payload)
        for load in LOADERS.values():
            with pytest.raises(SavedModelError):
                load(path)
    assert not marker.exists()


NAMES = ["os.system", "builtins.eval", "eval", "Popen", "__import__", "object", "type", "Path"]


def renamed(value: Any, name: str) -> list[Any]:
    """Copies of a JSON value, in each of which one class has another name."""
    found: list[Any] = []
    if isinstance(value, dict):
        if "class" in value and "$" in value:
            found += [value | {"class": name, "custom": custom} for custom in (False, True)]
        found += [value | {key: new} for key, each in value.items() for new in renamed(each, name)]
    if isinstance(value, list):
        found += [
            [*value[:i], new, *value[i + 1 :]]
            for i, each in enumerate(value)
            for new in renamed(each, name)
        ]
    return found


@pytest.mark.parametrize("section", ["model", "training"])
def test_no_class_is_looked_up_but_in_closed_lists(
    section: str, parts: dict[str, bytes], tmp_path: Path
) -> None:
    value = json.loads(parts[f"{section}.json"])
    for i, name in enumerate(NAMES):
        variants = renamed(value, name)
        assert len(variants) > 4
        for variant in variants[i :: len(NAMES)]:
            path = write(tmp_path / "model", with_json(parts, f"{section}.json", variant))
            with pytest.raises(SavedModelError):
                sklearn_ple.load(path)


@pytest.mark.parametrize(
    "value",
    [
        {"$": "object", "of": "os.system"},
        {"$": "scalar", "dtype": "O", "of": 1},
        {"$": "objects", "dtype": "V8", "shape": [1], "of": [1]},
        {"$": "array", "of": "../../etc/passwd"},
        {"$": "again", "of": 99},
        {"$": ["list"], "of": 1},
        {"$": None},
        None,
        [],
        7,
    ],
    ids=str,
)
def test_other_values_are_refused(value: Any, parts: dict[str, bytes], tmp_path: Path) -> None:
    for written in ({"value": value, "custom": []}, {"custom": []}, value):
        path = write(tmp_path / "model", with_json(parts, "model.json", written))
        for load in LOADERS.values():
            with pytest.raises(SavedModelError):
                load(path)


def test_a_file_does_not_say_where_to_write(parts: dict[str, bytes], tmp_path: Path) -> None:
    section = json.loads(parts["training.json"])
    section["value"]["params"]["checkpoint_dir"] = str(tmp_path / "elsewhere")
    path = write(tmp_path / "model", with_json(parts, "training.json", section))
    sklearn_ple.load(path).set_params(max_epochs=1).fit(X, Y)
    assert not (tmp_path / "elsewhere").exists()


def test_json_that_is_nested_without_end(parts: dict[str, bytes], tmp_path: Path) -> None:
    deep = b'{"custom": [], "value": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    path = write(tmp_path / "model", resealed(parts | {"model.json": deep}))
    with pytest.raises(SavedModelError, match="RecursionError"):
        sklearn_ple.load(path)


def test_a_manifest_that_is_no_manifest(parts: dict[str, bytes], tmp_path: Path) -> None:
    for content in (b" " * 2**21, b"[]", b"{}", b'{"format": "1"}', b'{"format": 1}', b"\xff\xfe"):
        path = write(tmp_path / "model", parts | {MANIFEST: content})
        with pytest.raises(SavedModelError):
            sklearn_ple.load(path)
