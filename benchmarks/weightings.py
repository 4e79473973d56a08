"""What each weighting costs: one epoch against static weighting, paired and interleaved.

    python benchmarks/weightings.py                     all of them, for 2, 4 and 8 tasks
    python benchmarks/weightings.py famo mgda --tasks 4 --rounds 9

Every round trains every contender for one epoch, in turn; figures are medians over rounds of
ratios within a round.
"""

from __future__ import annotations

import argparse
import platform
import time

import numpy as np
import torch
from speed import Workload, engine_epoch, warm

from sklearn_ple.training import TensorData
from sklearn_ple.weighting import WEIGHTINGS, ExponentialWeighting, LossWeighting

N_NUMERIC, N_EXPERTS = 64, 2
OBJECTS: dict[str, LossWeighting] = {"exponential": ExponentialWeighting(0.9)}


def measure(names: list[str], n_tasks: int, n_rows: int, rounds: int) -> dict[str, np.ndarray]:
    """Seconds of an epoch for each weighting, by round."""
    work = Workload(f"K={n_tasks}", n_rows, N_NUMERIC, n_tasks, N_EXPERTS)
    X, Y = work.data()
    models = {name: warm(work.estimator(weighting=OBJECTS.get(name, name)), X, Y) for name in names}
    first = models[names[0]]
    data = TensorData.from_arrays(
        first._features.prepare(first._read_features(X, reset=False)),
        Y.astype(np.float64),
        np.ones(Y.shape),
        dtype=torch.float32,
        device=torch.device("cpu"),
    )
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        for name, model in models.items():
            seconds[name].append(engine_epoch(model, data))
    return {name: np.array(each) for name, each in seconds.items()}


def main() -> None:
    known = [*WEIGHTINGS, *OBJECTS]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weightings", nargs="*", help=f"some of {known}")
    parser.add_argument("--tasks", type=int, nargs="+", default=[2, 4, 8])
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    chosen = args.weightings or known
    names = ["static", *(name for name in chosen if name != "static")]
    print(
        f"{platform.processor() or platform.machine()}, torch {torch.__version__}, "
        f"{args.threads} threads, {time.strftime('%Y-%m-%d')}; {args.rows:,} rows, batch 1024, "
        f"{args.rounds} rounds"
    )
    for n_tasks in args.tasks:
        seconds = measure(names, n_tasks, args.rows, args.rounds)
        print(f"\n{n_tasks} tasks: static takes {np.median(seconds['static']):.2f} s an epoch")
        for name, each in seconds.items():
            print(f"  {name:16s} {np.median(each / seconds['static']):6.2f} times as long")


if __name__ == "__main__":
    main()
