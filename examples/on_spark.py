"""One fit by several Spark tasks, on this host or on the executors of a cluster.

    pip install pyspark          (and Java 17 or later)
    python examples/on_spark.py [--rows 4000] [--epochs 5] [--processes 2]

Spark's `TorchDistributor` starts the processes as torchrun does, and hands back what the first one
returns. With `local_mode=False` they are tasks on the executors, which must have this package.
"""

from __future__ import annotations

import argparse
from typing import Any

from pyspark.ml.torch.distributor import TorchDistributor
from pyspark.sql import SparkSession

from sklearn_ple import PLEClassifier, load_census_income, multitask_train_test_split


def split(n_rows: int) -> Any:
    """The same rows in every process."""
    X, Y = load_census_income(return_X_y=True)
    return multitask_train_test_split(X[:n_rows], Y[:n_rows], random_state=0)


def fit(n_rows: int, n_epochs: int) -> PLEClassifier:
    """What each process runs; each returns the same model."""
    X_train, _, Y_train, _ = split(n_rows)
    return PLEClassifier(max_epochs=n_epochs, random_state=0).fit(X_train, Y_train)


def main(arguments: list[str] | None = None) -> None:
    """Fit, and score what came out."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args(arguments)
    spark = SparkSession.builder.master(f"local[{given.processes}]").appName("census").getOrCreate()
    distributor = TorchDistributor(given.processes, local_mode=True, use_gpu=False)
    model = distributor.run(fit, given.rows, given.epochs)
    spark.stop()
    _, X_test, _, Y_test = split(given.rows)
    print(f"{given.processes} processes, {len(model.history_)} epochs")
    for task, explained in model.score_tasks(X_test, Y_test).items():
        print(f"{task}: {explained:.4f} of deviance explained")


if __name__ == "__main__":
    main()
