"""Ways to ask a model are timed in turns, and reported by call and by row."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

pytest.importorskip("onnxruntime", reason="the benchmark runs what to_onnx writes")
with pytest.MonkeyPatch.context() as patched:
    patched.syspath_prepend(str(Path(__file__).resolve().parents[2] / "benchmarks"))
    serving = importlib.import_module("serving")


def test_blocks_of_ways_alternate() -> None:
    calls: list[str] = []
    ways = {name: lambda name=name: calls.append(name) for name in ("a", "b")}
    found = serving.time_ways(ways, repeats=2, blocks=3)
    assert calls == ["a", "a", "b", "b"] * 3
    assert {name: len(blocks) for name, blocks in found.items()} == {"a": 3, "b": 3}


def test_a_line_has_the_median_its_spread_and_rows_a_second() -> None:
    wanted = ["(columns)", "2.000", "ms", "(1.000", "to", "4.000)", "32,000", "rows/s"]
    told = serving.line("onnxruntime (columns)", [0.002, 0.004, 0.001], n_rows=64)
    assert told.split() == ["onnxruntime", *wanted]
