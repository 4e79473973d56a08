"""Accuracy on the official splits of the real sets: nets with defaults against boosting per task.

    python benchmarks/accuracy.py                                every set, one seed
    python benchmarks/accuracy.py adult_mixed --seeds 3 --architectures PLE SharedBottom

A test file is scored here and nowhere else: defaults are chosen by `defaults.py`, on splits of the
training files. Rows are appended to a JSON-lines file as they come, and runs found there are not
repeated.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from judge import judge_boosting, judge_net
from real_data import SETS, load
from resume import run_missing

import sklearn_ple


def run(name: str, architecture: str, seed: int) -> dict[str, Any]:
    """Fit on the training file with defaults, judge on the test file."""
    train, test = load(name, "train"), load(name, "test")
    if architecture == "boosting":
        return judge_boosting(train, test, seed)
    estimator = getattr(sklearn_ple, f"{architecture}Estimator")
    return judge_net(estimator(tasks=train.kinds, random_state=seed), train, test)


def table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Mean over seeds of each set's figure, and its standard deviation."""
    frame = pd.DataFrame(rows)
    grouped = frame.groupby(["set", "architecture"], sort=False)
    out = grouped.agg(
        mean=("mean", "mean"),
        sd=("mean", "std"),
        seeds=("seed", "count"),
        deviance=("deviance", "mean"),
        seconds=("seconds", "mean"),
    )
    figures = grouped["figures"].agg(lambda each: pd.DataFrame(list(each)).mean().to_dict())
    out["tasks"] = [
        ", ".join(f"{k} {v:.4f}" for k, v in f.items()) if len(f) <= 4 else f"{len(f)} tasks"
        for f in figures
    ]
    return out.reset_index()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="*", default=list(SETS))
    parser.add_argument("--architectures", nargs="+", default=["boosting", "SharedBottom", "PLE"])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--results", type=Path, default=Path("out/accuracy.jsonl"))
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    runs = [
        {"set": name, "architecture": architecture, "seed": seed}
        for name in args.sets
        for architecture in args.architectures
        for seed in range(args.seeds)
    ]
    rows = run_missing(args.results, runs, run)
    with pd.option_context("display.width", 200, "display.max_colwidth", 90):
        shown = [row for row in rows if row["set"] in args.sets]
        print(table(shown).to_string(index=False, float_format="{:.4f}".format, na_rep="-"))


if __name__ == "__main__":
    main()
