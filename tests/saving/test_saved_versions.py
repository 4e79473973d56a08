"""Formats and versions, and paths at which there is no model."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from architecture_walk import small
from saved import X, Y
from tampered import read_parts, resealed, write

import sklearn_ple
from sklearn_ple import PLEEstimator, SavedModelError
from sklearn_ple.archive import manifest as manifest_module
from sklearn_ple.archive.manifest import MANIFEST
from sklearn_ple.serving import Predictor

LOADERS = {"load": sklearn_ple.load, "Predictor": Predictor.load}
loaders = pytest.mark.parametrize("load", LOADERS.values(), ids=LOADERS)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    path = tmp_path_factory.mktemp("model") / "model.zip"
    small(PLEEstimator, max_epochs=1).fit(X, Y).calibrate(X, Y).save(path)
    return read_parts(path)


@loaders
def test_a_newer_format_is_refused(
    load: Callable[..., Any],
    parts: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(manifest_module, "FORMAT", 2)
        path = write(tmp_path / "model", resealed(parts))
    with pytest.raises(SavedModelError, match=f"^{re.escape(str(path))} .*format 2.*up to 1"):
        load(path)


OTHER_MANIFESTS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "another value under the old sum": (lambda m: m | {"about": {}}, "own sum"),
    "no object": (lambda m: [m], "none of a saved model"),
    "no format": (lambda m: {"parts": m["parts"]}, "none of a saved model"),
}


@loaders
@pytest.mark.parametrize("family", OTHER_MANIFESTS)
def test_a_manifest_that_cannot_be_is_refused_by_the_name_of_its_model(
    load: Callable[..., Any], family: str, parts: dict[str, bytes], tmp_path: Path
) -> None:
    change, gist = OTHER_MANIFESTS[family]
    changed = json.dumps(change(json.loads(parts[MANIFEST]))).encode()
    path = write(tmp_path / "model", {**parts, MANIFEST: changed})
    with pytest.raises(SavedModelError, match=f"^{re.escape(str(path))}: the manifest .*{gist}"):
        load(path)


@loaders
def test_a_manifest_of_other_parts_is_refused_by_the_name_of_its_model(
    load: Callable[..., Any], parts: dict[str, bytes], tmp_path: Path
) -> None:
    fewer = {name: content for name, content in parts.items() if name != "training.json"}
    path = write(tmp_path / "model", {**parts, MANIFEST: resealed(fewer)[MANIFEST]})
    with pytest.raises(SavedModelError, match=f"^{re.escape(str(path))}: the manifest lists"):
        load(path)


@loaders
@pytest.mark.parametrize(("version", "warns"), [("0.1.7", False), ("0.2.0", True), ("1.1", True)])
def test_another_minor_version_is_warned_of(
    load: Callable[..., Any],
    version: str,
    warns: bool,
    parts: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(manifest_module, "package_version", lambda: version)
    path = write(tmp_path / "model", resealed(parts))
    monkeypatch.setattr(manifest_module, "package_version", lambda: "0.1.0")
    if warns:
        with pytest.warns(UserWarning, match=version) as caught:
            load(path)
        assert caught[0].filename == __file__
    else:
        load(path)


@loaders
def test_nothing_there(load: Callable[..., Any], tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no saved model"):
        load(tmp_path / "model.zip")
    with pytest.raises(SavedModelError, match=MANIFEST):
        load(tmp_path)
