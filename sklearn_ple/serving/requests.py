"""What is asked: rows as a dict of columns, a table or an array, by the columns of `fit`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sklearn_ple.features import Columns, read_columns


def read_request(X: Any, names: Sequence[str] | None, n_features: int) -> Columns:
    """Columns in the order of `fit`.

    Parameters
    ----------
    X : dict of str to (value or sequence), array-like or DataFrame
        A dict of values is one row, a dict of sequences many.
    names : sequence of str or None
        The columns of `fit`, where they had names. Those of X are then found by name.
    n_features : int

    Raises
    ------
    ValueError
        If columns are missing or too many, or there is no row.
    """
    if isinstance(X, Mapping):
        if names is None:
            raise ValueError(
                "A dict of columns was given, but the model was fitted on columns without names; "
                "give an array, with the columns in the order of fit."
            )
        X = pd.DataFrame({name: _as_column(values) for name, values in X.items()})
    columns = read_columns(X)
    if not columns.n_rows:
        raise ValueError(f"Found array with 0 sample(s) (shape=(0, {len(columns.labels)})).")
    if names is not None and columns.names is not None and columns.names != list(names):
        check_names(columns.names, names)
        assert isinstance(columns.table, pd.DataFrame)
        columns = read_columns(columns.table[list(names)])
    if len(columns.labels) != n_features:
        raise ValueError(f"X has {len(columns.labels)} features, but fit saw {n_features}.")
    return columns


def check_names(given: Sequence[str], names: Sequence[str]) -> None:
    """Raise ValueError unless these are the columns of fit, in any order."""
    missing = [name for name in names if name not in set(given)]
    unknown = [name for name in given if name not in set(names)]
    if missing or unknown:
        raise ValueError(
            f"X must have the columns of fit. Missing: {missing}; not seen at fit: {unknown}."
        )


def _as_column(values: Any) -> Any:
    return [values] if values is None or np.ndim(values) == 0 else values
