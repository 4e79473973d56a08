"""Writing parts to a folder or a zip file: whole, or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_DATE = (1980, 1, 1, 0, 0, 0)  # the same model is the same bytes


def write_parts(path: Path, parts: Mapping[str, bytes]) -> None:
    """Write parts under a path: a zip file if it ends in ``.zip``, else a folder.

    Everything is written under another name beside it, brought to the disk, and only then given
    its name. A zip file takes the place of an earlier one in one step. A folder's takes two
    renames: between them there is none, and if the second fails the earlier one is put back.

    Raises
    ------
    FileNotFoundError
        If the folder that it is to lie in does not exist.
    FileExistsError
        If there is something else under that path: a file where a folder is to be, a folder with
        other files in it, or the one that this process works in, which would be replaced.
    """
    path = _in_full(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{path.parent} is no folder; make it first.")
    if path.suffix == ".zip":
        if path.is_dir():
            raise FileExistsError(f"{path} is a folder; a name that ends in .zip is a zip file's.")
        with _aside(path) as aside:
            _write_zip(aside, parts)
            aside.replace(path)
    else:
        _check_place(path, parts)
        with _aside(path) as aside:
            _write_folder(aside, parts)
            _take_place(aside, path)
    _sync_folder(path.parent)


def _in_full(path: Path) -> Path:
    """The same from the root, by a way that leads through no folder that is to be renamed.

    A link at the end stays one; dots there have no name to be written beside, so they are followed.
    """
    return path.resolve() if path.name in ("", "..") else path.parent.resolve() / path.name


@contextmanager
def _aside(path: Path) -> Iterator[Path]:
    aside = path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")
    try:
        yield aside
    finally:
        if aside.is_dir():
            shutil.rmtree(aside)
        else:
            aside.unlink(missing_ok=True)


def _write_zip(path: Path, parts: Mapping[str, bytes]) -> None:
    with path.open("xb") as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            for name, content in parts.items():
                archive.writestr(zipfile.ZipInfo(name, _DATE), content)
        file.flush()
        os.fsync(file.fileno())


def _write_folder(path: Path, parts: Mapping[str, bytes]) -> None:
    path.mkdir()
    for name, content in parts.items():
        with (path / name).open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    _sync_folder(path)


def _check_place(path: Path, parts: Mapping[str, bytes]) -> None:
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        raise FileExistsError(f"{path} is a file or a link; a model is saved as a folder or a .zip")
    strange = {each.name for each in path.iterdir()} - set(parts) if path.is_dir() else set()
    if strange:
        raise FileExistsError(
            f"{path} has files that are no saved model's ({sorted(strange)[:5]}) and would be "
            f"lost; name a folder that does not exist yet."
        )
    if path.is_dir() and path.samefile(os.curdir):
        raise FileExistsError(
            f"{path} is the folder that this process works in, and would be replaced by another; "
            f"name a folder in it."
        )


def _take_place(aside: Path, path: Path) -> None:
    if not path.exists():
        aside.rename(path)
        return
    with _aside(path) as earlier:
        path.rename(earlier)
        try:
            aside.rename(path)
        except BaseException:
            earlier.rename(path)
            raise


def _sync_folder(path: Path) -> None:
    """Make sure that the disk has the folder's names too; Windows has no such call."""
    if os.name == "posix":
        folder = os.open(path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
