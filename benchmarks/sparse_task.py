"""A sparse task beside dense ones: most labels of one task hidden, all others left.

    python benchmarks/sparse_task.py study          two sets, 90, 95 and 99 % hidden, 5 seeds
    python benchmarks/sparse_task.py report         the page from what has been run

For every seed, on the same rows and labels: boosting a task, single-task nets (one per task, fitted
together), and multi-task nets of the same depth; and the nets on all labels, which is what hiding
took away. Judged on the official test files. Every run is a row of `docs/studies/sparse.jsonl`;
those found there are not repeated.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from judge import judge_boosting, judge_net
from real_data import RealSet, load
from resume import Row, run_missing, stamp

import sklearn_ple

RESULTS = Path(__file__).resolve().parents[1] / "docs" / "studies" / "sparse.jsonl"
SETS = ("adult_mixed", "census_income_kdd, 50000 rows")
SPARSE = "income"
SHARES = (0.0, 0.9, 0.95, 0.99)
SCHEMES = {
    "SingleTask": {"bottom_widths": (256, 256)},
    "SharedBottom": {"bottom_widths": (256, 256)},
    "MMOE": {"n_experts": 4, "expert_widths": (64, 64)},
    "PLE": {"n_shared_experts": 3, "n_task_experts": 1, "expert_widths": (64,)},
}


def hide(data: RealSet, task: str, share: float, seed: int) -> RealSet:
    """The same rows with a share of one task's labels set to NaN."""
    Y = data.Y.copy()
    Y[task] = Y[task].astype(float)
    Y.loc[np.random.default_rng(seed).random(len(Y)) < share, task] = np.nan
    return RealSet(data.name, data.X, Y, data.kinds)


def run(name: str, share: float, scheme: str, seed: int) -> Row:
    """Fit one scheme with a share of the labels hidden, and judge it on the test file."""
    whole, _, size = name.partition(", ")
    train, test = load(whole, "train"), load(whole, "test")
    if size:
        n_rows = int(size.removesuffix(" rows"))
        chosen = np.random.default_rng(seed).choice(len(train.X), n_rows, replace=False)
        train = train.take(chosen)
    train = hide(train, SPARSE, share, seed)
    if scheme == "boosting":
        judged = judge_boosting(train, test, seed)
    else:
        make = getattr(sklearn_ple, f"{scheme}Estimator")
        estimator = make(tasks=train.kinds, random_state=seed, **SCHEMES[scheme])
        judged = judge_net(estimator, train, test)
    n_labels = int(train.Y[SPARSE].notna().sum())
    return judged | {"n_labels": n_labels, "n_test": len(test.X)} | stamp()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=["study", "report"])
    parser.add_argument("--sets", nargs="+", default=list(SETS))
    parser.add_argument("--shares", type=float, nargs="+", default=list(SHARES))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=2, help="fits at a time")
    args = parser.parse_args()
    if args.part == "report":
        from sparse_report import write_report

        write_report(RESULTS)
        return
    runs = [
        {"set": name, "share": share, "scheme": scheme, "seed": seed}
        for seed in range(args.seeds)
        for name in args.sets
        for share in args.shares
        for scheme in ("boosting", *SCHEMES)
    ]
    run_missing(RESULTS, runs, run, n_jobs=args.jobs)


if __name__ == "__main__":
    main()
