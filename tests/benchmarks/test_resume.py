"""A study that was cut off goes on: no run is made twice, no row is lost."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
run_missing = runpy.run_path(str(REPOSITORY / "benchmarks" / "resume.py"))["run_missing"]
RUNS = [{"set": name, "seed": seed} for name in ("adult", "census") for seed in (0, 1, 2)]


def written(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_every_run_is_a_row_that_begins_with_what_tells_it_from_the_others(tmp_path) -> None:
    path = tmp_path / "out" / "study.jsonl"
    rows = run_missing(path, RUNS, lambda name, seed: {"figures": {"auc": len(name) + seed}})
    assert rows == [run | {"figures": {"auc": len(run["set"]) + run["seed"]}} for run in RUNS]
    assert written(path) == rows
    assert [list(row) for row in rows] == [["set", "seed", "figures"]] * 6


def test_a_run_that_fails_keeps_the_rows_before_it_and_is_made_the_next_time(tmp_path) -> None:
    path = tmp_path / "study.jsonl"
    made: list[tuple[str, int]] = []

    def fit(name: str, seed: int) -> dict[str, Any]:
        if len(made) == 4:
            made.append(("power", -1))
            raise KeyboardInterrupt
        made.append((name, seed))
        return {"figures": {"auc": 0.5}}

    with pytest.raises(KeyboardInterrupt):
        run_missing(path, RUNS, fit)
    assert len(written(path)) == 4
    rows = run_missing(path, RUNS, fit)
    each = [tuple(run.values()) for run in RUNS]
    assert made == [*each[:4], ("power", -1), *each[4:]]
    assert written(path) == rows


def test_rows_of_other_runs_are_kept_and_returned(tmp_path) -> None:
    path = tmp_path / "study.jsonl"
    run_missing(path, RUNS[:2], lambda *_: {"figures": {"auc": 0.7}})
    rows = run_missing(path, RUNS[1:3], lambda *_: {"figures": {"auc": 0.9}})
    assert [row["figures"]["auc"] for row in rows] == [0.7, 0.7, 0.9]


def test_numbers_of_numpy_are_written(tmp_path) -> None:
    path = tmp_path / "study.jsonl"
    run_missing(path, RUNS[:1], lambda *_: {"mean": np.float32(0.25), "epochs": np.int64(7)})
    assert written(path) == [{"set": "adult", "seed": 0, "mean": 0.25, "epochs": 7}]


def test_runs_in_processes_of_their_own_are_the_same_rows(tmp_path) -> None:
    apart = run_missing(tmp_path / "two.jsonl", RUNS, _product, n_jobs=2)
    together = run_missing(tmp_path / "one.jsonl", RUNS, _product)
    assert sorted(apart, key=str) == sorted(together, key=str)
    assert sorted(written(tmp_path / "two.jsonl"), key=str) == sorted(together, key=str)


def _product(name: str, seed: int) -> dict[str, Any]:
    return {"product": name * seed}
