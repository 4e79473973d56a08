"""Training from Parquet files against training from memory: speed, accuracy, shuffling.

    python benchmarks/parquet.py                 all three
    python benchmarks/parquet.py speed --rounds 5
    python benchmarks/parquet.py accuracy sorted --rows 50000

Speed is that of epochs, in rows a second of processor time (a busy machine spoils it less than time
by the clock), paired and interleaved: in every round each contender fits once, in turn; figures are
medians over rounds and medians of ratios within a round. Accuracy and shuffling are of
the census training file, read from the folder that SKLEARN_PLE_DATA names.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import torch
from real_data import RealSet, inner_split, load
from sklearn.metrics import roc_auc_score
from skorch.callbacks import Callback

from sklearn_ple import ParquetSource, PLEEstimator
from sklearn_ple.base.fit.fitting import Fitting
from sklearn_ple.base.fit.source_rows import SourceRows
from sklearn_ple.sources import OpenSource
from sklearn_ple.training import RowData

N_NUMBERS, N_CATEGORIES = 13, 26
BUFFERS = (2_048, 8_192)
NETWORKS: dict[str, dict[str, Any]] = {
    "small": {"expert_widths": (16,), "tower_widths": (8,), "embedding_dim": 4},
    "default": {},
}


def wide_rows(n_rows: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Thirteen numbers, 26 categorical columns of 4 to 1,000 levels, two targets."""
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(n_rows, N_NUMBERS)).astype(np.float32)
    X = pd.DataFrame(numbers, columns=[f"n{j}" for j in range(N_NUMBERS)])
    for j, n_levels in enumerate(np.geomspace(4, 1_000, N_CATEGORIES).round().astype(int)):
        levels = [f"level {level}" for level in range(n_levels)]
        X[f"c{j}"] = pd.Categorical.from_codes(rng.integers(n_levels, size=n_rows), levels)
    signal = numbers[:, :1] + rng.normal(size=(n_rows, 2)).astype(np.float32)
    return X, pd.DataFrame({"sold": (signal[:, 0] > 0).astype(int), "price": signal[:, 1]})


def source_of(folder: str, Y: pd.DataFrame, **options: Any) -> ParquetSource:
    """The files of a folder."""
    return ParquetSource(folder, targets=list(Y), **options)


def write(folder: str, X: pd.DataFrame, Y: pd.DataFrame, row_group_size: int) -> None:
    """One file of a table."""
    X.join(Y).to_parquet(Path(folder, "rows.parquet"), row_group_size=row_group_size, index=False)


def speed(n_rows: int, rounds: int, networks: list[str]) -> None:
    """Rows a second of epochs, and what the passes before them take."""
    X, Y = wide_rows(n_rows)
    print(
        f"\n{n_rows:,} rows of {N_NUMBERS} numbers and {N_CATEGORIES} categories, {rounds} rounds"
    )
    print("| network | in memory, rows/s | streamed, rows/s | ratio | passes before, s |")
    print("|---|---|---|---|---|")
    with TemporaryDirectory() as folder:
        write(folder, X, Y, n_rows // 16)
        source = source_of(folder, Y)
        for name in networks:
            settings = {"max_epochs": 1, "early_stopping": False, "random_state": 0}
            settings |= NETWORKS[name]
            rates = []
            for _ in range(rounds):
                start = time.process_time()
                streamed = epoch_of_fit(PLEEstimator(**settings), source)
                before = time.process_time() - start - streamed
                memory = epoch_of_fit(PLEEstimator(**settings), X, Y)
                rates.append((n_rows / memory, n_rows / streamed, memory / streamed, before))
            in_memory, from_files, ratio, before = np.median(rates, axis=0)
            print(
                f"| {name} | {in_memory:,.0f} | {from_files:,.0f} | {ratio:.2f} | {before:.1f} |",
                flush=True,
            )


class Clock(Callback):
    """Processor seconds of an epoch."""

    def on_epoch_begin(self, net: Any, **kwargs: Any) -> None:
        self.start = time.process_time()

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        net.history.record("processor", time.process_time() - self.start)


def epoch_of_fit(model: PLEEstimator, *rows: Any) -> float:
    """Processor seconds of the epochs of a fit."""
    model.set_params(callbacks=[("clock", Clock())])
    return float(model.fit(*rows).history_["processor"].sum())


def census(n_rows: int) -> tuple[RealSet, RealSet]:
    """Training and judging rows of the census training file."""
    train, judge = inner_split(load("census_income_kdd"), seed=0)
    rng = np.random.default_rng(0)
    rows = rng.permutation(len(train.X))[:n_rows]
    return train.take(np.sort(rows)), judge


def areas(model: PLEEstimator, judge: RealSet) -> list[float]:
    """The area under the curve of every task."""
    probabilities = model.predict_proba(judge.X)
    pairs = zip(judge.Y, probabilities, strict=True)
    return [roc_auc_score(judge.Y[name], p[:, 1]) for name, p in pairs]


def estimator(data: RealSet, seed: int) -> PLEEstimator:
    """A small network for a few epochs."""
    return PLEEstimator(
        tasks=data.kinds, expert_widths=(32,), tower_widths=(16,), max_epochs=4, random_state=seed
    )


def accuracy(n_rows: int, seeds: int) -> None:
    """Area under the curve of the same rows, in memory and streamed, in pairs of one seed."""
    train, judge = census(n_rows)
    gaps = []
    print(f"\ncensus, {len(train.X):,} rows, {seeds} seeds: area under the curve")
    with TemporaryDirectory() as folder:
        write(folder, train.X, train.Y, len(train.X) // 20)
        source = source_of(folder, train.Y, buffer_rows=len(train.X) // 5)
        each = []
        for seed in range(seeds):
            memory = areas(estimator(train, seed).fit(train.X, train.Y), judge)
            streamed = areas(estimator(train, seed).fit(source), judge)
            each.append((memory, streamed))
            gaps.append(np.subtract(streamed, memory))
    means = np.mean(each, axis=0)
    spread = np.std(gaps, axis=0, ddof=1)
    print("| task | in memory | streamed | difference | its spread over seeds |")
    print("|---|---|---|---|---|")
    for k, name in enumerate(train.Y):
        gap = np.mean(gaps, axis=0)[k]
        print(f"| {name} | {means[0, k]:.4f} | {means[1, k]:.4f} | {gap:+.4f} | {spread[k]:.4f} |")


def unevenness(rows: RowData, batch_size: int) -> float:
    """How much batches differ in their share of positive labels, over what chance makes of it.

    The mean of four epochs.
    """
    batches = rows.batches(batch_size, torch.Generator().manual_seed(0))
    epochs = []
    for _ in range(4):
        shares = [labels[:, 0].mean().item() for _, (labels, _) in batches]
        p = float(np.mean(shares))
        epochs.append(np.std(shares) / np.sqrt(p * (1 - p) / batch_size))
    return float(np.mean(epochs))


def epoch_of(model: PLEEstimator, source: ParquetSource) -> RowData:
    """The rows of a source as a fitted model trains on them."""
    model = model.set_params(early_stopping=False)
    material = SourceRows(Fitting(model, again=False), OpenSource(source), minimum=2)
    material.settle()
    return material.train(model.net_)


def sorted_rows(n_rows: int, seeds: int) -> None:
    """What the size of the buffer is worth where a file is sorted by a label."""
    train, judge = census(n_rows)
    by_label = np.argsort(train.Y.iloc[:, 0].to_numpy(), kind="stable")
    in_order = train.take(by_label)
    X, Y = in_order.X.reset_index(drop=True), in_order.Y.reset_index(drop=True)
    print(f"\ncensus sorted by {Y.columns[0]}, {len(X):,} rows, row groups of {len(X) // 20:,}")
    print("| buffer | unevenness of batches | area under the curve | in memory |")
    print("|---|---|---|---|")
    memory = [areas(estimator(train, s).fit(train.X, train.Y), judge)[0] for s in range(seeds)]
    with TemporaryDirectory() as folder:
        write(folder, X, Y, len(X) // 20)
        for buffer_rows in (size for size in BUFFERS if size < len(X)):
            source = source_of(folder, Y, buffer_rows=buffer_rows)
            models = [estimator(train, s).fit(source) for s in range(seeds)]
            area = np.mean([areas(model, judge)[0] for model in models])
            uneven = unevenness(epoch_of(models[0], source), 512)
            print(
                f"| {buffer_rows:,} | {uneven:.2f} | {area:.4f} | {np.mean(memory):.4f} |",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", help="some of speed, accuracy, sorted")
    parser.add_argument("--rows", type=int, default=40_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=[*NETWORKS])
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    print(
        f"{platform.processor() or platform.machine()}, torch {torch.__version__}, "
        f"{args.threads} threads of {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, "
        f"{time.strftime('%Y-%m-%d')}"
    )
    parts = {
        "speed": lambda: speed(4 * args.rows, args.rounds, args.networks),
        "accuracy": lambda: accuracy(args.rows, args.rounds),
        "sorted": lambda: sorted_rows(args.rows // 2, 2),
    }
    for name in args.parts or parts:
        parts[name]()


if __name__ == "__main__":
    main()
