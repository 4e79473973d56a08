"""Where the parts of a saved model lie: a folder or a zip file, checked before they are read."""

from __future__ import annotations

import stat
import zipfile
from abc import ABC, abstractmethod
from pathlib import Path

from sklearn_ple.archive.errors import SavedModelError


class Store(ABC):
    """Parts by name.

    Parameters
    ----------
    path : Path
    names : tuple of str
        The parts that there may be; no other name is ever looked for.
    """

    def __init__(self, path: Path, names: tuple[str, ...]) -> None:
        self.path = path
        self.names = names

    @abstractmethod
    def size(self, name: str) -> int:
        """Bytes of a part, as it lies there; SavedModelError where there is none."""

    @abstractmethod
    def read(self, name: str) -> bytes:
        """All of a part, whose size was looked at before."""

    def missing(self, name: str) -> SavedModelError:
        """What to raise for a part that is not there."""
        return SavedModelError(f"{self.path} has no part {name!r}: it is no whole saved model.")


class Folder(Store):
    """A directory with a plain file for each part. Other files in it are not looked at."""

    def size(self, name: str) -> int:
        part = self.path / name
        try:
            found = part.lstat()
        except FileNotFoundError:
            raise self.missing(name) from None
        if not stat.S_ISREG(found.st_mode):
            raise SavedModelError(f"{part} is a link, or no plain file; it is not followed.")
        return found.st_size

    def read(self, name: str) -> bytes:
        return (self.path / name).read_bytes()


class Zip(Store):
    """A zip file with an uncompressed entry for each part, and no other entries.

    As nothing is compressed, no entry can claim more bytes than the file has.
    """

    def __init__(self, path: Path, names: tuple[str, ...]) -> None:
        super().__init__(path, names)
        with zipfile.ZipFile(path) as file:
            entries = file.infolist()
        self._entries = {entry.filename: entry for entry in entries}
        if strange := [e.filename for e in entries if e.filename not in names]:
            raise SavedModelError(f"{path} has entries that no saved model has: {strange[:5]}.")
        if len(self._entries) < len(entries):
            raise SavedModelError(f"{path} has several entries of one name.")
        for entry in entries:
            self._check(entry)
        if sum(entry.file_size for entry in entries) > path.stat().st_size:
            raise SavedModelError(f"{path} has entries that claim more bytes than there are.")

    def _check(self, entry: zipfile.ZipInfo) -> None:
        kept_plainly = entry.compress_type == zipfile.ZIP_STORED and not entry.flag_bits & 0x1
        if not kept_plainly or entry.file_size != entry.compress_size:
            raise SavedModelError(
                f"{self.path}: entry {entry.filename!r} is compressed or encrypted; `save` writes "
                f"entries as they are, and a copy should too (zip -0)."
            )
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise SavedModelError(f"{self.path}: entry {entry.filename!r} is a link.")

    def size(self, name: str) -> int:
        if name not in self._entries:
            raise self.missing(name)
        return self._entries[name].file_size

    def read(self, name: str) -> bytes:
        with zipfile.ZipFile(self.path) as file:
            return file.read(self._entries[name])
