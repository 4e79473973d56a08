"""Zip files and folders that are made to mislead: links, other names, bombs, pipes."""

from __future__ import annotations

import os
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from architecture_walk import small
from saved import X, Y
from tampered import ALL, PARTS, read_parts, write

import sklearn_ple
from sklearn_ple import PLEEstimator, SavedModelError
from sklearn_ple.archive.manifest import MANIFEST
from sklearn_ple.serving import Predictor

LOADERS = {"load": sklearn_ple.load, "Predictor": Predictor.load}
loaders = pytest.mark.parametrize("load", LOADERS.values(), ids=LOADERS)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    path = tmp_path_factory.mktemp("model") / "model.zip"
    small(PLEEstimator, max_epochs=1).fit(X, Y).calibrate(X, Y).save(path)
    return read_parts(path)


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
