"""Several goals at once: what nothing else beats."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def on_front(scores: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Rows of scores (n, n_metrics), greater being better, that no row dominates.

    A row dominates another if it is nowhere worse and somewhere better. Rows with NaN are never on
    the front. Equal rows are on it together.
    """
    front = np.asarray(~np.isnan(scores).any(axis=1))
    others = scores[front]
    for i in np.flatnonzero(front):
        no_worse = (others >= scores[i]).all(axis=1)
        front[i] = not (no_worse & (others > scores[i]).any(axis=1)).any()
    return front
