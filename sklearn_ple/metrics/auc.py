"""The area under the ROC curve of two classes, for whoever needs it a thousand times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SortedRows:
    """Rows by rising score, so that AUCs of one ranking under many weights sort it once.

    Attributes
    ----------
    order : ndarray of int, shape (n,)
        Row numbers by rising score.
    starts : ndarray of int, shape (n_scores,)
        Where in that order each distinct score begins.
    positive : ndarray of bool, shape (n,)
        Whether a row is positive, in that order.
    """

    order: NDArray[np.intp]
    starts: NDArray[np.intp]
    positive: NDArray[np.bool_]

    @classmethod
    def of(cls, positive: NDArray[np.bool_], score: Floats) -> Self:
        """Sort rows by finite scores.

        Parameters
        ----------
        positive : ndarray of bool, shape (n,)
            At least one row.
        score : ndarray of shape (n,)
        """
        order = np.argsort(score)
        rising = score[order]
        starts = np.flatnonzero(np.concatenate([[True], rising[1:] != rising[:-1]]))
        return cls(order, starts, positive[order])

    def auc(self, weight: Floats | None = None) -> float:
        """The weighted share of pairs of a positive and a negative row that are in order.

        A pair of equal scores counts a half, and each pair weighs the product of its rows.

        Parameters
        ----------
        weight : ndarray of shape (n,), default=None
            Of the rows as they were given, not negative; None for ones.

        Returns
        -------
        float
            NaN where a class has no weight.
        """
        weight = np.ones(len(self.order)) if weight is None else weight[self.order]
        up = np.add.reduceat(np.where(self.positive, weight, 0.0), self.starts)
        down = np.add.reduceat(np.where(self.positive, 0.0, weight), self.starts)
        below = np.cumsum(down) - down
        pairs = up.sum() * down.sum()
        return float(up @ (below + down / 2) / pairs) if pairs > 0 else np.nan


def auc(positive: NDArray[np.bool_], score: Floats, weight: Floats | None = None) -> float:
    """Area under the ROC curve, as scikit-learn's `roc_auc_score` without its checks.

    Parameters
    ----------
    positive : ndarray of bool, shape (n,)
        At least one row.
    score : ndarray of shape (n,)
        Finite.
    weight : ndarray of shape (n,), default=None
        Not negative; None for ones.

    Returns
    -------
    float
        NaN where a class is absent.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ple.metrics.auc import auc
    >>> auc(np.array([False, True, False, True]), np.array([0.1, 0.4, 0.4, 0.8]))
    0.875
    """
    return SortedRows.of(positive, score).auc(weight)
