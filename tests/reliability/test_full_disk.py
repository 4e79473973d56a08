"""A disk that fills up, or may not be written to: what was there stays whole, the error says why.

A limit on the size of files stands in for the full disk: the kernel then stops a write in its
midst, as it does where space runs out, and neither needs rights nor fills a disk.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from architecture_walk import small
from lasting import times
from people import make_people
from skorch.callbacks import Callback

import sklearn_ple
from sklearn_ple import PLEClassifierRegressor
from sklearn_ple.training import MultiTaskNet
from sklearn_ple.training.checkpoint_files import CheckpointFolder

resource = pytest.importorskip("resource", reason="limits of a process are a thing of POSIX")
pytestmark = pytest.mark.reliability
X, Y = make_people(157)
OLD = small(PLEClassifierRegressor, max_epochs=1).fit(X, Y)
NEW = small(PLEClassifierRegressor, max_epochs=1, random_state=7).fit(X, Y)


@contextmanager
def room_for(n_bytes: int) -> Iterator[None]:
    """No file may grow beyond so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class StopAfter(Callback):
    """Interrupts training after so many epochs."""

    def __init__(self, n_epochs: int) -> None:
        self.n_epochs = n_epochs

    def on_epoch_begin(self, net: MultiTaskNet, **kwargs: object) -> None:
        if len(net.history) == self.n_epochs:
            raise KeyboardInterrupt


def all_bytes(folder: Path) -> dict[str, bytes]:
    files = (each for each in folder.rglob("*") if each.is_file())
    return {str(each.relative_to(folder)): each.read_bytes() for each in files}


@pytest.mark.parametrize("name", ["model.zip", "model"])
def test_a_saved_model_stays_whole(name: str, tmp_path: Path) -> None:
    (tmp_path / "trial").mkdir()
    NEW.save(tmp_path / "trial" / name)
    largest = max(map(len, all_bytes(tmp_path / "trial").values()))
    path = tmp_path / name
    OLD.save(path)
    before = all_bytes(tmp_path)
    for room in np.linspace(0, largest - 1, times(9, 400)).astype(int):
        with room_for(int(room)), pytest.raises(OSError, match="File too large"):
            NEW.save(path)
        assert all_bytes(tmp_path) == before
    np.testing.assert_array_equal(sklearn_ple.load(path).predict(X), OLD.predict(X))
    NEW.save(path)
    np.testing.assert_array_equal(sklearn_ple.load(path).predict(X), NEW.predict(X))


@pytest.mark.parametrize("name", ["model.zip", "model"])
def test_nothing_is_left_of_a_first_model(name: str, tmp_path: Path) -> None:
    with room_for(1000), pytest.raises(OSError, match="File too large"):
        OLD.save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_checkpoint_that_does_not_fit_costs_no_fit_and_no_checkpoint(tmp_path: Path) -> None:
    """Training goes on and says so; what lay there before is whole, and can be resumed from."""
    model = small(PLEClassifierRegressor, max_epochs=4, checkpoint_dir=tmp_path)
    with pytest.raises(KeyboardInterrupt):
        model.set_params(callbacks=[StopAfter(2)]).fit(X, Y)
    before = {file.name: file.read_bytes() for file in CheckpointFolder(tmp_path).files()}
    expected = small(PLEClassifierRegressor, max_epochs=4).fit(X, Y).predict(X)
    model.set_params(callbacks=None)
    for room in np.linspace(10, max(map(len, before.values())) - 1, times(4, 60)).astype(int):
        with room_for(int(room)), pytest.warns(RuntimeWarning, match="could not be written"):
            model.fit(X, Y, resume=True)
        np.testing.assert_array_equal(model.predict(X), expected)
        found = {file.name: file.read_bytes() for file in CheckpointFolder(tmp_path).files()}
        assert found == before
    model.fit(X, Y, resume=True)
    np.testing.assert_array_equal(model.predict(X), expected)


@pytest.fixture
def for_reading_only() -> Iterator[Path]:
    """A folder that nobody may write to; root, who may, is nobody for a while."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o555)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65_534)
    try:
        yield folder
    finally:
        if is_root:
            os.seteuid(0)
        folder.chmod(0o700)
        shutil.rmtree(folder)


def test_a_folder_for_reading_only(for_reading_only: Path) -> None:
    for name in ("model.zip", "model"):
        with pytest.raises(PermissionError, match=str(for_reading_only)):
            OLD.save(for_reading_only / name)
    with pytest.raises(PermissionError, match="checkpoint_dir"):
        small(PLEClassifierRegressor, checkpoint_dir=for_reading_only).fit(X, Y)
    assert list(for_reading_only.iterdir()) == []


@pytest.mark.parametrize("name", ["model.zip", "model"])
def test_a_place_that_is_none(name: str, tmp_path: Path) -> None:
    """Below a file, which holds for root too."""
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OSError, match="file"):
        OLD.save(tmp_path / "file" / name)
    with pytest.raises(OSError, match="checkpoint_dir"):
        small(PLEClassifierRegressor, checkpoint_dir=tmp_path / "file" / name).fit(X, Y)
    assert (tmp_path / "file").read_text() == "mine"
