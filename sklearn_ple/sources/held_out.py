"""`HeldOutRows`: which rows of a source are held out, the same ones in every pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, log

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_ple.tasks import Targets

_HARDLY_EVER = 1e-9


class HeldOutRows:
    """Rows drawn one by one, whatever the files are sorted by.

    Each row draws a lot, and is held out if that is below a fraction. A row with a class so rare
    that all its rows might be drawn is never held out.

    Parameters
    ----------
    seed : int
    fraction : float
        Share of rows held out.
    counts : sequence of (ndarray, ndarray) or None
        For each target its labels and how often each occurs; None for one that is no
        classification.
    """

    def __init__(
        self,
        seed: int,
        fraction: float,
        counts: Sequence[tuple[NDArray, NDArray[np.float64]] | None],
    ) -> None:
        self.seed = seed
        self.fraction = fraction
        enough = ceil(log(_HARDLY_EVER) / log(fraction))
        self._spared = [
            None if each is None else each[0][(each[1] > 0) & (each[1] < enough)] for each in counts
        ]
        self._below = fraction
        self._least, self._greatest = np.inf, -np.inf  # lots of rows that may be held out

    def drawer(self, group: int) -> Callable[[Targets, NDArray[np.bool_]], NDArray[np.bool_]]:
        """What says of the parts of a row group, one after the other, which rows are held out.

        It is told which rows count, for no other is held out.
        """
        random = np.random.default_rng([self.seed, group])

        def draw(targets: Targets, used: NDArray[np.bool_]) -> NDArray[np.bool_]:
            lots = random.random(len(targets))
            may = used.copy()
            for column, spared in zip(targets.columns, self._spared, strict=True):
                if spared is not None and len(spared):
                    may &= ~pd.Series(column).isin(spared).to_numpy()
            if may.any():
                self._least = min(self._least, float(lots[may].min()))
                self._greatest = max(self._greatest, float(lots[may].max()))
            return may & (lots < self._below)

        return draw

    def fill(self, n_train: int, n_valid: int) -> bool:
        """Move a row to a side that has none, once all were drawn; whether one was moved."""
        if not n_valid and self._least < np.inf:
            self._below = float(np.nextafter(self._least, np.inf))
        elif not n_train and self._least < self._greatest:
            self._below = self._greatest
        else:
            return False
        return True
