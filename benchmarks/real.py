"""Tables 1 and 5 of the PLE paper on open data: every sharing scheme, alone-nets and boosting.

    python benchmarks/real.py study                    all sets, 5 seeds
    python benchmarks/real.py study --sets adult_mixed --seeds 2
    python benchmarks/real.py full                     everyday schemes once on the full census
    python benchmarks/real.py report                   the page from what has been run

In every scheme a task reads two layers of 256 units before its tower, so all have one single-task
twin. A seed decides the split of the *training* file (a fifth judges; the last fifth where rows are
sorted by time), which rows of a large set are taken, and everything random in a fit; it is the
same for all schemes. `full` has the official split. Every run is a row of
`docs/studies/real.jsonl`; those found there are not repeated.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from defaults import pair
from judge import judge_boosting, judge_net
from real_data import RealSet, load
from real_report import write_report
from resume import Row, run_missing, stamp

import sklearn_ple

RESULTS = Path(__file__).resolve().parents[1] / "docs" / "studies" / "real.jsonl"
BOTTOM: dict[str, Any] = {"bottom_widths": (256, 256)}
LEVELS: dict[str, Any] = {"n_levels": 2, "n_experts": 4, "expert_widths": (64,)}
SCHEMES: dict[str, dict[str, Any]] = {
    "SingleTask": BOTTOM,
    "SharedBottom": BOTTOM,
    "AsymmetricSharing": BOTTOM,
    "CustomizedSharing": {"bottom_widths": (128, 128)},
    "CrossStitch": BOTTOM,
    "Sluice": BOTTOM,
    "MTAN": {"block_widths": (256, 256)},
    "OMOE": {"n_experts": 4, "expert_widths": (64, 64)},
    "MMOE": {"n_experts": 4, "expert_widths": (64, 64)},
    "MLMMOE": LEVELS,
    "SNR": LEVELS,
    "GumbelRouting": LEVELS,
    "CGC": {"n_shared_experts": 3, "n_task_experts": 1, "expert_widths": (64, 64)},
    "PLE": {"n_shared_experts": 3, "n_task_experts": 1, "expert_widths": (64,)},
    "AdaTT": {"n_shared_experts": 2, "n_task_experts": 2, "expert_widths": (64,)},
    "ESMM": BOTTOM,
    "AITM": BOTTOM,
}
FUNNELS = ("ESMM", "AITM")
EVERYDAY = ("SingleTask", "SharedBottom", "MMOE", "PLE")
CENSUS = "census_income_kdd, 50000 rows"
FUNNEL = "hillstrom_email"
SETS = ("adult_mixed", "tox21_rdkit", "river_flow_rf1", CENSUS, FUNNEL)
# Later rows of the river differ from earlier ones, which a random validation split cannot tell.
OPTIONS: dict[str, dict[str, Any]] = {"river_flow_rf1": {"max_epochs": 30}}


def schemes_for(name: str) -> list[str]:
    """Schemes that fit a set's tasks: those for a chain of events, and all others elsewhere."""
    if name == FUNNEL:
        return [*EVERYDAY, *FUNNELS]
    return [scheme for scheme in SCHEMES if scheme not in FUNNELS]


def only(data: RealSet, tasks: list[str]) -> RealSet:
    """Some of the tasks."""
    return RealSet(data.name, data.X, data.Y[tasks], {task: data.kinds[task] for task in tasks})


def judged(scheme: str, train: RealSet, judge: RealSet, seed: int) -> Row:
    """Fit one scheme, or boosting a task, and judge it."""
    if scheme == "boosting":
        figures = judge_boosting(train, judge, seed)
    else:
        make = getattr(sklearn_ple, f"{scheme}Estimator")
        options = SCHEMES[scheme] | OPTIONS.get(train.name, {})
        estimator = make(tasks=train.kinds, random_state=seed, **options)
        figures = judge_net(estimator, train, judge)
    return figures | {"n_train": len(train.X), "n_test": len(judge.X)} | stamp()


def run(name: str, scheme: str, seed: int) -> Row:
    """One run of the study."""
    train, judge = pair(name, seed)
    if name == FUNNEL:
        train, judge = (only(each, ["visit", "conversion"]) for each in (train, judge))
    return judged(scheme, train, judge, seed)


def run_full(name: str, scheme: str, seed: int) -> Row:
    """One run on the official split."""
    plain = name.removesuffix(", official split")
    return judged(scheme, load(plain, "train"), load(plain, "test"), seed)


def best_of_rest(rows: list[Row]) -> str:
    """The scheme with the best mean figure on the census's part, of those not everyday."""
    means: dict[str, list[float]] = {}
    for row in rows:
        if row["set"] == CENSUS and row["scheme"] not in (*EVERYDAY, "boosting"):
            means.setdefault(row["scheme"], []).append(row["mean"])
    return max(means, key=lambda scheme: sum(means[scheme]) / len(means[scheme]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=["study", "full", "report"])
    parser.add_argument("--sets", nargs="+", default=list(SETS))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=2, help="fits at a time")
    args = parser.parse_args()
    if args.part == "study":
        runs = [
            {"set": name, "scheme": scheme, "seed": seed}
            for name in args.sets
            for seed in range(args.seeds)
            for scheme in ["boosting", *schemes_for(name)]
        ]
        run_missing(RESULTS, runs, run, n_jobs=args.jobs)
    if args.part == "full":
        best = best_of_rest(run_missing(RESULTS, [], run))
        full = [
            {"set": "census_income_kdd, official split", "scheme": scheme, "seed": 0}
            for scheme in ("boosting", *EVERYDAY, best)
        ]
        run_missing(RESULTS, full, run_full)
    if args.part == "report":
        write_report(RESULTS, OPTIONS)


if __name__ == "__main__":
    main()
