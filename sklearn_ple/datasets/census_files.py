"""Where a copy of Census-Income (KDD) may lie, and how it is found, unpacked or downloaded."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

import pandas as pd
from sklearn.datasets import get_data_home

from sklearn_ple.datasets.census_table import Subset, parse_raw, read_parquet, verify
from sklearn_ple.datasets.download import download

ENVIRONMENT_VARIABLE = "SKLEARN_PLE_DATA"
RAW_NAMES: dict[Subset, str] = {"train": "census-income.data", "test": "census-income.test"}
#: Each holds both splits, the first inside the second.
ARCHIVES = ("census.tar.gz", "census+income+kdd.zip")

_UCI = "https://archive.ics.uci.edu"
_UCI_OLD = f"{_UCI}/ml/machine-learning-databases/census-income-mld"
URLS: dict[Subset, tuple[str, ...]] = {
    subset: (f"{_UCI}/static/public/117/census+income+kdd.zip", f"{_UCI_OLD}/{name}.gz")
    for subset, name in RAW_NAMES.items()
}

_DAMAGED = (ValueError, EOFError, zlib.error, zipfile.BadZipFile, tarfile.TarError)


def read_split(
    subset: Subset, data_home: str | os.PathLike[str] | None, download_if_missing: bool
) -> pd.DataFrame:
    """One split's 42 raw columns, verified, from the first place that has it.

    Raises
    ------
    OSError
        If no place has it and it is not, or cannot be, downloaded; or if the copy is damaged.
    """
    for folder in _folders(data_home):
        table = _read_folder(folder, subset)
        if table is not None:
            return table
    if not download_if_missing:
        raise OSError(
            f"No copy of the {subset} split of Census-Income (KDD) was found, and "
            f"download_if_missing is False. Looked in: {', '.join(map(str, _folders(data_home)))}."
        )
    return _download_split(subset, Path(get_data_home(data_home)) / "census_income")


def _folders(data_home: str | os.PathLike[str] | None) -> Iterator[Path]:
    """Places to look in, the most explicit first."""
    if data_home is not None:
        home = Path(data_home).expanduser()
        yield from (home / "census_income", home)
    shared = os.environ.get(ENVIRONMENT_VARIABLE)
    if shared:
        yield from (Path(shared).expanduser() / "census_income_kdd", Path(shared).expanduser())
    if data_home is None:
        yield Path(get_data_home()) / "census_income"


def _read_folder(folder: Path, subset: Subset) -> pd.DataFrame | None:
    """The split from this folder's parquet copy, or else its raw file; None without either."""
    parquet = folder / f"{subset}.parquet"
    if parquet.is_file():
        return _checked(parquet, subset, lambda: read_parquet(parquet))
    raw = RAW_NAMES[subset]
    for name in (raw, f"{raw}.gz", *ARCHIVES):
        table = _read_raw(folder / name, subset) if (folder / name).is_file() else None
        if table is not None:
            return table
    return None


def _read_raw(path: Path, subset: Subset) -> pd.DataFrame | None:
    """The split from a raw file or an archive; None if the archive lacks it."""

    def parse() -> pd.DataFrame | None:
        content = unpack(path.name, path.read_bytes, RAW_NAMES[subset])
        return None if content is None else parse_raw(io.BytesIO(content))

    return _checked(path, subset, parse)


def _checked(
    path: Path, subset: Subset, read: Callable[[], pd.DataFrame | None]
) -> pd.DataFrame | None:
    try:
        table = read()
    except _DAMAGED as error:
        raise OSError(f"{path} could not be read; delete it and fetch it again: {error}") from error
    return None if table is None else verify(table, subset, path)


def _download_split(subset: Subset, folder: Path) -> pd.DataFrame:
    failures = []
    for url in URLS[subset]:
        path = folder / PurePosixPath(unquote(url)).name
        try:
            download(url, path)
        except OSError as error:
            failures.append(str(error))
            continue
        try:
            table = _read_raw(path, subset)
        except OSError as error:
            path.unlink()  # or it would be found, and refused, ever after
            failures.append(f"what {url} sent was no good and is deleted: {error}")
            continue
        if table is not None:
            return table
        failures.append(f"{url} has no file {RAW_NAMES[subset]}")
    raise OSError("Census-Income (KDD) could not be fetched. " + "; ".join(failures))


def unpack(name: str, read: Callable[[], bytes], wanted: str) -> bytes | None:
    """The bytes of the file ``wanted``, searched in archives within archives; None if absent.

    Parameters
    ----------
    name : str
        What the file at hand is called; its suffix says how it is packed.
    read : callable
        Gives its bytes; called only if they are needed.
    wanted : str
        The file to find, bare or gzipped, in whatever folder of an archive.
    """
    base = PurePosixPath(name).name
    if base == wanted:
        return read()
    if base == f"{wanted}.gz":
        return gzip.decompress(read())
    for inner_name, inner_read in _members(base, read):
        found = unpack(inner_name, inner_read, wanted)
        if found is not None:
            return found
    return None


def _members(name: str, read: Callable[[], bytes]) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Names of an archive's files, each with a way to its bytes; none for another file."""
    if name.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(read())) as archive:
            for inner in archive.namelist():
                yield inner, partial(archive.read, inner)
    elif name.endswith(".tar.gz"):
        with tarfile.open(fileobj=io.BytesIO(read()), mode="r:gz") as tar:
            for member in tar:
                stream = tar.extractfile(member)
                if stream is not None:
                    yield member.name, stream.read
