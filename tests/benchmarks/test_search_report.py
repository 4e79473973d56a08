"""The page on searches: gains are those of the rows, paired by seed, and epochs add up."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

with pytest.MonkeyPatch.context() as patched:
    patched.syspath_prepend(str(Path(__file__).resolve().parents[2] / "benchmarks"))
    search_report = importlib.import_module("search_report")


def rows() -> list[dict[str, Any]]:
    """A search gains 0.02 and 0.03 on two seeds; what pruning loses, it wins on the other."""
    figures = {
        "defaults": (0.5, 0.6),
        "search": (0.52, 0.63),
        "search, nothing pruned": (0.53, 0.62),
    }
    epochs = {"defaults": None, "search": 60, "search, nothing pruned": 100}
    return [
        {"set": name, "variant": variant, "seed": seed, "n_trials": 40 * (variant != "defaults")}
        | {"mean": means[seed], "epochs_searched": epochs[variant], "n_train": 80, "n_test": 20}
        | {"machine": "one machine", "torch": "2.13.0", "date": "2026-11-24"}
        for name in ("one", "two")
        for seed in (0, 1)
        for variant, means in figures.items()
    ]


def test_the_table_is_that_of_the_rows(tmp_path: Path) -> None:
    results = tmp_path / "search.jsonl"
    results.write_text("\n".join(json.dumps(row) for row in rows()))
    search_report.write_report(results)
    written = results.with_suffix(".md").read_text()
    assert written.startswith("# 40 trials against the defaults")
    (line,) = (line for line in written.splitlines() if line.startswith("| two |"))
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[:4] == ["two", "2", "0.5500", "0.5750"]
    assert cells[4].startswith("+25.0 ± ")
    assert cells[5].startswith("+0.0 ± ")
    assert cells[6] == "40%"
