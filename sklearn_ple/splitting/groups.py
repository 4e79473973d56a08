"""Groups of rows that must stay together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sklearn_ple.splitting.traits import Rows
from sklearn_ple.tables import as_frame, missing


def read_groups(groups: Any) -> Rows:
    """The number of every row's group, from 0 on, in the order of the groups' names.

    Parameters
    ----------
    groups : array-like of shape (n,)

    Returns
    -------
    ndarray of shape (n,)

    Raises
    ------
    ValueError
        If a row has no group, or there is more than one column.
    """
    table = as_frame(groups)
    values = np.asarray(groups) if table is None else table.to_numpy()
    if values.dtype.kind == "U" and table is None and not isinstance(groups, np.ndarray):
        values = np.asarray(groups, dtype=object)  # a list of numbers and text stays one
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise ValueError(f"groups must be one column, got an array of shape {values.shape}.")
    if missing(values).any():
        raise ValueError(
            f"groups is missing in {missing(values).sum()} row(s); give each of them a group of "
            f"its own if they are independent."
        )
    try:
        numbers, _ = pd.factorize(values, sort=True)
    except TypeError:  # names without an order
        numbers, _ = pd.factorize(values)
    return numbers
