"""One fit by several Ray Train workers, on one host or on a cluster.

    pip install "ray[train]"
    python examples/on_ray.py [--rows 4000] [--epochs 5] [--workers 2]

Ray makes the process group, `fit` joins it. The first worker saves the model where the driver finds
it; on a cluster that is a folder that all hosts see.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import ray.train
from ray.train import RunConfig, ScalingConfig
from ray.train.torch import TorchConfig, TorchTrainer

from sklearn_ple import PLEClassifier, load, load_census_income, multitask_train_test_split


def split(n_rows: int) -> Any:
    """The same rows in every process."""
    X, Y = load_census_income(return_X_y=True)
    return multitask_train_test_split(X[:n_rows], Y[:n_rows], random_state=0)


def fit(config: dict[str, Any]) -> None:
    """What each worker runs."""
    X_train, _, Y_train, _ = split(config["rows"])
    model = PLEClassifier(max_epochs=config["epochs"], random_state=0).fit(X_train, Y_train)
    if ray.train.get_context().get_world_rank() == 0:  # each worker holds the same model
        model.save(config["out"])


def main(arguments: list[str] | None = None) -> None:
    """Fit, and score what came out."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        out = str(Path(folder) / "model.zip")
        TorchTrainer(
            fit,
            train_loop_config={"rows": given.rows, "epochs": given.epochs, "out": out},
            scaling_config=ScalingConfig(num_workers=given.workers),
            run_config=RunConfig(storage_path=folder),
            torch_config=TorchConfig(backend="gloo"),  # "nccl" for GPUs
        ).fit()
        model = load(out)
    _, X_test, _, Y_test = split(given.rows)
    print(f"{given.workers} workers, {len(model.history_)} epochs")
    for task, explained in model.score_tasks(X_test, Y_test).items():
        print(f"{task}: {explained:.4f} of deviance explained")


if __name__ == "__main__":
    main()
