"""A set of tasks of every kind, with labels missing, and the loss over it by loops."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from sklearn_ple.tasks import (
    Binary,
    Count,
    Multiclass,
    Regression,
    Targets,
    TaskSet,
    read_targets,
)
from sklearn_ple.training import MultiTaskLoss
from sklearn_ple.weighting import LossWeighting, StaticWeighting

Array = NDArray[np.float64]
DELTA = 0.7
TASK_WEIGHTS = np.array([1.0, 0.5, 2.0, 0.25, 1.5, 3.0, 0.75])
# Tasks of a kind stand apart, so that what is grouped for speed must be put back in order.
KINDS = {
    "click": Binary(),
    "colour": Multiclass(),
    "price": Regression(),
    "visits": Count(),
    "buy": Binary(),
    "robust": Regression(loss="huber", delta=DELTA),
    "shape": Multiclass(),
}
N_CLASSES = {"colour": 3, "shape": 4}


def labels(n: int, seed: int = 0, missing: float = 0.3) -> pd.DataFrame:
    """Every class occurs in the first rows, which miss no label."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "click": np.arange(n) % 2,
            "colour": rng.permutation(np.arange(n) % 3),
            "price": 100 + 20 * rng.normal(size=n),
            "visits": rng.poisson(2.5, size=n),
            "buy": rng.permutation(np.arange(n) % 2),
            "robust": 1e-3 * rng.standard_t(2, size=n),
            "shape": rng.permutation(np.arange(n) % 4),
        },
        dtype=np.float64,
    )
    return frame.mask(rng.random(frame.shape) < missing)


def weights(n: int, seed: int = 1) -> Array:
    return np.random.default_rng(seed).uniform(0.2, 3.0, size=(n, len(KINDS)))


def fit_tasks(y: pd.DataFrame, weight: Array) -> tuple[TaskSet, Targets]:
    targets = read_targets(y)
    return TaskSet.fit(list(KINDS.values()), targets, weight), targets


def make_loss(task_set: TaskSet, weighting: LossWeighting | None = None) -> MultiTaskLoss:
    weighting = weighting or StaticWeighting()
    weighting.setup(task_set.names)
    return MultiTaskLoss(task_set, weighting, TASK_WEIGHTS).double()


def as_tensors(encoded: Array, weight: Array) -> tuple[torch.Tensor, torch.Tensor]:
    """What the engine makes of labels: zero, with weight zero, where they are missing."""
    outside = np.isnan(encoded)
    return (
        torch.from_numpy(np.where(outside, 0.0, encoded)),
        torch.from_numpy(np.where(outside, 0.0, weight)),
    )


def draw_raw(n: int, n_raw: int, seed: int = 2) -> Array:
    return np.random.default_rng(seed).normal(size=(n, n_raw))


def one_loss(name: str, raw: Array, label: float) -> float:
    """The loss of one encoded label, from its formula."""
    if name in ("click", "buy"):
        probability = 1 / (1 + np.exp(-raw[0]))
        return float(-np.log(probability if label == 1 else 1 - probability))
    if name in N_CLASSES:
        shares = np.exp(raw) / np.exp(raw).sum()
        return float(-np.log(shares[int(label)]))
    if name == "visits":
        mean = np.exp(raw[0])
        return float((label * np.log(label / mean) if label else 0.0) - label + mean)
    error = abs(raw[0] - label)
    if name == "robust" and error > DELTA:
        return float(2 * DELTA * error - DELTA**2)
    return float(error**2)


def equation_9(task_set: TaskSet, raw: Array, encoded: Array, weight: Array) -> Array:
    """Weighted means over each task's sample space, in units of the null deviance, by loops."""
    losses = []
    for k, (task, part) in enumerate(zip(task_set, task_set.slices, strict=True)):
        total = norm = 0.0
        for i in range(len(raw)):
            if np.isnan(encoded[i, k]):
                continue
            total += weight[i, k] * one_loss(task.name_, raw[i, part], encoded[i, k])
            norm += weight[i, k]
        losses.append(total / norm / task.null_deviance_ if norm else 0.0)
    return np.array(losses)
