"""Which files a path means, and pyarrow where it is installed."""

from __future__ import annotations

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
    found: dict[str, None] = {}
    for each in [path] if isinstance(path, str) else path:
        files = _of_one(each)
        if not files:
            raise FileNotFoundError(f"There is no Parquet file at {each!r}.")
        found |= dict.fromkeys(files)
    if not found:
        raise FileNotFoundError("path is an empty list: name a file, a directory or a pattern.")
    return list(found)


def _of_one(path: str) -> list[str]:
    if Path(path).is_dir():
        below = (file for file in Path(path).rglob("*.parquet") if file.is_file())
        return sorted(str(f) for f in below if not _is_hidden(f.relative_to(path)))
    if Path(path).is_file():
        return [path]
    if not has_magic(path):
        return []
    root = Path(path).anchor
    return sorted(str(f) for f in Path(root or ".").glob(path[len(root) :]) if f.is_file())


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
        raise ImportError(
            "Reading Parquet files needs pyarrow: pip install sklearn-ple[parquet]"
        ) from error
    return pyarrow.parquet
