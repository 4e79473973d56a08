"""The manifest: format, versions, and the size and sum of every part."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from sklearn_ple.archive.errors import SavedModelError

FORMAT = 1
MANIFEST = "manifest.json"
MAX_MANIFEST = 2**20
LIBRARIES = ("torch", "numpy", "scikit-learn", "skorch", "pandas")
Manifest = dict[str, Any]


def write_manifest(parts: Mapping[str, bytes], about: Mapping[str, str]) -> bytes:
    """The manifest of these parts.

    Parameters
    ----------
    parts : dict of str to bytes
    about : dict of str to str
        What a person may want to know of the file; nothing depends on it.
    """
    manifest: Manifest = {
        "format": FORMAT,
        "sklearn_ple": package_version(),
        "libraries": {name: _version(name) for name in LIBRARIES},
        "about": dict(about),
        "parts": {
            name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in parts.items()
        },
    }
    manifest["sha256"] = _own_sum(manifest)
    return json.dumps(manifest, indent=1).encode("ascii")


def read_manifest(content: bytes, names: tuple[str, ...], path: Path) -> Manifest:
    """Parse and check a manifest.

    Parameters
    ----------
    content : bytes
    names : tuple of str
        The parts that it has to list.
    path : Path
        The saved model that it is of, which errors name.

    Raises
    ------
    SavedModelError
        If it is of a newer format, damaged, or lists other parts.
    """
    manifest = json.loads(content)
    if not isinstance(manifest, dict) or not isinstance(manifest.get("format"), int):
        raise SavedModelError(f"{path}: the manifest is none of a saved model.")
    if manifest["format"] > FORMAT:
        raise SavedModelError(
            f"{path} was saved in format {manifest['format']}, by sklearn_ple "
            f"{manifest.get('sklearn_ple')}; this version ({package_version()}) reads formats up "
            f"to {FORMAT}. Upgrade sklearn_ple."
        )
    if manifest.get("sha256") != _own_sum(manifest):
        raise SavedModelError(
            f"{path}: the manifest does not match its own sum; the file is damaged."
        )
    if set(manifest["parts"]) != set(names):
        raise SavedModelError(
            f"{path}: the manifest lists the parts {sorted(manifest['parts'])}, not "
            f"{sorted(names)}."
        )
    return manifest


def version_note(manifest: Manifest) -> str | None:
    """What to warn of: that another minor version wrote the file."""
    then, now = str(manifest["sklearn_ple"]), package_version()
    if then.split(".")[:2] == now.split(".")[:2]:
        return None
    return (
        f"The model was saved by sklearn_ple {then}, this is {now}. It loads, but a prediction may "
        f"differ in the last digits, and what is new takes its default; save it again to be silent."
    )


def package_version() -> str:
    """The version of this package."""
    return _version("sklearn-ple")


def _own_sum(manifest: Manifest) -> str:
    rest = {name: value for name, value in manifest.items() if name != "sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode("ascii")).hexdigest()


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "unknown"
