"""Saved models as one who means harm, or a bad disk, would leave them."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sklearn_ple.archive.manifest import MANIFEST, write_manifest

PARTS = ["model.json", "model.safetensors", "training.json", "training.safetensors"]
ALL = [MANIFEST, *PARTS]


def read_parts(path: Path) -> dict[str, bytes]:
    """All parts of a folder or a zip file."""
    if path.is_dir():
        return {name: (path / name).read_bytes() for name in ALL}
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


def write(path: Path, parts: Mapping[str, bytes]) -> Path:
    """Parts as they are, sums that do not match included."""
    if path.is_dir():
        shutil.rmtree(path)
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as file:
            for name, content in parts.items():
                file.writestr(name, content)
    else:
        path.mkdir()
        for name, content in parts.items():
            (path / name).write_bytes(content)
    return path


def resealed(parts: Mapping[str, bytes]) -> dict[str, bytes]:
    """With a manifest that matches them, as one who means harm can make it."""
    own = {name: content for name, content in parts.items() if name != MANIFEST}
    return {MANIFEST: write_manifest(own, {}), **own}


def with_json(parts: Mapping[str, bytes], name: str, value: Any) -> dict[str, bytes]:
    """Resealed, with other JSON in a part."""
    return resealed({**parts, name: json.dumps(value).encode()})
