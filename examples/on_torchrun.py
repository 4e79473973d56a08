"""One fit by several processes, on one host or on many, that torchrun starts.

    torchrun --nproc-per-node 2 examples/on_torchrun.py [--rows 4000] [--epochs 5] [--out model]

On each of two hosts: torchrun --nnodes 2 --nproc-per-node 4 --rdzv-endpoint FIRST_HOST:29500 …

`fit` finds the processes by itself, so this is the script of a single process, but for what only
one of them is to do. Set OMP_NUM_THREADS to the cores of a host over its processes.
"""

from __future__ import annotations

import argparse
import os

from sklearn_ple import PLEClassifier, load_census_income, multitask_train_test_split


def main(arguments: list[str] | None = None) -> None:
    """Fit, and score what came out."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--out", help="file to save the model in")
    given = parser.parse_args(arguments)
    X, Y = load_census_income(return_X_y=True)  # every process reads all of the rows
    X_train, X_test, Y_train, Y_test = multitask_train_test_split(
        X[: given.rows], Y[: given.rows], random_state=0
    )
    model = PLEClassifier(max_epochs=given.epochs, random_state=0).fit(X_train, Y_train)
    if os.environ.get("RANK", "0") == "0":  # each process holds the same model
        print(f"{os.environ.get('WORLD_SIZE', '1')} processes, {len(model.history_)} epochs")
        for task, explained in model.score_tasks(X_test, Y_test).items():
            print(f"{task}: {explained:.4f} of deviance explained")
        if given.out:
            model.save(given.out)


if __name__ == "__main__":
    main()
