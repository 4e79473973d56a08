"""Figure 7 of the PLE paper: two synthetic tasks of chosen kinship, learned alone and together.

    python benchmarks/synthetic.py tune        rate and dropout of each scheme, on a seed of its own
    python benchmarks/synthetic.py study       five correlations, four schemes, five seeds
    python benchmarks/synthetic.py large       1.4 million rows, correlation 0.5, one seed
    python benchmarks/synthetic.py report      table and figure from what has been run

The schemes have the same depth, within 4 % the same number of parameters, and were tuned over the
same grid. A seed decides the rows, the sines and everything random in a fit, and is the same for
all schemes and correlations, so that differences are paired. Every run is a row of
`docs/studies/synthetic.jsonl`; those found there are not repeated.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from resume import Row, run_missing, stamp
from synthetic_report import write_report
from synthetic_rows import N_TRAIN, rows_of

from sklearn_ple import (
    MMOERegressor,
    PLERegressor,
    SharedBottomRegressor,
    SingleTaskRegressor,
)
from sklearn_ple.base import MultiTaskEstimator

RESULTS = Path(__file__).resolve().parents[1] / "docs" / "studies" / "synthetic.jsonl"
CORRELATIONS = (0.2, 0.4, 0.5, 0.75, 1.0)
SEEDS = (0, 1, 2, 3, 4)
TUNING_SEED, TUNING_CORRELATION = 100, 0.5
GRID = [(lr, dropout) for lr in (1e-3, 2e-3, 4e-3) for dropout in (0.0, 0.1)]
N_LARGE = 1_400_000
EPOCHS = {N_TRAIN: 30, N_LARGE: 8}
# Two layers before the towers in each, of 192 units in all the first time (for two tasks).
SCHEMES: dict[str, tuple[type[MultiTaskEstimator], dict[str, Any]]] = {
    "SingleTask": (SingleTaskRegressor, {"bottom_widths": (96, 64)}),
    "SharedBottom": (SharedBottomRegressor, {"bottom_widths": (192, 64)}),
    "MMOE": (MMOERegressor, {"n_experts": 3, "expert_widths": (64, 64)}),
    "PLE": (PLERegressor, {"n_shared_experts": 1, "n_task_experts": 1, "expert_widths": (64,)}),
}


def run(scheme: str, correlation: float, seed: int, n_train: int, lr: float, dropout: float) -> Row:
    """Fit one scheme; mean squared errors on the rows that judge, and what a constant has."""
    make, sizes = SCHEMES[scheme]
    X, Y = rows_of(correlation, seed, n_train)
    estimator = make(
        **sizes,
        tower_widths=(32,),
        numeric_encoding="standard",
        lr=lr,
        dropout=dropout,
        batch_size=1024,
        max_epochs=EPOCHS[n_train],
        random_state=seed,
    )
    start = time.perf_counter()
    estimator.fit(X[:n_train], Y[:n_train])
    seconds = time.perf_counter() - start
    truth = Y[n_train:].astype(np.float64)
    errors = ((estimator.predict(X[n_train:]) - truth) ** 2).mean(0)
    return {
        "mse": errors.tolist(),
        "variance": truth.var(0).tolist(),
        "n_parameters": sum(p.numel() for p in estimator.module_.parameters()),
        "epochs": len(estimator.history_),
        "best_epoch": int(estimator.best_epoch_),
        "seconds": seconds,
    } | stamp()


def named(*values: Any) -> Row:
    """A run by its values."""
    return dict(
        zip(("scheme", "correlation", "seed", "n_train", "lr", "dropout"), values, strict=True)
    )


def tuning_runs() -> list[Row]:
    """Every point of the grid for every scheme, on rows that judge nothing else."""
    return [
        named(scheme, TUNING_CORRELATION, TUNING_SEED, N_TRAIN, lr, dropout)
        for lr, dropout in GRID
        for scheme in SCHEMES
    ]


def tuned(rows: list[Row]) -> dict[str, tuple[float, float]]:
    """The point of the grid with the least mean error, in shares of variance, by scheme."""
    frame = pd.DataFrame([row for row in rows if row["seed"] == TUNING_SEED])
    if len(frame) < len(tuning_runs()):
        raise SystemExit("`synthetic.py tune` comes first.")
    shares = np.divide(frame["mse"].tolist(), frame["variance"].tolist())
    frame["left"] = shares.mean(1)
    best = frame.loc[frame.groupby("scheme")["left"].idxmin()].set_index("scheme")
    return {s: (float(best.lr[s]), float(best.dropout[s])) for s in SCHEMES}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=["tune", "study", "large", "report"])
    parser.add_argument("--jobs", type=int, default=2, help="fits at a time")
    args = parser.parse_args()
    rows = run_missing(RESULTS, [], run)
    if args.part == "tune":
        rows = run_missing(RESULTS, tuning_runs(), run, n_jobs=args.jobs)
        print(tuned(rows))
        return
    points = tuned(rows)
    if args.part == "large":
        large = [named(s, 0.5, 0, N_LARGE, *points[s]) for s in SCHEMES]
        run_missing(RESULTS, large, run)
    if args.part == "study":
        runs = [
            named(scheme, correlation, seed, N_TRAIN, *points[scheme])
            for seed in SEEDS
            for correlation in CORRELATIONS
            for scheme in SCHEMES
        ]
        run_missing(RESULTS, runs, run, n_jobs=args.jobs)
    if args.part == "report":
        write_report(RESULTS, points)


if __name__ == "__main__":
    main()
