"""Fits that processes share: by name, each as a function of a folder, and the script they run.

`python shared_fits.py FOLDER` fits all of them, alone or as one of several processes, and leaves
what came out in a file of FOLDER, named after its rank.
"""

from __future__ import annotations

import os
import pickle
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from skorch.callbacks import Callback

import sklearn_ple as ple
from sklearn_ple.base import MultiTaskEstimator

N, N_VALID = 331, 97
TASKS = {"click": "binary", "price": "regression", "kind": "multiclass", "visits": "count"}
SMALL = {"embedding_dim": 3, "batch_size": 37, "tower_widths": (5,), "dropout": 0.0}
PLAIN = {"tasks": TASKS, "precision": "float64", "max_epochs": 3, "lr": 1e-3, "random_state": 5}
ARCHITECTURES: dict[str, tuple[type[MultiTaskEstimator], dict[str, Any]]] = {
    "SingleTask": (ple.SingleTaskEstimator, {"bottom_widths": (11,)}),
    "SharedBottom": (ple.SharedBottomEstimator, {"bottom_widths": (11,)}),
    "MMOE": (ple.MMOEEstimator, {"expert_widths": (11,)}),
    "CGC": (ple.CGCEstimator, {"expert_widths": (11,)}),
    "PLE": (ple.PLEEstimator, {"expert_widths": (11,)}),
}
WEIGHTINGS = ("uncertainty", "dwa", "rlw", "famo", "pcgrad", "aligned_mtl")


def rows(n: int = N, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Numbers and a category; two of four tasks with labels on few rows, so on no row of some."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(n, 4)), columns=list("abcd"))
    X["where"] = rng.choice(["north", "south", "west"], size=n)
    X.loc[rng.random(n) < 0.1, "b"] = np.nan
    a = X["a"].to_numpy()
    y = pd.DataFrame(
        {
            "click": (a + rng.normal(size=n) > 0).astype(float),
            "price": 100 + 10 * a + rng.normal(size=n),
            "kind": np.digitize(a + rng.normal(size=n), [-0.5, 0.5]).astype(float),
            "visits": rng.poisson(np.exp(0.5 * a)).astype(float),
        }
    )
    y.loc[rng.random(n) > 0.04, "kind"] = np.nan
    y.loc[:2, "kind"] = [0.0, 1.0, 2.0]
    y.loc[np.arange(n) % 3 > 0, "click"] = np.nan
    return X, y


def made(name: str = "SharedBottom", **changes: Any) -> MultiTaskEstimator:
    """A small estimator in float64 and without dropout."""
    cls, sizes = ARCHITECTURES[name]
    return cls(**SMALL | PLAIN | sizes | changes)


def fitted(name: str = "SharedBottom", **changes: Any) -> MultiTaskEstimator:
    """The same, fitted with rows to stop by."""
    X_val, y_val = rows(N_VALID, seed=1)
    return made(name, **changes).fit(*rows(), X_val=X_val, y_val=y_val)


class StopsInOneProcess(Callback):
    """Asks to stop, in the second process alone."""

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        if os.environ.get("RANK") == "1" and len(net.history) == 2:
            raise KeyboardInterrupt


def _weighed(_: Path) -> MultiTaskEstimator:
    weight = np.random.default_rng(3).uniform(0, 2, size=(N, len(TASKS)))
    weight[:20, 1] = 0
    class_weight = {"click": "balanced", "kind": {0: 1.0, 1: 2.0, 2: 0.5}}
    return made(class_weight=class_weight, early_stopping=True).fit(*rows(), weight)


def _in_parts(_: Path) -> MultiTaskEstimator:
    X, y = rows()
    model = made()
    for part in (slice(0, 130), slice(130, None)):
        model.partial_fit(X[part], y[part])
    return model


def _warm(_: Path) -> MultiTaskEstimator:
    return fitted(warm_start=True, max_epochs=2).fit(*rows(seed=2))


def _pilot(_: Path) -> MultiTaskEstimator:
    settings = {"max_epochs": "auto", "early_stopping": "auto", "batch_size": 128, "lr": 0.05}
    return made(optimizer="sgd", **settings).fit(*rows(413))


def _funnel(_: Path) -> MultiTaskEstimator:
    X, y = rows()
    seen = (X["a"] > -0.5).astype(int)
    y = pd.DataFrame({"seen": seen, "bought": seen * (X["c"] > 0)})
    settings = PLAIN | {
        "tasks": {"seen": "binary", "bought": "binary"},
        "tower_widths": (5,),
        "embedding_dim": 3,
        "batch_size": 37,
    }
    return ple.AITMEstimator(bottom_widths=(8,), dropout=0.0, **settings).fit(X, y)


def _parquet(folder: Path) -> MultiTaskEstimator:
    source = ple.ParquetSource(folder / "rows", targets=list(TASKS), buffer_rows=90)
    held_out = ple.ParquetSource(folder / "valid", targets=list(TASKS), buffer_rows=90)
    return made("MMOE").fit(source, X_val=held_out)


def _gated(_: Path) -> MultiTaskEstimator:
    settings = SMALL | PLAIN | {"expert_widths": (7,), "l0": 0.01}
    return ple.SNREstimator(**settings).fit(*rows())


SAME_AS_ALONE: dict[str, Callable[[Path], MultiTaskEstimator]] = {
    **{name: lambda _, name=name: fitted(name) for name in ARCHITECTURES},
    **{name: lambda _, name=name: fitted(weighting=name) for name in WEIGHTINGS},
    "stops early": lambda _: fitted(patience=1, max_epochs=30, lr=0.03, optimizer="sgd"),
    "float32": lambda _: fitted(precision="float32", optimizer="sgd", lr=0.01),
    "more processes than rows": lambda _: made(batch_size=2).fit(*rows(23)),
    "random state": lambda _: fitted(random_state=np.random.RandomState(7)),
    "weights of rows and classes": _weighed,
    "partial_fit": _in_parts,
    "warm start": _warm,
    "pilot": _pilot,
    "penalty of outputs": _funnel,
    "penalty and noise of gates": _gated,
    "Parquet": _parquet,
}
SAME_IN_ALL: dict[str, Callable[[Path], MultiTaskEstimator]] = {
    "dropout": lambda _: fitted(dropout=0.3),
    "no random state": lambda _: fitted(random_state=None),
    "one asks to stop": lambda _: fitted(callbacks=[StopsInOneProcess()], max_epochs=4),
}


@dataclass
class Outcome:
    """What is compared of a fitted estimator."""

    weights: dict[str, np.ndarray]
    history: pd.DataFrame
    best_epoch: int
    predicted: pd.DataFrame


def outcome(model: MultiTaskEstimator) -> Outcome:
    """The weights, the course of training and predictions."""
    weights = {name: p.detach().numpy() for name, p in model.module_.named_parameters()}
    history = model.history_.drop(columns="seconds")
    return Outcome(weights, history, model.best_epoch_, model.predict_frame(rows(31, seed=4)[0]))


def run_all(folder: Path) -> dict[str, Outcome]:
    """The outcome of every fit."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return {name: outcome(fit(folder)) for name, fit in (SAME_AS_ALONE | SAME_IN_ALL).items()}


def main(folder: Path) -> None:
    """Run them as one of several processes."""
    torch.set_num_threads(1)
    if "JOINS" in os.environ:
        torch.distributed.init_process_group("gloo")
    outcomes = run_all(folder)
    (folder / f"{os.environ['RANK']}.pkl").write_bytes(pickle.dumps(outcomes))


if __name__ == "__main__":
    import shared_fits  # under its own name, by which outcomes are found again

    shared_fits.main(Path(sys.argv[1]))
