"""The demo compares like with like and says what its figures are worth."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

DEMO = runpy.run_path(str(Path(__file__).resolve().parents[2] / "examples" / "demo.py"))


def test_it_prints_every_task_and_architecture_and_draws(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    DEMO["main"](["--rows", "700", "--epochs", "1", "--out", str(tmp_path)])
    printed = capsys.readouterr().out
    for name in ("SingleTask", "SharedBottom", "MMOE", "CGC", "PLE"):
        assert printed.count(f"\n{name} ") == len(["income", "never_married"])
    assert "no evidence" in printed
    assert (tmp_path / "expert_utilization.png").read_bytes().startswith(b"\x89PNG")


def test_a_seed_is_a_split_and_keeps_the_shares_of_label_pairs() -> None:
    first, again, other = (DEMO["sample_split"](seed, 2000) for seed in (3, 3, 4))
    assert first.X_test.equals(again.X_test)
    assert not first.X_test.index.equals(other.X_test.index)
    pairs = [split.value_counts(normalize=True) for split in (first.Y_train, first.Y_test)]
    np.testing.assert_allclose(*(p.sort_index() for p in pairs), atol=0.002)


def scores(auc: list[float], loss: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"AUC": auc, "log loss": [-each for each in loss]}, index=["a", "b"])


def test_gains_are_differences_on_one_seed_and_positive_if_better() -> None:
    by_architecture: dict[str, Any] = {
        "SingleTask": [scores([0.7, 0.9], [0.5, 0.2]), scores([0.8, 0.6], [0.4, 0.3])],
        "PLE": [scores([0.8, 0.8], [0.3, 0.3]), scores([0.9, 0.5], [0.2, 0.4])],
    }
    lines = [" ".join(line.split()) for line in DEMO["report"](by_architecture).splitlines()]
    a, b = (line for line in lines if line.startswith("PLE"))
    # Both seeds gain .1 in AUC and .2 in log loss on a, and lose .1 of each on b: no spread.
    assert a == "PLE 0.8500 ± 0.0707 0.2500 ± 0.0707 +0.1000 ± 0.0000 +0.2000 ± 0.0000"
    assert b.endswith("-0.1000 ± 0.0000 -0.1000 ± 0.0000")
