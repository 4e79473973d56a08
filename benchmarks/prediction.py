"""Prediction of one row, of a thousand and of many, against boosting, paired and interleaved.

    python benchmarks/prediction.py                        up to 100,000 rows
    python benchmarks/prediction.py array --rows 1000000   one input, up to a million

PLE answers all tasks at once; the other side is one HistGradientBoosting of scikit-learn's defaults
a task, which is asked once for each. Two inputs: the census as a frame (39 columns, 32 of them
categories, two tasks) and an array of 20 numbers (four tasks, two of them classifications), rows
repeated as often as needed. A round lets every contender answer in turn, either first in every
other round; figures are medians over rounds and the ratio, of boosting's time over ours, is taken
within a round. Memory is what the process grows by at its peak while our estimator predicts the
most rows, less the answer itself.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import psutil
import torch
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from sklearn_ple import PLEEstimator, load_census_income

CALLS = {1: 100, 1000: 10}


@dataclass(frozen=True)
class Input:
    """Rows to fit and to predict, and the kind of each task."""

    name: str
    X: Any
    Y: pd.DataFrame
    kinds: dict[str, str]

    def rows(self, n: int) -> Any:
        """So many rows, the given ones over and over."""
        index = np.arange(n) % len(self.X)
        return self.X[index] if isinstance(self.X, np.ndarray) else self.X.iloc[index]


def census() -> Input:
    sample = load_census_income()
    return Input("census", sample.data, sample.target, dict.fromkeys(sample.target, "binary"))


def numbers() -> Input:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20_000, 20))
    signal = X[:, :4] + rng.normal(size=(20_000, 4))
    Y = pd.DataFrame(np.where([True, True, False, False], signal > 0, signal), columns=list("abcd"))
    return Input("array", X, Y, dict(zip(Y, ["binary"] * 2 + ["regression"] * 2, strict=True)))


INPUTS = {"census": census, "array": numbers}


def boosted(data: Input) -> list[Any]:
    """One boosting per task, fitted."""
    models = []
    for name, kind in data.kinds.items():
        cls = HistGradientBoostingClassifier if kind == "binary" else HistGradientBoostingRegressor
        models.append(cls(random_state=0).fit(data.X, data.Y[name]))
    return models


def seconds(answer: Callable[[], Any], n_calls: int) -> float:
    """Seconds that a call takes."""
    start = time.perf_counter()
    for _ in range(n_calls):
        answer()
    return (time.perf_counter() - start) / n_calls


def peak_growth(answer: Callable[[], np.ndarray]) -> float:
    """MiB by which the process grew at its peak during a call, less those of the answer."""
    process, done = psutil.Process(), threading.Event()
    before = peak = process.memory_info().rss

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.002):
            peak = max(peak, process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        answered = answer()
    finally:
        done.set()
        watcher.join()
    return (peak - before - answered.nbytes) / 2**20


def measure(data: Input, sizes: Sequence[int], rounds: int) -> list[str]:
    """The table's rows for one input."""
    ours = PLEEstimator(tasks=data.kinds, max_epochs=2, random_state=0).fit(data.X, data.Y)
    theirs = boosted(data)
    lines = []
    for n in sizes:
        X, calls = data.rows(n), CALLS.get(n, 1)
        asked: dict[str, Callable[[], Any]] = {
            "ours": lambda X=X: ours.predict(X),
            "boosting": lambda X=X: [model.predict(X) for model in theirs],
        }
        for answer in asked.values():
            answer()
        times: dict[str, list[float]] = {name: [] for name in asked}
        for number in range(rounds):
            for name in sorted(asked, reverse=number % 2 == 0):
                times[name].append(seconds(asked[name], calls))
        mine, other = times["ours"], times["boosting"]
        ratios = [b / a for a, b in zip(mine, other, strict=True)]
        lines.append(
            f"| {data.name} | {n:,} | {statistics.median(mine) * 1e3:,.2f} | "
            f"{n / statistics.median(mine):,.0f} | {statistics.median(other) * 1e3:,.2f} | "
            f"{statistics.median(ratios):.2f} | {min(ratios):.2f} to {max(ratios):.2f} |"
        )
    growth = peak_growth(lambda: ours.predict(X))
    lines.append(f"| {data.name} | {n:,} | beside rows and answer: {growth:.0f} MiB | | | | |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("inputs", nargs="*", help=f"some of {', '.join(INPUTS)}")
    parser.add_argument("--rows", type=int, default=100_000, help="the most rows")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    if unknown := set(args.inputs) - set(INPUTS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    if os.environ.get("OMP_NUM_THREADS") != str(args.threads):
        parser.error(f"set OMP_NUM_THREADS={args.threads} too: boosting takes its threads from it")
    torch.set_num_threads(args.threads)
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, "
        f"torch {torch.__version__}, {args.threads} threads, {time.strftime('%Y-%m-%d')}, "
        f"{args.rounds} rounds\n"
    )
    print("| input | rows | ours, ms | rows/s | boosting, ms | ratio | over rounds |")
    print("|---|---|---|---|---|---|---|")
    for name in args.inputs or INPUTS:
        for line in measure(INPUTS[name](), [1, 1000, args.rows], args.rounds):
            print(line, flush=True)


if __name__ == "__main__":
    main()
