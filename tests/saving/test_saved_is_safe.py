"""A file that means harm: no code of it runs, nothing beyond it is read, and it is refused."""

from __future__ import annotations

import json
import os
import pickle
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from architecture_walk import small
from saved import X, Y
from tampered import ALL, PARTS, read_parts, resealed, with_json, write

import sklearn_ple
from sklearn_ple import PLEEstimator, SavedModelError
from sklearn_ple.archive import manifest as manifest_module
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


def zipped(path: Path, parts: dict[str, bytes], **entry: Any) -> Path:
    """A zip file of all parts, with one entry more or another one, made as told."""
    name, content = entry.pop("name"), entry.pop("content")
    compression = entry.pop("compress_type", zipfile.ZIP_STORED)
    with zipfile.ZipFile(path, "w") as file:
        for other, each in parts.items():
            if other != name or entry.get("twice"):
                file.writestr(other, each)
        info = zipfile.ZipInfo(name)
        info.external_attr = entry.get("external_attr", 0)
        file.writestr(info, content, compress_type=compression)
    return path


@loaders
@pytest.mark.parametrize(
    "name", ["../outside", "/absolute", "model.json/../../x", "a/model.json", "C:\\x", "extra"]
)
def test_other_names_in_a_zip(
    load: Callable[..., Any], name: str, parts: dict[str, bytes], tmp_path: Path
) -> None:
    path = zipped(tmp_path / "model.zip", parts, name=name, content=b"x")
    with pytest.raises(SavedModelError, match="entries that no saved model has"):
        load(path)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ALL)
def test_two_entries_of_one_name(name: str, parts: dict[str, bytes], tmp_path: Path) -> None:
    path = zipped(tmp_path / "model.zip", parts, name=name, content=parts[name], twice=True)
    with pytest.raises(SavedModelError, match="several entries of one name"):
        sklearn_ple.load(path)


def test_a_bomb_is_not_unpacked(parts: dict[str, bytes], tmp_path: Path) -> None:
    path = zipped(
        tmp_path / "model.zip",
        parts,
        name="model.safetensors",
        content=bytes(50_000_000),
        compress_type=zipfile.ZIP_DEFLATED,
    )
    assert path.stat().st_size < 1_000_000
    with pytest.raises(SavedModelError, match="compressed"):
        sklearn_ple.load(path)


def test_an_entry_that_claims_more_than_there_is(parts: dict[str, bytes], tmp_path: Path) -> None:
    path = write(tmp_path / "model.zip", parts)
    content = bytearray(path.read_bytes())
    at = content.rindex(b"PK\x01\x02")  # the last entry of the directory at the end
    content[at + 20 : at + 28] = struct.pack("<II", 2**31 - 1, 2**31 - 1)
    path.write_bytes(content)
    with pytest.raises(SavedModelError, match="more bytes than there are|BadZipFile"):
        sklearn_ple.load(path)


def test_a_link_in_a_zip(parts: dict[str, bytes], tmp_path: Path) -> None:
    path = zipped(
        tmp_path / "model.zip",
        parts,
        name="model.json",
        content=b"/etc/passwd",
        external_attr=(stat.S_IFLNK | 0o777) << 16,
    )
    with pytest.raises(SavedModelError, match="is a link"):
        sklearn_ple.load(path)


@pytest.mark.skipif(os.name != "posix", reason="links and pipes of POSIX")
@loaders
@pytest.mark.parametrize("name", [MANIFEST, *PARTS[:2]])
@pytest.mark.parametrize("what", ["link", "pipe", "folder"])
def test_what_is_no_plain_file_in_a_folder(
    load: Callable[..., Any], name: str, what: str, parts: dict[str, bytes], tmp_path: Path
) -> None:
    path = write(tmp_path / "model", parts)
    elsewhere = tmp_path / "elsewhere"
    (path / name).rename(elsewhere)
    if what == "link":
        (path / name).symlink_to(elsewhere)
    elif what == "pipe":
        os.mkfifo(path / name)
    else:
        (path / name).mkdir()
    with pytest.raises(SavedModelError, match="no plain file"):
        load(path)


def test_the_path_itself_may_be_a_link(parts: dict[str, bytes], tmp_path: Path) -> None:
    """It is the user who named it: a link to the model in use is a habit."""
    for name in ("model", "model.zip"):
        path, link = write(tmp_path / name, parts), tmp_path / f"link-{name}"
        link.symlink_to(path)
        assert sklearn_ple.load(link).best_epoch_ == 1


@loaders
def test_a_newer_format_is_refused(
    load: Callable[..., Any],
    parts: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(manifest_module, "FORMAT", 2)
        path = write(tmp_path / "model", resealed(parts))
    with pytest.raises(SavedModelError, match="format 2.*up to 1"):
        load(path)


@loaders
@pytest.mark.parametrize(("version", "warns"), [("0.1.7", False), ("0.2.0", True), ("1.1", True)])
def test_another_minor_version_is_warned_of(
    load: Callable[..., Any],
    version: str,
    warns: bool,
    parts: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(manifest_module, "package_version", lambda: version)
    path = write(tmp_path / "model", resealed(parts))
    monkeypatch.setattr(manifest_module, "package_version", lambda: "0.1.0")
    if warns:
        with pytest.warns(UserWarning, match=version) as caught:
            load(path)
        assert caught[0].filename == __file__
    else:
        load(path)


@loaders
def test_nothing_there(load: Callable[..., Any], tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no saved model"):
        load(tmp_path / "model.zip")
    with pytest.raises(SavedModelError, match=MANIFEST):
        load(tmp_path)
