"""Training and prediction speed, paired and interleaved in one run.

    python benchmarks/speed.py                 W1 to W3 and the variants of W1
    python benchmarks/speed.py W1 --rounds 9   one workload

Every round runs every contender once, in turn; figures are medians over rounds and medians of
ratios within a round, so that a host that drifts slows both sides of a ratio.
"""

from __future__ import annotations

import argparse
import platform
import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from peers import LoopPLE, plain_net, plain_predict

from sklearn_ple import PLEEstimator
from sklearn_ple.training import TensorBatches, TensorData

Timed = Callable[[], float]


@dataclass(frozen=True)
class Workload:
    """Rows, features and sizes of one comparison."""

    name: str
    n_rows: int
    n_numeric: int
    n_tasks: int
    n_experts: int
    batch_size: int = 1024
    n_categorical: int = 0
    options: dict[str, Any] = field(default_factory=dict)

    def data(self) -> tuple[np.ndarray, np.ndarray]:
        """Features (float32) and targets, binary and regression in turn."""
        rng = np.random.default_rng(0)
        X = rng.normal(size=(self.n_rows, self.n_numeric)).astype(np.float32)
        signal = X[:, :1] + rng.normal(size=(self.n_rows, self.n_tasks)).astype(np.float32)
        Y = np.where(np.arange(self.n_tasks) % 2 == 0, signal > 0, signal).astype(np.float32)
        if self.n_categorical:
            codes = rng.integers(50, size=(self.n_rows, self.n_categorical)).astype(np.float32)
            X = np.hstack([X, codes])
        return X, Y

    def estimator(self, **options: Any) -> PLEEstimator:
        """PLE of SPEED's sizes: two levels of 256 and 128, towers of 64."""
        kinds = ["binary" if k % 2 == 0 else "regression" for k in range(self.n_tasks)]
        settings = {
            "tasks": kinds,
            "n_levels": 2,
            "n_shared_experts": self.n_experts,
            "n_task_experts": self.n_experts,
            "expert_widths": [(256,), (128,)],
            "tower_widths": (64,),
            "activation": "relu",
            "dropout": 0.0,
            "numeric_encoding": "standard",
            "categorical_features": [self.n_numeric + j for j in range(self.n_categorical)],
            "embedding_dim": 16,
            "optimizer": "adam",
            "lr": 1e-3,
            "lr_schedule": "constant",
            "weight_averaging": None,
            "early_stopping": False,
            "batch_size": self.batch_size,
            "max_epochs": 1,
            "random_state": 0,
        }
        return PLEEstimator(**(settings | self.options | options))

    def flop_per_row(self) -> float:
        """Multiply-adds of all matrix products, forward and backward, times two."""
        widths, total, streams = (256, 128), 0, self.n_tasks + 1
        in_width = self.n_numeric + 16 * self.n_categorical
        for j, width in enumerate(widths):
            n_experts = streams * self.n_experts
            gates = self.n_tasks * 2 * self.n_experts + (n_experts if j == 0 else 0)
            products = in_width * (n_experts * width + gates) + gates * width
            total += products * (2 if j == 0 else 3)
            in_width = width
        return 2.0 * (total + 3 * self.n_tasks * (in_width * 64 + 64))


WORKLOADS = {
    w.name: w
    for w in (
        Workload("W1", 200_000, 128, 2, 2),
        Workload("W2", 50_000, 128, 8, 4),
        Workload("W3", 100_000, 10, 2, 2, n_categorical=30),
        Workload("W1-batch256", 100_000, 128, 2, 2, batch_size=256),
    )
}


def warm(estimator: PLEEstimator, X: np.ndarray, Y: np.ndarray) -> PLEEstimator:
    """Fitted on a few rows, so that everything is built."""
    return estimator.set_params(warm_start=True).fit(X[:4096], Y[:4096])


def contenders(work: Workload, X: np.ndarray, Y: np.ndarray) -> dict[str, tuple[Timed, Timed]]:
    """For each contender, one training epoch and one prediction of all rows, timed."""
    model = warm(work.estimator(), X, Y)
    data = TensorData.from_arrays(
        model._features.prepare(model._read_features(X, reset=False)),
        Y.astype(np.float64),
        np.ones(Y.shape),
        dtype=torch.float32,
        device=torch.device("cpu"),
    )
    chosen: dict[str, tuple[Timed, Timed]] = {
        "sklearn_ple": (lambda: engine_epoch(model, data), lambda: timed(lambda: model.predict(X))),
        "bare loop": (lambda: bare_epoch(model, data), lambda: bare_predict(model, data)),
    }
    if not work.n_categorical:
        loop = LoopPLE(
            work.n_numeric,
            n_tasks=work.n_tasks,
            n_shared=work.n_experts,
            n_own=work.n_experts,
            widths=(256, 128),
            tower_width=64,
        )
        net = plain_net(loop, work.batch_size)
        chosen["plain skorch, loops"] = (
            lambda: timed(lambda: net.partial_fit(X, Y)),
            lambda: timed(lambda: plain_predict(net, X)),
        )
    return chosen


def timed(work: Callable[[], Any]) -> float:
    """Seconds that a call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def engine_epoch(model: PLEEstimator, data: TensorData) -> float:
    """One epoch of the engine, skorch and its callbacks included."""
    return timed(lambda: model.net_.train(data, None, epochs=1, engine_callbacks=[]))


def bare_epoch(model: PLEEstimator, data: TensorData) -> float:
    """The same module, criterion, optimiser and batches in a bare PyTorch loop."""
    module, criterion = model.net_.module_, model.net_.criterion_
    optimizer = model.net_.optimizer_

    def loop() -> None:
        module.train()
        for features, labels in TensorBatches(data, model.net_.batch_size, torch.Generator()):
            optimizer.zero_grad(set_to_none=True)
            criterion(module(**features), labels).backward()
            optimizer.step()

    return timed(loop)


@torch.inference_mode()
def bare_predict(model: PLEEstimator, data: TensorData) -> float:
    """The module alone on prepared rows, in batches of 8,192."""
    module = model.net_.module_.eval()

    def loop() -> None:
        for features, _ in TensorBatches(data, 8192):
            module(**features)

    return timed(loop)


def matmul_rate() -> float:
    """FLOP a second of large float32 matrix products here."""
    a = torch.randn(2048, 2048)
    seconds = min(timed(lambda: a @ a) for _ in range(10))
    return 2 * 2048**3 / seconds


def run(work: Workload, rounds: int) -> None:
    """Measure a workload and print its table."""
    X, Y = work.data()
    chosen = contenders(work, X, Y)
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in chosen}
    rates = []
    for train, predict in chosen.values():
        train(), predict()
    for _ in range(rounds):
        rates.append(matmul_rate())
        for name, (train, predict) in chosen.items():
            times[name].append((train(), predict()))
    print(f"\n{work.name}: {work.n_rows:,} rows, batch {work.batch_size}, {rounds} rounds")
    ours = np.array(times["sklearn_ple"])
    for name, each in times.items():
        seconds = np.array(each)
        rows = work.n_rows / np.median(seconds, axis=0)
        ratio = np.median(seconds / ours, axis=0)
        print(
            f"  {name:22s} training {rows[0]:9,.0f} rows/s  prediction {rows[1]:10,.0f} rows/s"
            f"  (time over sklearn_ple's: {ratio[0]:.2f} / {ratio[1]:.2f})"
        )
    attained = work.flop_per_row() * work.n_rows / np.median(ours[:, 0])
    share = attained / statistics.median(rates)
    print(f"  training attains {share:.0%} of {statistics.median(rates) / 1e9:.0f} GFLOP/s")


def variants(rounds: int) -> None:
    """W1 in other precisions and compiled, against plain float32."""
    work = Workload("W1 variants", 50_000, 128, 2, 2)
    X, Y = work.data()
    models = {
        "float32": work.estimator(),
        "bf16-mixed": work.estimator(precision="bf16-mixed"),
        "compile": work.estimator(compile=True),
        "bf16-mixed, compile": work.estimator(precision="bf16-mixed", compile=True),
    }
    data = None
    times: dict[str, list[tuple[float, float]]] = {}
    print(f"\n{work.name}: {work.n_rows:,} rows, batch {work.batch_size}, {rounds} rounds")
    for name, model in models.items():
        first = timed(lambda model=model: warm(model, X, Y))
        print(f"  {name:22s} first fit of 4,096 rows {first:.1f} s")
        times[name] = []
        if data is None:
            prepared = model._features.prepare(model._read_features(X, reset=False))
            data = TensorData.from_arrays(
                prepared,
                Y.astype(np.float64),
                np.ones(Y.shape),
                dtype=torch.float32,
                device=torch.device("cpu"),
            )
        engine_epoch(model, data)
        model.predict(X)
    for _ in range(rounds):
        for name, model in models.items():
            times[name].append(
                (engine_epoch(model, data), timed(lambda model=model: model.predict(X)))
            )
    plain = np.array(times["float32"])
    for name, each in times.items():
        ratio = np.median(plain / np.array(each), axis=0)
        print(
            f"  {name:22s} speed over float32: training {ratio[0]:.2f}, prediction {ratio[1]:.2f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workloads", nargs="*", help=f"some of {[*WORKLOADS, 'variants']}")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    print(
        f"{platform.processor() or platform.machine()}, torch {torch.__version__}, "
        f"{args.threads} threads, {time.strftime('%Y-%m-%d')}"
    )
    for name in args.workloads or [*WORKLOADS, "variants"]:
        variants(args.rounds) if name == "variants" else run(WORKLOADS[name], args.rounds)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\npeak memory of the whole run: {peak:,.0f} MiB")


if __name__ == "__main__":
    main()
