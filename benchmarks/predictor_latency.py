"""How long one row takes: the bare network, a saved model's `Predictor`, and the estimator.

    python benchmarks/predictor_latency.py [--repeats 500] [--blocks 9]

A model of the census (7 columns of numbers and 32 of categories, two tasks) is fitted for two
epochs, saved and loaded. Each way is timed in blocks that alternate, so that what else the machine
does meets all alike; a figure is the median over blocks of a block's median. One thread.

Ways: "network" is the module on tensors of one row that are ready; "network, filled up" the same
on the 64 rows that an estimator computes every answer on, so that a row has the same bits wherever
it is. The `Predictor` takes fewer where the processor answers them alike.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
import torch

from sklearn_ple import PLEClassifierRegressor, load_census_income
from sklearn_ple.serving import Predictor

_IMPORT = "from time import perf_counter; t = perf_counter(); {}; print(perf_counter() - t)"
_STARTS = {
    "torch": "import torch",
    "sklearn_ple.serving": "import sklearn_ple.serving",
    "sklearn_ple.load": "from sklearn_ple import load",
}


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--repeats", type=int, default=500, help="calls of a block")
    arguments.add_argument("--blocks", type=int, default=9)
    given = arguments.parse_args()
    torch.set_num_threads(1)
    census = load_census_income()
    X, y = census.data, census.target
    for name, seconds in time_ways(ways_of(X, y), given.repeats, given.blocks).items():
        print(f"{name:42s} {seconds * 1e3:8.3f} ms")
    for name, statement in _STARTS.items():
        print(f"import {name:35s} {start_seconds(statement):8.2f} s")


def ways_of(X: pd.DataFrame, y: pd.DataFrame) -> dict[str, Callable[[], Any]]:
    """All ways to ask for one row, by name."""
    model = PLEClassifierRegressor(max_epochs=2, random_state=0).fit(X, y)
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "model.zip")
        predictor = Predictor.load(Path(folder) / "model.zip")
    frame = X.iloc[[0]]
    row = {name: values[0] for name, values in frame.to_dict(orient="list").items()}
    one = {name: tensor.clone() for name, tensor in model._prepared(frame).items()}
    filled = {name: torch.cat([t, t.new_zeros(63, *t.shape[1:])]) for name, t in one.items()}
    assert np.array_equal(predictor.predict(row), model.predict(frame))

    def run(features: dict[str, torch.Tensor]) -> Callable[[], Any]:
        @torch.inference_mode()
        def call() -> torch.Tensor:
            return model.module_(**features)

        return call

    return {
        "network": run(one),
        "network, filled up": run(filled),
        "Predictor.predict_proba, a dict": lambda: predictor.predict_proba(row),
        "Predictor.predict_proba, a DataFrame": lambda: predictor.predict_proba(frame),
        "estimator's predict_proba, a DataFrame": lambda: model.predict_proba(frame),
    }


def time_ways(ways: dict[str, Callable[[], Any]], repeats: int, blocks: int) -> dict[str, float]:
    """Seconds of a call, each way."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(blocks):
        for name, call in ways.items():
            seconds = []
            for _ in range(repeats):
                start = perf_counter()
                call()
                seconds.append(perf_counter() - start)
            found[name].append(median(seconds))
    return {name: median(each) for name, each in found.items()}


def start_seconds(statement: str) -> float:
    """Seconds of an import in a new process; the median of three."""
    command = [sys.executable, "-c", _IMPORT.format(statement)]
    runs = [subprocess.run(command, capture_output=True, check=True, text=True) for _ in range(3)]
    return median(float(run.stdout) for run in runs)


if __name__ == "__main__":
    main()
