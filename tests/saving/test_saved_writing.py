"""A model is written whole or not at all, and nothing else is lost by it."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from architecture_walk import small
from saved import NEW, X, Y
from tampered import ALL

import sklearn_ple
from sklearn_ple import PLEEstimator
from sklearn_ple.archive import writing
from sklearn_ple.base import MultiTaskEstimator

PLACES = ["model", "model.zip"]
places = pytest.mark.parametrize("name", PLACES)


@pytest.fixture(scope="module")
def models() -> list[MultiTaskEstimator]:
    return [small(PLEEstimator, max_epochs=1, random_state=seed).fit(X, Y) for seed in (0, 1)]


def answers(path: Path) -> np.ndarray:
    return sklearn_ple.load(path).predict(NEW)


@places
@pytest.mark.parametrize("make_path", [str, Path])
def test_takes_the_place_of_an_earlier_one(name, make_path, models, tmp_path: Path) -> None:
    for model in models:
        model.save(make_path(tmp_path / name))
        np.testing.assert_array_equal(answers(tmp_path / name), model.predict(NEW))
        assert [each.name for each in tmp_path.iterdir()] == [name]


def test_a_folder_has_a_file_for_each_part(models, tmp_path: Path) -> None:
    models[0].save(tmp_path / "model.v1")
    assert {each.name for each in (tmp_path / "model.v1").iterdir()} == set(ALL)


@places
@pytest.mark.parametrize("call", range(6))
@pytest.mark.parametrize("error", [OSError("no space left"), KeyboardInterrupt()], ids=str)
def test_whatever_stops_it_leaves_the_earlier_one(
    name: str, call: int, error: BaseException, models, tmp_path: Path, monkeypatch
) -> None:
    """Stopped at each of its calls that reach the disk."""
    models[0].save(tmp_path / name)
    calls = 0

    def fsync(descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls > call:
            raise error

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fsync)
        try:
            models[1].save(tmp_path / name)
        except type(error):
            expected = models[0]
        else:
            expected = models[1]
    assert [each.name for each in tmp_path.iterdir()] == [name]
    if calls <= len(ALL) and name == "model":
        assert expected is models[0]
    is_first = np.array_equal(answers(tmp_path / name), models[0].predict(NEW))
    is_second = np.array_equal(answers(tmp_path / name), models[1].predict(NEW))
    assert is_first != is_second


def test_a_folder_that_cannot_take_its_name_gives_it_back(
    models, tmp_path: Path, monkeypatch
) -> None:
    models[0].save(tmp_path / "model")
    rename = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if target.name == "model" and not refused:
            refused.append(self)
            raise OSError("in use")
        return rename(self, target)

    refused: list[Path] = []
    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", refuse)
        with pytest.raises(OSError, match="in use"):
            models[1].save(tmp_path / "model")
    assert [each.name for each in tmp_path.iterdir()] == ["model"]
    np.testing.assert_array_equal(answers(tmp_path / "model"), models[0].predict(NEW))


def test_nothing_of_a_users_is_replaced(models, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="notes.txt"):
        models[0].save(tmp_path)
    with pytest.raises(FileExistsError, match="is a file"):
        models[0].save(tmp_path / "notes.txt")
    (tmp_path / "folder.zip").mkdir()
    with pytest.raises(FileExistsError, match="is a folder"):
        models[0].save(tmp_path / "folder.zip")
    with pytest.raises(FileNotFoundError, match="make it first"):
        models[0].save(tmp_path / "none" / "model.zip")
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_an_empty_folder_is_filled(models, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    models[0].save(tmp_path / "model")
    assert answers(tmp_path / "model").shape == (41, 3)


def test_a_path_without_a_folder_is_beside_us(models, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    models[0].save("model.zip")
    assert answers(Path("model.zip")).shape == (41, 3)


def test_the_folder_that_we_work_in_is_not_replaced(models, tmp_path: Path, monkeypatch) -> None:
    """We would be left in one that is gone."""
    (tmp_path / "here" / "inner").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here" / "inner")
    for here in (".", "", "../inner", tmp_path / "here" / "inner"):
        with pytest.raises(FileExistsError, match="inner is the folder that this process works"):
            models[0].save(here)
    with pytest.raises(FileExistsError, match=r"here has files that are no saved.*\['inner'\]"):
        models[0].save("..")
    assert [each.name for each in tmp_path.rglob("*")] == ["here", "inner"]


def test_a_path_that_ends_in_dots_is_the_folder_it_leads_to(
    models, tmp_path: Path, monkeypatch
) -> None:
    (tmp_path / "model" / "inner").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileExistsError, match="model has files"):
        models[0].save("model/inner/..")
    models[0].save("model/inner/../inner/.")
    assert answers(tmp_path / "model" / "inner").shape == (41, 3)


def test_the_disk_has_everything_before_the_name(models, tmp_path: Path, monkeypatch) -> None:
    done: list[str] = []
    sync, fsync = writing._sync_folder, os.fsync

    def synced(path: Path) -> None:
        done.append("folder")
        sync(path)

    monkeypatch.setattr(os, "fsync", lambda descriptor: (done.append("fsync"), fsync(descriptor)))
    monkeypatch.setattr(writing, "_sync_folder", synced)
    replace = Path.replace
    monkeypatch.setattr(
        Path, "replace", lambda self, target: (done.append("replace"), replace(self, target))[1]
    )
    models[0].save(tmp_path / "model.zip")
    assert done == ["fsync", "replace", "folder", "fsync"]
