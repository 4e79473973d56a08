"""`LevelDigest`: how often each level of a categorical column occurs, in bounded memory."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sklearn_ple.features import Vocabulary
from sklearn_ple.features.levels import uniform

Level = str | int | float
_ROOM = 8


class LevelDigest:
    """Weights of levels, of which no more than `most` get a code of their own.

    Counting is exact up to eight times as many levels. Beyond, the lightest half is dropped now
    and then; one that comes back later begins anew.

    Parameters
    ----------
    label : str
        The column, for messages.
    most : int
        Levels that are kept: the heaviest.
    """

    def __init__(self, label: str, most: int) -> None:
        self.label = label
        self.most = most
        self._weights: defaultdict[Level, float] = defaultdict(float)
        self._of_missing, self._has_missing = 0.0, False
        self._of_dropped, self._has_dropped = 0.0, False

    def add(self, codes: NDArray[np.intp], levels: NDArray, weight: NDArray[np.float64]) -> None:
        """Take in a column as `Columns.levels` gives it, with weights (n,)."""
        totals = np.bincount(codes + 1, weights=weight, minlength=len(levels) + 1)
        seen = np.bincount(codes + 1, minlength=len(levels) + 1) > 0
        self._has_missing |= bool(seen[0])
        self._of_missing += float(totals[0])
        for level, total in zip(levels[seen[1:]].tolist(), totals[1:][seen[1:]], strict=True):
            self._weights[level] += float(total)
        if len(self._weights) > _ROOM * self.most:
            self._keep_heaviest(_ROOM * self.most // 2)

    def vocabulary(self) -> Vocabulary:
        """The levels as fit saw them; the rare ones have one code together, if there are any."""
        if len(self._weights) > self.most:
            self._keep_heaviest(self.most)
        levels = list(self._weights)
        codes = np.arange(-1 if self._has_missing else 0, len(levels))
        totals = np.append(self._of_missing, [*self._weights.values()])[codes + 1]
        known = Vocabulary.fit(
            self.label, codes, uniform(np.array(levels, dtype=object), self.label), totals
        )
        if not self._has_dropped:
            return known
        whole = totals.sum() + self._of_dropped
        shares = [share * totals.sum() / whole for share in known.shares]
        return replace(known, shares=(*shares, self._of_dropped / whole), has_rare=True)

    def _keep_heaviest(self, n_levels: int) -> None:
        by_weight = sorted(self._weights.items(), key=lambda pair: (-pair[1], str(pair[0])))
        self._weights = defaultdict(float, by_weight[:n_levels])
        self._of_dropped += sum(weight for _, weight in by_weight[n_levels:])
        self._has_dropped = True
