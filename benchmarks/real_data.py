"""The real data sets that studies run on, read from a folder of Parquet files.

The folder is named by SKLEARN_PLE_DATA, or lies beside the repository as `shared/data`.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

SETS = (
    "adult_mixed",
    "census_income_kdd",
    "bike_sharing_hourly",
    "tox21_rdkit",
    "mulan_enb",
    "mulan_wq",
    "river_flow_rf1",
    "hillstrom_email",
)
SORTED_BY_TIME = {"river_flow_rf1"}


@dataclass(frozen=True)
class RealSet:
    """Features, targets by name, and the kind of each."""

    name: str
    X: pd.DataFrame
    Y: pd.DataFrame
    kinds: dict[str, str]

    def take(self, rows: np.ndarray) -> RealSet:
        """Some of the rows."""
        return RealSet(self.name, self.X.iloc[rows], self.Y.iloc[rows], self.kinds)


def data_folder() -> Path:
    """Where the sets lie."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    return Path(os.environ.get("SKLEARN_PLE_DATA", beside))


def load(name: str, part: str = "train") -> RealSet:
    """One part of a set, categoricals as such, targets renamed to the tasks' names."""
    folder = data_folder() / name
    meta = json.loads((folder / "meta.json").read_text())
    frame = pd.read_parquet(folder / f"{part}.parquet")
    X = frame[meta["numeric"] + meta["categorical"]].copy()
    X[meta["categorical"]] = X[meta["categorical"]].astype("category")
    Y = pd.DataFrame({task["name"]: frame[task["target"]] for task in meta["tasks"]})
    kinds = {task["name"]: task["type"] for task in meta["tasks"]}
    return RealSet(name, X, Y, kinds)


def inner_split(data: RealSet, seed: int, held_out: float = 0.2) -> tuple[RealSet, RealSet]:
    """Training and judging rows, both out of the training file.

    At random; for a set sorted by time the last rows judge, and the seed only drops a tenth of the
    training rows, so that seeds differ.
    """
    rng = np.random.default_rng(seed)
    n = len(data.X)
    n_held_out = round(n * held_out)
    if data.name in SORTED_BY_TIME:
        early = np.arange(n - n_held_out)
        kept = np.sort(rng.choice(early, size=round(0.9 * len(early)), replace=False))
        return data.take(kept), data.take(np.arange(n - n_held_out, n))
    order = rng.permutation(n)
    return data.take(np.sort(order[n_held_out:])), data.take(np.sort(order[:n_held_out]))
