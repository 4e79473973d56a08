"""Files of checkpoints: whole or not there, the newest that is whole is read, and none is run."""

from __future__ import annotations

import errno
import os
import pickle
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
import torch

from sklearn_ple.training import CheckpointFolder, checkpoint_files

WEIGHTS = torch.arange(1000, dtype=torch.float32)


def state(epoch: int) -> dict[str, Any]:
    return {"epochs_done": epoch, "module": {"w": WEIGHTS + epoch}}


@pytest.fixture
def folder(tmp_path: Path) -> CheckpointFolder:
    return CheckpointFolder(tmp_path / "deep" / "run")


def written(folder: CheckpointFolder, *epochs: int) -> None:
    with folder:
        for epoch in epochs:
            folder.write(epoch, state(epoch))


def names(folder: CheckpointFolder) -> list[str]:
    return [file.name for file in folder.files()]


def test_what_was_written_is_read(folder: CheckpointFolder) -> None:
    written(folder, 3)
    found = folder.read_newest()
    assert found["epochs_done"] == 3
    assert torch.equal(found["module"]["w"], WEIGHTS + 3)


def test_it_is_a_file_that_torch_reads_as_data(folder: CheckpointFolder) -> None:
    written(folder, 3)
    assert torch.load(folder.files()[0], weights_only=True)["epochs_done"] == 3


def test_the_newest_two_stay(folder: CheckpointFolder) -> None:
    written(folder, 1, 2, 3, 10)
    assert names(folder) == ["epoch-000003.pt", "epoch-000010.pt"]
    assert folder.read_newest()["epochs_done"] == 10


def test_numbers_beyond_six_digits_are_in_order(folder: CheckpointFolder) -> None:
    written(folder, 999_999, 1_000_000)
    assert folder.read_newest()["epochs_done"] == 1_000_000


def test_an_empty_folder_has_none(folder: CheckpointFolder) -> None:
    with folder:
        assert folder.read_newest() is None


def test_only_checkpoints_are_removed(folder: CheckpointFolder) -> None:
    written(folder, 1, 2)
    (folder.path / "notes.txt").write_text("mine")
    (folder.path / "epoch-1.pt").write_text("mine too")
    with folder:
        folder.clear()
        folder.write(3, state(3))
    left = {file.name for file in folder.path.iterdir()}
    assert left - {"lock"} == {"notes.txt", "epoch-1.pt", "epoch-000003.pt"}


def flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


class Payload:
    """Runs code where it is unpickled."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> Any:
        return Path.touch, (self.file,)


DAMAGES = {
    "empty": lambda content: b"",
    "a byte": lambda content: content[:1],
    "half": lambda content: content[: len(content) // 2],
    "but the last byte": lambda content: content[:-1],
    "a bit of the weights": lambda content: flipped(content, content.index(WEIGHTS[70:80].numpy())),
    "text": lambda content: b"epoch 3",
    "a zip of something else": lambda content: b"PK\x05\x06" + bytes(18),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_newest_one_is_passed_over(folder: CheckpointFolder, damage: str) -> None:
    with folder:
        folder.write(2, state(2))
        folder.write(3, {"epochs_done": 3, "module": {"w": WEIGHTS}})
    newest = folder.files()[-1]
    newest.write_bytes(DAMAGES[damage](newest.read_bytes()))
    with pytest.warns(UserWarning, match=rf"Checkpoint {re.escape(str(newest))} is passed over"):
        assert folder.read_newest()["epochs_done"] == 2


@pytest.mark.parametrize("form", ["pickle", "torch", "list"])
def test_a_file_with_code_is_passed_over_and_not_run(
    folder: CheckpointFolder, tmp_path: Path, form: str
) -> None:
    written(folder, 2, 3)
    trace, newest = tmp_path / "it ran", folder.files()[-1]
    if form == "pickle":
        newest.write_bytes(pickle.dumps(Payload(trace)))
    else:
        torch.save({"format": 1, "module": Payload(trace)} if form == "torch" else [1], newest)
    with pytest.warns(UserWarning, match="is passed over"):
        assert folder.read_newest()["epochs_done"] == 2
    assert not trace.exists()
    if form != "list":
        pickle.loads(pickle.dumps(Payload(trace)))
        assert trace.exists()  # the payload would have


def test_if_none_is_whole_all_are_named(folder: CheckpointFolder) -> None:
    written(folder, 2, 3)
    for file in folder.files():
        file.write_bytes(b"")
    with pytest.warns(UserWarning, match="is passed over") as said:
        assert folder.read_newest() is None
    assert {name for w in said for name in names(folder) if name in str(w.message)} == set(
        names(folder)
    )


def test_a_damaged_one_does_not_count_among_those_that_stay(folder: CheckpointFolder) -> None:
    written(folder, 1, 2)
    folder.files()[-1].write_bytes(b"")
    with folder:
        with pytest.warns(UserWarning, match="is passed over"):
            folder.read_newest()
        folder.write(5, state(5))
    assert names(folder) == ["epoch-000001.pt", "epoch-000005.pt"]


def test_another_format_is_an_error(folder: CheckpointFolder) -> None:
    written(folder, 2)
    torch.save(state(3) | {"format": 2}, folder.path / "epoch-000003.pt")
    with pytest.raises(ValueError, match="000003.pt is of format 2; .* reads format 1"):
        folder.read_newest()


def fail(*_: Any, **__: Any) -> Any:
    raise OSError(errno.ENOSPC, "No space left on device")


def half_then_fail(content: Any, file: Any, **_: Any) -> None:
    file.write(b"PK half of it")
    fail()


@pytest.mark.parametrize("stage", ["writing", "syncing", "renaming"])
def test_a_write_that_fails_leaves_the_old_ones_whole(
    folder: CheckpointFolder, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    written(folder, 1, 2)
    before = {file: file.read_bytes() for file in folder.files()}
    with folder, monkeypatch.context() as patched:
        if stage == "writing":
            patched.setattr(checkpoint_files.torch, "save", half_then_fail)
        elif stage == "syncing":
            patched.setattr(checkpoint_files.os, "fsync", fail)
        else:
            patched.setattr(Path, "replace", fail)
        with pytest.raises(OSError, match="No space left"):
            folder.write(3, state(3))
    assert {file: file.read_bytes() for file in folder.files()} == before
    assert {file.name for file in folder.path.iterdir()} - {"lock"} == set(names(folder))


def test_it_gets_its_name_only_when_it_is_on_the_disk(
    folder: CheckpointFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Content, then the file to the disk, then the name, then the directory to the disk."""
    events: list[str] = []
    sync, replace = os.fsync, Path.replace

    def noted_sync(number: int) -> None:
        is_folder = os.path.samestat(os.fstat(number), folder.path.stat())
        events.append("directory" if is_folder else "file")
        sync(number)

    def noted_replace(part: Path, target: Path) -> Path:
        assert part.parent == target.parent
        assert torch.load(part, weights_only=True)["epochs_done"] == 3
        events.append("name")
        return replace(part, target)

    monkeypatch.setattr(checkpoint_files.os, "fsync", noted_sync)
    monkeypatch.setattr(Path, "replace", noted_replace)
    written(folder, 3)
    assert events == ["file", "name", "directory"]


def test_what_a_killed_process_left_half_written_goes(folder: CheckpointFolder) -> None:
    written(folder, 1)
    (folder.path / "being-written.part").write_bytes(b"half")
    with folder:
        assert folder.read_newest()["epochs_done"] == 1
    assert not list(folder.path.glob("*.part"))


def test_one_fit_at_a_time(folder: CheckpointFolder) -> None:
    with folder, pytest.raises(ValueError, match="belongs to another fit, which still runs"):
        CheckpointFolder(folder.path).__enter__()
    with CheckpointFolder(folder.path):
        pass


HOLD = """
import sys
from sklearn_ple.training.checkpoint_files import CheckpointFolder
with CheckpointFolder(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_one_process_at_a_time_and_a_killed_one_holds_nothing(folder: CheckpointFolder) -> None:
    command = [sys.executable, "-c", HOLD, str(folder.path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as other:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(ValueError, match="another fit"), folder:
            pass
        other.kill()
        other.wait()
    with folder:
        folder.write(1, state(1))


def test_a_file_system_without_locks(
    folder: CheckpointFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_here(*_: Any, **__: Any) -> Any:
        raise NotImplementedError("FileSystem does not appear to support flock")

    monkeypatch.setattr(checkpoint_files.FileLock, "acquire", none_here)
    written(folder, 1)
    assert folder.read_newest()["epochs_done"] == 1


def test_a_file_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file")
    with pytest.raises(OSError, match="checkpoint_dir='.*run' can't be written to"):
        CheckpointFolder(tmp_path / "run").__enter__()


@pytest.mark.skipif(os.name != "posix", reason="permissions are of POSIX")
def test_a_folder_that_is_read_only() -> None:
    """Root may write anywhere, so root is somebody else for a while."""
    with tempfile.TemporaryDirectory() as name:
        root, path = os.geteuid() == 0, Path(name)
        path.chmod(0o555)
        if root:
            os.seteuid(65534)
        try:
            for place in (path, path / "run"):
                with pytest.raises(PermissionError, match="checkpoint_dir='.*' can't be written"):
                    CheckpointFolder(place).__enter__()
        finally:
            if root:
                os.seteuid(0)
            path.chmod(0o755)


def test_a_folder_where_writing_fails(
    folder: CheckpointFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", fail)
        with pytest.raises(OSError, match="can't be written to .No space left on device"), folder:
            pass
    written(folder, 1)  # the lock was given back


def test_a_disk_without_room(folder: CheckpointFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(folder.path.parents[1])._replace(free=10_000_000)
    monkeypatch.setattr(checkpoint_files.shutil, "disk_usage", lambda path: usage)
    with folder:
        folder.require_space(3_000_000)
        with pytest.raises(OSError, match="has 10.0 MB of free space, and 3 .* take 12.0 MB"):
            folder.require_space(4_000_000)
