"""The table that defaults rest on: one change at a time, on splits of the training files.

    python benchmarks/defaults.py                          the whole table
    python benchmarks/defaults.py --sets bike_sharing_hourly --seeds 3
    python benchmarks/defaults.py --sets "bike_sharing_hourly, 700 rows" --changes max_epochs=40

For every set and seed a fifth of the training file judges; test files are not read. Rows are
appended to a JSON-lines file as they come, and runs found there are not repeated; the table shows
means over seeds and the paired difference to the defaults.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from judge import judge_boosting, judge_net
from real_data import RealSet, inner_split, load
from resume import run_missing
from sparse_task import hide

import sklearn_ple

CHANGES: dict[str, dict[str, Any]] = {
    "defaults": {},
    "numeric_encoding='standard'": {"numeric_encoding": "standard"},
    "numeric_encoding='quantile'": {"numeric_encoding": "quantile"},
    "task_weights=None": {"task_weights": None},
    "n_shared_experts=1, expert_widths=(256,)": {
        "n_shared_experts": 1,
        "expert_widths": (256,),
    },
    "activation='relu'": {"activation": "relu"},
    "weight_averaging=None": {"weight_averaging": None},
    "lr_schedule='constant'": {"lr_schedule": "constant"},
    "dropout=0": {"dropout": 0.0},
    "weight_decay=0": {"weight_decay": 0.0},
    "dropout=0.3, weight_decay=0.1": {"dropout": 0.3, "weight_decay": 0.1},
    "max_epochs=40": {"max_epochs": 40},
    "max_epochs=200": {"max_epochs": 200},
    "tower_widths=()": {"tower_widths": ()},
    "embedding_dim=8": {"embedding_dim": 8},
}
SETS = (
    "adult_mixed",
    "adult, income 99 % hidden",
    "bike_sharing_hourly",
    "tox21_rdkit",
    "mulan_enb",
    "mulan_wq",
)


def pair(name: str, seed: int) -> tuple[RealSet, RealSet]:
    """Training and judging rows of a set, or of "set, N rows", which trains on N of them."""
    if name.startswith("adult, "):
        train, judge = inner_split(load("adult_mixed"), seed)
        return hide(train, "income", 0.99, seed), judge
    whole, _, size = name.partition(", ")
    train, judge = inner_split(load(whole), seed)
    if size:
        n_rows = int(size.removesuffix(" rows"))
        chosen = np.random.default_rng(seed).choice(len(train.X), n_rows, replace=False)
        train = train.take(chosen)
    return train, judge


def run(name: str, architecture: str, change: str, seed: int) -> dict[str, Any]:
    """Fit one variant and judge it."""
    train, judge = pair(name, seed)
    if architecture == "boosting":
        return judge_boosting(train, judge, seed)
    estimator = getattr(sklearn_ple, f"{architecture}Estimator")
    return judge_net(
        estimator(tasks=train.kinds, random_state=seed, **CHANGES[change]), train, judge
    )


def table(rows: list[dict[str, Any]]) -> str:
    """Markdown: means of the defaults, and each change's paired difference in thousandths."""
    frame = pd.DataFrame(rows)
    frame["row"] = frame["architecture"] + " " + frame["change"].where(frame["change"] != "", "")
    means = frame.pivot_table(index="row", columns="set", values="mean", sort=False)
    seeds = frame.groupby("set")["seed"].nunique()
    lines = ["| variant | " + " | ".join(f"{c} ({seeds[c]} seeds)" for c in means) + " |"]
    lines.append("|---|" + "---|" * means.shape[1])
    for name, row in means.iterrows():
        architecture, _, change = str(name).partition(" ")
        base = means.loc[f"{architecture} defaults"] if change not in ("", "defaults") else None
        cells = [
            "" if pd.isna(v) else f"{v:.4f}" if base is None else f"{1000 * (v - base[c]):+.1f}"
            for c, v in row.items()
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="+", default=list(SETS))
    parser.add_argument("--architecture", default="PLE", help="whose changes are shown")
    parser.add_argument("--changes", nargs="+", default=list(CHANGES), help="some of the rows")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--results", type=Path, default=Path("out/defaults.jsonl"))
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    variants = [("boosting", ""), (args.architecture, "defaults")]
    variants += [(a, "defaults") for a in ("PLE", "SharedBottom") if a != args.architecture]
    variants += [(args.architecture, change) for change in args.changes if change != "defaults"]
    runs = [
        {"set": name, "architecture": architecture, "change": change, "seed": seed}
        for architecture, change in variants
        for name in args.sets
        for seed in range(args.seeds)
    ]
    rows = run_missing(args.results, runs, run)
    print(table([row for row in rows if row["set"] in args.sets]))


if __name__ == "__main__":
    main()
