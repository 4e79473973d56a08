"""`CheckpointFolder`: files that are written whole or not at all, and read as data alone."""

from __future__ import annotations

import os
import re
import shutil
import zipfile
from contextlib import suppress
from errno import ENOSPC
from pathlib import Path
from typing import Any, Self

import torch
from filelock import FileLock, Timeout

from sklearn_ple.tasks.user_warning import warn_user

State = dict[str, Any]
FORMAT = 1
KEPT = 2
_NAME = re.compile(r"epoch-(\d{6,})\.pt")
_PART, _LOCK = "being-written.part", "lock"


class UnreadableCheckpointError(Exception):
    """A file is no whole checkpoint; the message says why."""


class CheckpointFolder:
    """A directory with the checkpoints of one fit; as a context it is made, tried and locked.

    Parameters
    ----------
    path : str or path-like

    Raises
    ------
    OSError
        On entering, if nothing can be written there.
    ValueError
        On entering, if another fit has it, in whatever process.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._lock = FileLock(self.path / _LOCK, timeout=0)
        self._whole: list[Path] = []

    def __enter__(self) -> Self:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with suppress(NotImplementedError):  # a file system without locks
                self._lock.acquire()
            (self.path / _PART).write_bytes(b"tried")
            (self.path / _PART).unlink()
        except Timeout:
            raise ValueError(
                f"checkpoint_dir={str(self.path)!r} belongs to another fit, which still runs. "
                f"Every fit needs a directory of its own; in a search over many, leave "
                f"checkpoint_dir=None."
            ) from None
        except OSError as error:
            self._lock.release()
            raise type(error)(
                error.errno,
                f"checkpoint_dir={str(self.path)!r} can't be written to ({error.strerror}); name a "
                f"directory that can",
            ) from error
        return self

    def __exit__(self, *raised: object) -> None:
        self._lock.release()

    def files(self) -> list[Path]:
        """All checkpoints by number of epochs, the newest last."""
        found = [file for file in self.path.iterdir() if _NAME.fullmatch(file.name)]
        return sorted(found, key=_epoch_of)

    def read_newest(self) -> State | None:
        """The newest one that is whole, on the CPU; None if there is none.

        Each file that is passed over is named in a warning.

        Raises
        ------
        ValueError
            If it is of another format.
        """
        files = self.files()
        for i in reversed(range(len(files))):
            try:
                state = read_checkpoint(files[i])
            except UnreadableCheckpointError as error:
                warn_user(f"Checkpoint {files[i]} is passed over: {error}.", UserWarning)
                continue
            self._whole = files[max(0, i + 1 - KEPT) : i + 1]
            return state
        return None

    def write(self, epoch: int, state: State) -> None:
        """Write a checkpoint after so many epochs; the newest ones stay, others go.

        It has its name only once all of it is on the disk, so what lies there under such a name is
        whole, whenever the process or the machine stops.

        Raises
        ------
        OSError, RuntimeError
            If it can't be written; earlier ones are as they were.
        """
        part, target = self.path / _PART, self.path / f"epoch-{epoch:06d}.pt"
        try:
            with part.open("wb") as file:
                torch.save(state | {"format": FORMAT}, file)
                file.flush()
                os.fsync(file.fileno())
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        _sync_names(self.path)
        self._whole = [*(file for file in self._whole if file != target), target][-KEPT:]
        for older in set(self.files()) - set(self._whole):
            older.unlink(missing_ok=True)

    def clear(self) -> None:
        """Remove all checkpoints, and nothing else."""
        self._whole = []
        for file in self.files():
            file.unlink(missing_ok=True)

    def require_space(self, n_bytes: int) -> None:
        """Raise OSError unless the disk has room for as many checkpoints of this size as it takes.

        Raises
        ------
        OSError
            The message says how much is wanted and how much there is.
        """
        wanted, free = (KEPT + 1) * n_bytes, shutil.disk_usage(self.path).free
        if free < wanted:
            raise OSError(
                ENOSPC,
                f"checkpoint_dir={str(self.path)!r} has {free / 1e6:,.1f} MB of free space, and "
                f"{KEPT + 1} checkpoints take {wanted / 1e6:,.1f} MB; name another directory",
            )


def read_checkpoint(path: Path) -> State:
    """Read one file, as data: code in it does not run.

    torch does not look at the sums of the zip file that it writes, so they are checked first.

    Raises
    ------
    UnreadableCheckpointError
        If it is truncated, empty, damaged, or holds what is no data.
    ValueError
        If it is of another format.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
        state = None if damaged else torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file makes its readers raise almost anything
        reason = str(error).partition("\n")[0]
        raise UnreadableCheckpointError(f"{type(error).__name__}: {reason}") from error
    if damaged:
        raise UnreadableCheckpointError(f"its part {damaged} is damaged")
    if not isinstance(state, dict) or not isinstance(state.get("format"), int):
        raise UnreadableCheckpointError("it is no checkpoint of this package")
    if state["format"] != FORMAT:
        raise ValueError(
            f"Checkpoint {path} is of format {state['format']}; this version of sklearn_ple reads "
            f"format {FORMAT}. Go on with the version that wrote it, or name another directory."
        )
    return state


def _epoch_of(file: Path) -> int:
    match = _NAME.fullmatch(file.name)
    assert match is not None
    return int(match[1])


def _sync_names(path: Path) -> None:
    """Make sure that the disk has the directory's names too; Windows has no such call."""
    if os.name == "posix":
        directory = os.open(path, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
