"""A sparse task beside dense ones: adult_mixed with 99 % of the income labels hidden.

    python benchmarks/sparse_task.py --seeds 5

For every seed, on the same rows: multi-task nets, single-task nets of the same depth (one a task,
fitted together), and the multi-task nets on all labels. Judged on the test file.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd
import torch
from judge import judge_net
from real_data import RealSet, load
from tqdm import tqdm

import sklearn_ple


def hide(data: RealSet, task: str, share: float, seed: int) -> RealSet:
    """The same rows with a share of one task's labels set to NaN."""
    Y = data.Y.copy()
    Y[task] = Y[task].astype(float)
    Y.loc[np.random.default_rng(seed).random(len(Y)) < share, task] = np.nan
    return RealSet(data.name, data.X, Y, data.kinds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--share", type=float, default=0.99)
    parser.add_argument("--architectures", nargs="+", default=["PLE", "SharedBottom"])
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    train, test = load("adult_mixed", "train"), load("adult_mixed", "test")
    rows = []
    for seed in tqdm(range(args.seeds), unit="seed"):
        sparse = hide(train, "income", args.share, seed)
        runs = [("SingleTask", sparse, "hidden")]
        for name in args.architectures:
            runs += [(name, sparse, "hidden"), (name, train, "all")]
        for name, data, labels in runs:
            kwargs = {"tasks": train.kinds, "random_state": seed}
            model = getattr(sklearn_ple, f"{name}Estimator")(**kwargs)
            figures = judge_net(model, data, test)["figures"]
            rows.append({"architecture": name, "labels": labels, "seed": seed} | figures)
    frame = pd.DataFrame(rows)
    print(frame.round(4).to_string(index=False))
    means = frame.drop(columns="seed").groupby(["architecture", "labels"], sort=False)
    print(means.agg(["mean", "std"]).round(4).to_string())


if __name__ == "__main__":
    main()
