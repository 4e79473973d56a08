"""Rows of every sort of column, in memory and in several Parquet files of small row groups."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sklearn_ple import ParquetSource, SharedBottomEstimator

N = 331
FEATURES = ["age", "income", "visits", "colour", "town", "member"]
TARGETS = ["bought", "spent", "shade", "calls"]
KINDS = ["binary", "regression", "multiclass", "count"]


def make_rows(n: int = N, seed: int = 0) -> pd.DataFrame:
    """Features with gaps, targets of four kinds with gaps, two columns of weights, an id."""
    rng = np.random.default_rng(seed)
    age = rng.normal(40, 10, n).round(1)
    frame = pd.DataFrame(
        {
            "age": np.where(rng.random(n) < 0.1, np.nan, age),
            "income": rng.lognormal(8, 1, n),
            "visits": rng.poisson(2, n),
            "colour": pd.Categorical(rng.choice(["red", "green", "blue", "grey", "pink"], n)),
            "town": rng.choice(["Aix", "Bonn", None, "Cork"], n),
            "member": rng.random(n) < 0.3,
        }
    )
    frame["bought"] = np.where(rng.random(n) < 0.3, np.nan, age + rng.normal(0, 9, n) > 40)
    frame["spent"] = np.where(rng.random(n) < 0.4, np.nan, 3 * age + rng.normal(0, 5, n))
    frame["shade"] = rng.choice(["dark", "light", "mid"], n)
    frame["calls"] = rng.poisson(30, n)
    frame["w"] = rng.uniform(0.5, 2, n)
    frame["v"] = rng.uniform(0, 1, n).round(1)
    frame["id"] = np.arange(n)
    return frame


def write(folder: Path, frame: pd.DataFrame, *, row_group_size: int = 41) -> Path:
    """Three files of unequal sizes."""
    cuts = [0, len(frame) // 5, len(frame) // 2, len(frame)]
    for i, (start, stop) in enumerate(pairwise(cuts)):
        part = frame.iloc[start:stop]
        part.to_parquet(folder / f"part-{i}.parquet", row_group_size=row_group_size, index=False)
    return folder


def source(folder: Path, **options: Any) -> ParquetSource:
    """The files, to be streamed whatever their size; options override."""
    settings = {"features": FEATURES, "targets": TARGETS, "buffer_rows": 64}
    return ParquetSource(folder, **settings | options)


def estimator(**options: Any) -> SharedBottomEstimator:
    """A small network without dropout, that sees all rows at once; options override."""
    settings: dict[str, Any] = {
        "tasks": KINDS,
        "bottom_widths": (7,),
        "tower_widths": (),
        "embedding_dim": 3,
        "dropout": 0.0,
        "batch_size": N,
        "max_epochs": 2,
        "early_stopping": False,
        "device": "cpu",
        "random_state": 0,
    }
    return SharedBottomEstimator(**settings | options)
