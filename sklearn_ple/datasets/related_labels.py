"""Turning the numbers of synthetic tasks into labels of other kinds."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.random import RandomState

from sklearn_ple.datasets.related_oracle import Floats

Kind = Literal["regression", "binary", "multiclass", "count"]
KINDS: tuple[Kind, ...] = get_args(Kind)


def to_labels(
    kind: Kind,
    numbers: Floats,
    *,
    standardised: Floats,
    positive_rate: float,
    n_classes: int,
    random: RandomState,
) -> Floats:
    """One task's labels of its kind, shape (n,), from its numbers and those standardised."""
    if kind == "binary":
        return _bins(numbers, np.array([1 - positive_rate]))
    if kind == "multiclass":
        return _bins(numbers, np.arange(1, n_classes) / n_classes)
    if kind == "count":
        return random.poisson(np.exp(standardised)).astype(np.float64)
    return numbers


def _bins(numbers: Floats, quantiles: Floats) -> Floats:
    """How many of these quantiles of the sample each number exceeds."""
    return np.searchsorted(np.quantile(numbers, quantiles), numbers).astype(np.float64)
