"""The internal validation split: stratified on labels and on which labels are missing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sklearn_ple.splitting import hold_out


def validation_split(
    strata: NDArray[np.int64], fraction: float, random_state: np.random.RandomState
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Row numbers for training and validation.

    Balanced are the strata of every task, the numbers of its labels, and the patterns of missing
    ones (see `hold_out`). A stratum that lay in the held-out rows only goes back to training.

    Parameters
    ----------
    strata : ndarray of shape (n, n_tasks)
        Stratum of every label, -1 where missing.
    fraction : float
        Share of rows held out.
    random_state : RandomState

    Raises
    ------
    ValueError
        If either side would be empty.
    """
    n = len(strata)
    n_held_out = round(n * fraction)
    if n_held_out < 1 or n_held_out >= n:
        raise ValueError(
            f"A validation split of {n} samples with validation_fraction={fraction} leaves one "
            f"side empty; set early_stopping=False or give X_val and y_val."
        )
    held_out = hold_out(strata, n_held_out, random_state)
    _keep_rare(strata, held_out)
    if not held_out.any():
        raise ValueError(
            f"A validation split of {n} samples has no row that training can spare; set "
            f"early_stopping=False or give X_val and y_val."
        )
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)


def _keep_rare(strata: NDArray[np.int64], held_out: NDArray[np.bool_]) -> None:
    """Give back to training the rows of a stratum that would be in validation only."""
    for column in strata.T:
        only_held_out = np.setdiff1d(column[held_out], column[~held_out])
        held_out &= ~np.isin(column, only_held_out[only_held_out >= 0])
