"""GAUC: how well a model ranks within each group, a user's impressions, say."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sklearn_ple.metrics.auc_by_group import Floats, auc_by_group, weighted_mean_auc
from sklearn_ple.metrics.masked import score_target
from sklearn_ple.metrics.metric import Metric, find_metric


class GAUCReport(NamedTuple):
    """What `gauc_report` found.

    Parameters
    ----------
    gauc : float
        The mean over the groups with both classes, weighted by their rows.
    dropped_share : float
        The share of labelled rows (of their weight, if weighted) that are in no such group.
    groups : DataFrame
        By group: `weight`, its rows or their weight, and `auc`, NaN where it was dropped.
    """

    gauc: float
    dropped_share: float
    groups: pd.DataFrame


def gauc(
    y_true: Any,
    y_score: ArrayLike,
    groups: Any,
    *,
    classes: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
) -> float:
    r"""Group AUC of one binary task on the rows that have a label and a positive weight.

    .. math:: \mathrm{GAUC} = \frac{\sum_g n_g \mathrm{AUC}_g}{\sum_g n_g}

    where

    - g runs over the groups that have rows of both classes;
    - :math:`n_g` is the group's number of labelled rows, or the sum of their weights;
    - :math:`\mathrm{AUC}_g` is the area under the ROC curve on these rows.

    Whatever is constant within groups, such as how much a user clicks at all, is worth nothing.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Labels, with NaN or None where there is none.
    y_score : array-like of shape (n,) or (n, 2)
        Any score that is higher for the second class, or the probabilities of both.
    groups : array-like of shape (n,)
        The group of each row. Rows without one (NaN or None) are left out.
    classes : array-like of shape (2,), default=None
        The two labels, the positive one last. None takes the labels present, or 0 and 1.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weights.

    Returns
    -------
    float
        NaN, with an `UndefinedMetricWarning`, if no group has both classes or no row is left.

    Raises
    ------
    ValueError
        If lengths differ, a score is NaN, there are more than two classes, a weight is negative or
        NaN, or the labels do not fit `classes`.

    See Also
    --------
    gauc_report : The same, with the share of rows it could not use.
    task_scorer : The scorer, `task_scorer("click", "gauc", groups="user")`.

    References
    ----------
    Zhu, Jin, Tan, Pan, Zeng, Li and Gai, "Optimized Cost per Click in Taobao Display Advertising",
    KDD 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ple.metrics import gauc
    >>> clicked = np.array([1, 0, 0, 1, 0, np.nan, 1])
    >>> user = ["ann", "ann", "ann", "bob", "bob", "bob", "cem"]
    >>> round(gauc(clicked, [0.5, 0.6, 0.4, 0.9, 0.8, 0.1, 0.7], user), 3)
    0.7
    """
    return score_target(
        find_metric("gauc"),
        y_true,
        y_score,
        classes=classes,
        sample_weight=sample_weight,
        groups=groups,
    )


def gauc_report(
    y_true: Any,
    y_score: ArrayLike,
    groups: Any,
    *,
    classes: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
) -> GAUCReport:
    """GAUC, the AUC of each group, and the share of rows in groups that have none.

    Groups of one class only say nothing about ranking, and are often most of them: a GAUC should
    not be read without that share.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        As in `gauc`.
    y_score : array-like of shape (n,) or (n, 2)
        As in `gauc`.
    groups : array-like of shape (n,)
        As in `gauc`; rows without a group count as dropped.
    classes : array-like of shape (2,), default=None
        As in `gauc`.
    sample_weight : array-like of shape (n,), default=None
        As in `gauc`.

    Returns
    -------
    GAUCReport
        A named tuple of `gauc`, `dropped_share` and `groups`. NaN, NaN and an empty table, with an
        `UndefinedMetricWarning`, if no row has a label.

    Raises
    ------
    ValueError
        As in `gauc`.

    Examples
    --------
    >>> from sklearn_ple.metrics import gauc_report
    >>> report = gauc_report([1, 0, 0, 1, 1], [0.5, 0.6, 0.4, 0.9, 0.8], list("aaabb"))
    >>> report.gauc, report.dropped_share
    (0.5, 0.4)
    >>> report.groups
           weight  auc
    group
    a         3.0  0.5
    b         2.0  NaN
    """
    tables = [pd.DataFrame({"weight": [], "auc": []}, index=pd.Index([], name="group"))]

    def measure(
        y_true: NDArray, y_pred: Floats, groups: NDArray, sample_weight: Floats | None = None
    ) -> float:
        if y_pred.shape[1] != 2:
            raise ValueError(f"GAUC is of a task of two classes, got {y_pred.shape[1]} columns.")
        tables[0] = auc_by_group(y_true == 1, y_pred[:, 1], groups, sample_weight)
        return weighted_mean_auc(tables[0])

    value = score_target(
        Metric("gauc", measure, "predict_proba", True, takes_codes=True),
        y_true,
        y_score,
        classes=classes,
        sample_weight=sample_weight,
        groups=groups,
    )
    (table,) = tables
    total, dropped = table["weight"].sum(), table["weight"][table["auc"].isna()].sum()
    return GAUCReport(value, float(dropped / total) if len(table) else np.nan, table)
