"""`Archive`: a saved model on the disk, opened; and `write_archive`, which writes one."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from sklearn_ple.archive.errors import SavedModelError, refusing
from sklearn_ple.archive.families import Family
from sklearn_ple.archive.manifest import (
    MANIFEST,
    MAX_MANIFEST,
    read_manifest,
    version_note,
    write_manifest,
)
from sklearn_ple.archive.packing import Packer
from sklearn_ple.archive.stores import Folder, Store, Zip
from sklearn_ple.archive.unpacking import Unpacker
from sklearn_ple.archive.writing import write_parts

# What predictions follow from, and what only training and scikit-learn ask for.
SECTIONS = ("model", "training")
_PARTS = tuple(f"{name}.{kind}" for name in SECTIONS for kind in ("json", "safetensors"))


def write_archive(
    path: str | os.PathLike[str],
    sections: Mapping[str, tuple[Any, Mapping[str, Family]]],
    about: Mapping[str, str],
) -> None:
    """Write a saved model, whole or not at all.

    Parameters
    ----------
    path : path-like
        A zip file if it ends in ``.zip``, else a folder.
    sections : dict of str to (value, families)
        Every one of `SECTIONS`, with the families that its objects are of.
    about : dict of str to str
        See `write_manifest`.

    Raises
    ------
    SavedModelError
        If a value can't be kept.
    OSError
        As in `write_parts`.
    """
    parts: dict[str, bytes] = {}
    for name in SECTIONS:
        value, families = sections[name]
        packer = Packer(families)
        packed = {"value": packer.pack(value, name), "custom": sorted(packer.custom)}
        parts[f"{name}.json"] = json.dumps(packed, allow_nan=False).encode("ascii")
        parts[f"{name}.safetensors"] = save_tensors(packer.tensors)
    write_parts(Path(path), {MANIFEST: write_manifest(parts, about), **parts})


class Archive:
    """A saved model that was found whole as far as its manifest goes.

    Parameters
    ----------
    path : path-like
        A folder or a zip file, whatever it is called.

    Attributes
    ----------
    note : str or None
        What to warn of.

    Raises
    ------
    FileNotFoundError
        If there is nothing under that path.
    SavedModelError
        If there is something else.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        if not self.path.exists():
            raise FileNotFoundError(f"There is no saved model at {self.path}.")
        with refusing(self.path):
            kind = Folder if self.path.is_dir() else Zip
            self._store: Store = kind(self.path, (MANIFEST, *_PARTS))
            if self._store.size(MANIFEST) > MAX_MANIFEST:
                raise SavedModelError(f"{self.path}: the manifest is too large to be one.")
            self._manifest = read_manifest(self._store.read(MANIFEST), _PARTS, self.path)
            self.note = version_note(self._manifest)

    def read(
        self,
        families: Mapping[str, Mapping[str, Family]],
        custom_objects: Mapping[str, Any] | None,
    ) -> dict[str, Any]:
        """The values of some sections.

        Parameters
        ----------
        families : dict of str to (dict of str to Family)
            For each section that is wanted, what its objects are of.
        custom_objects : dict of str to type or None

        Raises
        ------
        SavedModelError
            If a section is damaged, or needs classes that `custom_objects` lacks.
        """
        given = custom_objects or {}
        with refusing(self.path):
            written = {name: json.loads(self._part(f"{name}.json")) for name in families}
            named = {name for section in written.values() for name in section["custom"]}
            if missing := sorted(named - set(given)):
                pairs = ", ".join(f"{name!r}: {name}" for name in missing)
                raise SavedModelError(
                    f"{self.path} holds objects of classes that are not of this package: "
                    f"{missing}. Hand them over: custom_objects={{{pairs}}}."
                )
            return {
                name: Unpacker(
                    families[name], load_tensors(self._part(f"{name}.safetensors")), given
                ).unpack(section["value"])
                for name, section in written.items()
            }

    def _part(self, name: str) -> bytes:
        listed = self._manifest["parts"][name]
        if (size := self._store.size(name)) != listed["bytes"]:
            raise SavedModelError(
                f"{self.path}: part {name!r} has {size} bytes, but the manifest says "
                f"{listed['bytes']}; the file is damaged."
            )
        content = self._store.read(name)
        if hashlib.sha256(content).hexdigest() != listed["sha256"]:
            raise SavedModelError(
                f"{self.path}: part {name!r} does not match its sum in the manifest; the file is "
                f"damaged."
            )
        return content
