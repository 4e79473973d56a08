"""Processes that share a fit resume it together; one alone may take it over."""

from __future__ import annotations

import os
from pathlib import Path

import launching
import pytest
import shared_resumption

from sklearn_ple.training import CheckpointFolder

SCRIPT = Path(shared_resumption.__file__)


@pytest.mark.slow
def test_resumed_by_all_to_the_last_bit_and_by_one(tmp_path: Path) -> None:
    beside = os.pathsep.join(map(str, [SCRIPT.parent, SCRIPT.parents[1]]))
    launching.run_as_group(2, SCRIPT, [str(tmp_path)], PYTHONPATH=beside)
    assert sorted(file.name for file in tmp_path.glob("*.done")) == ["0.done", "1.done"]
    assert len(CheckpointFolder(tmp_path / "group").files()) == 2
    begun = CheckpointFolder(tmp_path / "alone").read_newest()["history"]
    with pytest.warns(UserWarning, match=r"circumstances: processes \(was 2, is 1\)\. Training go"):
        model = shared_resumption.resume(tmp_path / "alone")
    assert len(model.history_) == 4
    assert model.history_["train_loss"].tolist()[:2] == [row["train_loss"] for row in begun]
