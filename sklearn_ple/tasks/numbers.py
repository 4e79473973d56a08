"""Numeric labels: reading them and cutting them into strata."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sklearn_ple.tables import missing
from sklearn_ple.tasks.task import Floats


def to_numbers(column: NDArray, name: str) -> Floats:
    """A column of labels, shape (n,), as float64 with NaN where missing.

    Raises
    ------
    ValueError
        If a label is not a number, or infinite.
    """
    try:
        values = np.where(missing(column), np.nan, column).astype(np.float64)
    except (TypeError, ValueError):
        raise ValueError(
            f"Task {name!r} needs numbers, but has labels such as {_no_number(column)!r}. If they "
            f"are classes: tasks={{{name!r}: 'classification'}}, in a …ClassifierRegressor or "
            f"…Estimator."
        ) from None
    if np.isinf(values).any():
        raise ValueError(f"Task {name!r}: y contains infinity, or a value too large for float64.")
    return values


def _no_number(column: NDArray) -> object:
    """A label that is not a number."""
    for label in column[~missing(column)].tolist():
        try:
            float(label)
        except (TypeError, ValueError):
            return label
    return column.dtype.name


def quantile_strata(encoded: Floats, n_strata: int = 5) -> NDArray[np.int64]:
    """Numbers, shape (n,), to the quantile bin that each lies in; -1 where missing."""
    present = ~np.isnan(encoded)
    strata = np.full(len(encoded), -1, dtype=np.int64)
    if present.any():
        edges = np.quantile(encoded[present], np.linspace(0, 1, n_strata + 1)[1:-1])
        strata[present] = np.searchsorted(edges, encoded[present], side="left")
    return strata
