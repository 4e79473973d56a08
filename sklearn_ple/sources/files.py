"""Which files a path means, and pyarrow where it is installed."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable
from glob import has_magic
from pathlib import Path
from typing import Any


def find_files(path: Any) -> list[str]:
    """Files of a path, a directory, a pattern or a list of these, each once.

    Raises
    ------
    FileNotFoundError
        If one of them leads to none.
    """
    found: dict[Path, str] = {}
    for each in [path] if isinstance(path, str) else path:
        files = _of_one(str(Path(each).expanduser()))
        if not files:
            raise FileNotFoundError(f"There is no Parquet file at {each!r}.")
        for file in files:
            found.setdefault(Path(file).resolve(), file)
    if not found:
        raise FileNotFoundError("path is an empty list: name a file, a directory or a pattern.")
    return list(found.values())


def _of_one(path: str) -> list[str]:
    if Path(path).is_dir():
        return _sorted(_below(Path(path)))
    if Path(path).is_file():
        return [path]
    return _sorted(_of_pattern(path)) if has_magic(path) else []


def _of_pattern(path: str) -> Iterable[Path]:
    """Files that match, and those below directories that do."""
    parts = Path(path).parts
    n_fixed = next(i for i, part in enumerate(parts) if has_magic(part))
    root, pattern = Path(*parts[:n_fixed]), Path(*parts[n_fixed:])
    for match in root.glob(str(pattern)):
        if _is_hidden(match.relative_to(root)) and not _is_hidden(pattern):
            continue
        if match.is_dir():
            yield from _below(match)
        elif match.is_file():
            yield match


def _below(folder: Path) -> Iterable[Path]:
    """Files below a folder; each folder is read once, by a name without links where it has one."""
    read: set[Path] = set()
    waiting = deque([folder])  # of links to folders, whose turn comes after all others'
    while waiting:
        for here, folders, files in os.walk(waiting.popleft()):
            real = Path(here).resolve()
            if real in read:
                folders.clear()
                continue
            read.add(real)
            folders[:] = sorted(name for name in folders if not _is_hidden(Path(name)))
            waiting += [each for name in folders if (each := Path(here, name)).is_symlink()]
            for name in files:
                file = Path(here, name)
                if name.endswith(".parquet") and file.is_file() and not _is_hidden(Path(name)):
                    yield file


def _sorted(files: Iterable[Path]) -> list[str]:
    return sorted(set(map(str, files)))


def _is_hidden(path: Path) -> bool:
    """Whether writers of files mean it for themselves."""
    return any(part.startswith(("_", ".")) for part in path.parts)


def parquet() -> Any:
    """The Parquet module of pyarrow.

    Raises
    ------
    ImportError
        If it is not installed; the message says how to.
    """
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise ImportError("Reading Parquet files needs pyarrow: pip install pyarrow") from error
    return pyarrow.parquet
