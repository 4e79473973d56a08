"""Families of strata (n, n_tasks), -1 where a label is missing; how uneven a split of them is."""

from __future__ import annotations

import numpy as np


def funnel(n: int, rng: np.random.Generator) -> np.ndarray:
    """Three steps, each of which only those can take who took the one before."""
    click = rng.random(n) < 0.4
    visit = click & (rng.random(n) < 0.3)
    buy = visit & (rng.random(n) < 0.5)
    steps = [click, np.where(click, visit, -1), np.where(visit, buy, -1)]
    return np.column_stack(steps).astype(np.int64)


def assays(n: int, rng: np.random.Generator) -> np.ndarray:
    """Eleven yes-or-no tasks, seldom yes, a third of the labels missing anywhere."""
    positive = rng.random((n, 11)) < 0.07
    return np.where(rng.random((n, 11)) < 0.3, -1, positive.astype(np.int64))


def numbers(n: int, rng: np.random.Generator) -> np.ndarray:
    """Seven tasks in five quantile bins each, related to one another."""
    values = rng.normal(size=(n, 1)) + 0.6 * rng.normal(size=(n, 7))
    bins = values.argsort(axis=0).argsort(axis=0) * 5 // n
    return np.where(rng.random((n, 7)) < 0.15, -1, bins)


def long_tails(n: int, rng: np.random.Generator) -> np.ndarray:
    """Four tasks of up to thirty classes, most of them rare; no label missing."""
    return np.minimum(rng.zipf(1.6, size=(n, 4)) - 1, 29).astype(np.int64)


def few_labels(n: int, rng: np.random.Generator) -> np.ndarray:
    """Six tasks with labels in a twenty-fifth of the rows each."""
    return np.where(rng.random((n, 6)) < 0.04, rng.integers(0, 2, (n, 6)), -1)


def mixed(n: int, rng: np.random.Generator) -> np.ndarray:
    """A rare class, five bins, and three classes that only rows of the rare one have."""
    first = rng.choice([-1, 0, 1], n, p=[0.3, 0.55, 0.15])
    third = np.where(first == 1, rng.integers(0, 3, n), -1)
    return np.column_stack([first, rng.integers(0, 5, n), third])


FAMILIES = [funnel, assays, numbers, long_tails, few_labels, mixed]


def deviations(
    strata: np.ndarray, part: np.ndarray, n_parts: int, shares: list[float] | None = None
) -> np.ndarray:
    """By how many rows each part differs from its share of every stratum and of all gaps."""
    wanted = np.full(n_parts, 1 / n_parts) if shares is None else np.array(shares)
    found = []
    for column in strata.T:
        for stratum in np.unique(column):
            has = column == stratum
            found.append(np.bincount(part[has], minlength=n_parts) - has.sum() * wanted)
    return np.array(found)


def root_mean_square(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values**2)))
