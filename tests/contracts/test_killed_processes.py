"""Processes that are killed at random moments, in the midst of writing too, and started again."""

from __future__ import annotations

import os
import pickle
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from architecture_walk import small
from fit_to_be_killed import SETTINGS, X, Y, outcome

import sklearn_ple
from sklearn_ple import PLEEstimator

HERE = Path(__file__).parent
SCRIPT = HERE / "fit_to_be_killed.py"


def run(folder: Path, result: Path, kill_at: tuple[str, int] | None, *, in_flight: bool) -> str:
    """Run the script until its n-th moment of a name, or to its end; the last moment's name.

    In flight, it is told to go on first, and killed wherever it has got to by then.
    """
    places = [HERE, HERE.parent, Path(sklearn_ple.__file__).parents[1]]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, places))}
    command = [sys.executable, str(SCRIPT), str(folder), str(result)]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    counts: dict[str, int] = {}
    with subprocess.Popen(command, env=environment, **pipes) as process:
        name = ""
        for line in process.stdout:
            name = line.strip()
            counts[name] = counts.get(name, 0) + 1
            is_time = kill_at is not None and counts.get(kill_at[0]) == kill_at[1]
            if in_flight or not is_time:
                process.stdin.write("\n")
                process.stdin.flush()
            if is_time:
                process.kill()
                assert process.wait() == -9
                return name
        assert process.wait() == 0
    return name


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is of POSIX")
def test_killed_again_and_again_it_ends_where_it_would_have_ended(tmp_path: Path) -> None:
    rng = random.Random(7)
    kills = [("step", rng.randint(8, 12)), ("half written", rng.randint(1, 3))]
    kills += [(rng.choice(["unnamed", "named"]), 2)]
    for i, kill in enumerate(kills):
        last = run(tmp_path / "cut", tmp_path / "result", kill, in_flight=i % 2 == 0)
        assert last == kill[0], "the fit ended before it was killed"
    assert run(tmp_path / "cut", tmp_path / "result", None, in_flight=False) == "ended"

    one = outcome(small(PLEEstimator, **SETTINGS).fit(X, Y))
    other = pickle.loads((tmp_path / "result").read_bytes())
    assert 5 < len(one["history"]) < 30  # it stopped early
    assert one["history"] == other["history"]
    assert one["best epoch"] == other["best epoch"]
    for a, b in zip(one["weights"], other["weights"], strict=True):
        np.testing.assert_array_equal(a, b)
    pd.testing.assert_frame_equal(one["predictions"], other["predictions"], check_exact=True)
    for file in (tmp_path / "cut").glob("*.pt"):
        torch.load(file, weights_only=True)
    assert not list((tmp_path / "cut").glob("*.part"))
