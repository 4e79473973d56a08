"""AUC within each group, all groups at once."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.exceptions import UndefinedMetricWarning

from sklearn_ple.tasks.user_warning import warn_user

Floats = NDArray[np.float64]


def auc_by_group(
    positive: NDArray[np.bool_], score: Floats, groups: NDArray, weight: Floats | None = None
) -> pd.DataFrame:
    """Weight and AUC of each group.

    A pair of a positive and a negative row counts 1 if the positive has the higher score, a half
    if the scores are equal; it weighs the product of its rows' weights.

    Parameters
    ----------
    positive : ndarray of bool, shape (n,)
    score : ndarray of shape (n,)
    groups : ndarray of shape (n,)
        Rows without a group (NaN, None) are one more row of the table, under NaN.
    weight : ndarray of shape (n,), default=None
        Positive weights; None for ones.

    Returns
    -------
    DataFrame
        By group, in order of first appearance: `weight`, the sum over its rows, and `auc`, NaN
        where a class is absent and for the rows without a group.

    Raises
    ------
    ValueError
        If a score is NaN.
    """
    if np.isnan(score).any():
        raise ValueError("y_score contains NaN.")
    codes, names = pd.factorize(groups, use_na_sentinel=True)
    weight = np.ones(len(score)) if weight is None else weight
    known = codes >= 0
    table = _known_groups(positive[known], score[known], codes[known], weight[known], len(names))
    table.index = pd.Index(names, name="group")
    if known.all():
        return table
    rest = pd.DataFrame({"weight": [weight[~known].sum()], "auc": [np.nan]}, index=[np.nan])
    return pd.concat([table, rest]).rename_axis("group")


def _known_groups(
    positive: NDArray[np.bool_],
    score: Floats,
    codes: NDArray[np.intp],
    weight: Floats,
    n_groups: int,
) -> pd.DataFrame:
    order = np.lexsort((score, codes))
    codes, score = codes[order], score[order]
    up, down = (weight * positive)[order], (weight * ~positive)[order]
    # Rows of equal score in one group are one step of its ROC curve.
    is_first = np.ones(len(order), dtype=bool)
    is_first[1:] = (np.diff(codes) != 0) | (score[1:] != score[:-1])
    step = np.cumsum(is_first) - 1
    owner = codes[is_first]
    up_step, down_step = np.bincount(step, up), np.bincount(step, down)
    up_to_here = pd.Series(down_step).groupby(owner).cumsum().to_numpy()
    won = np.bincount(owner, up_step * (up_to_here - down_step / 2), minlength=n_groups)
    up_all = np.bincount(codes, up, minlength=n_groups)
    down_all = np.bincount(codes, down, minlength=n_groups)
    pairs = up_all * down_all
    auc = np.full(n_groups, np.nan)
    np.divide(won, pairs, out=auc, where=pairs > 0)
    return pd.DataFrame({"weight": up_all + down_all, "auc": auc})


def weighted_mean_auc(table: pd.DataFrame) -> float:
    """GAUC out of `auc_by_group`; NaN, with a warning, if no group has both classes."""
    kept = table[table["auc"].notna()]
    if kept.empty:
        warn_user("GAUC is not defined: no group has both classes.", UndefinedMetricWarning)
        return np.nan
    return float(np.average(kept["auc"], weights=kept["weight"]))


def gauc_of_codes(
    y_true: NDArray, y_pred: Floats, groups: NDArray, sample_weight: Floats | None = None
) -> float:
    """GAUC of codes and of scores in two columns; NaN if a label is of no known class."""
    n_classes = y_pred.shape[1]
    if n_classes != 2:
        raise ValueError(f"GAUC is of a task of two classes; this one has {n_classes}.")
    if (y_true == n_classes).any():
        return np.nan
    return weighted_mean_auc(auc_by_group(y_true == 1, y_pred[:, 1], groups, sample_weight))
