"""A metric over the labelled rows of one task: NaN labels never reach it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_ple.metrics.labelled import score_labelled
from sklearn_ple.metrics.metric import Metric, MetricFunction, find_metric
from sklearn_ple.tables import as_frame
from sklearn_ple.tasks import read_targets


def masked_score(
    metric: str | MetricFunction,
    y_true: Any,
    y_pred: ArrayLike,
    *,
    classes: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    groups: Any = None,
) -> float:
    """Score one task on the rows that have a label and a positive weight.

    A row without a label lies outside the task's sample space; whatever is predicted there
    cannot change the score.

    Parameters
    ----------
    metric : str or callable
        Of probabilities: "roc_auc", "average_precision", also called "pr_auc" (these one-vs-rest,
        macro-averaged, with three classes and more), "gauc" (`gauc`), "log_loss", "brier",
        "d2_log_loss", "ece" and "ece_quantile" (`expected_calibration_error`),
        "calibration_ratio" (predicted over actual, best at 1: `calibration_ratio`) and
        "abs_log_calibration_ratio", the absolute value of its logarithm. Of labels: "accuracy",
        "balanced_accuracy". Of numbers: "r2", "mse", "rmse", "mae", "poisson_deviance",
        "d2_poisson". Or any `function(y_true, y_pred)`, with `sample_weight` if weights are given
        and `groups` if they are and it has such a parameter, which gets labels and predictions as
        they are, less the rows left out.
    y_true : array-like of shape (n,)
        Labels, with NaN or None where there is none.
    y_pred : array-like of shape (n,) or (n, n_classes)
        Predictions, or probabilities for the metrics of probabilities; a binary task's may be
        those of the second class alone, shape (n,).
    classes : array-like of shape (n_classes,), default=None
        The class of each column of probabilities. None takes the labels present, which is only
        possible if every class is.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weights.
    groups : array-like of shape (n,), default=None
        The group of each row, such as its user, for metrics within groups.

    Returns
    -------
    float
        The metric as its name says, so lower is better for the losses. NaN, with an
        `UndefinedMetricWarning`, if no row is left or the metric is not defined on those left:
        "roc_auc" where a class is absent, "average_precision" where a class has no positive label,
        "gauc" where no group has both classes, the calibration ratios where a class that they
        divide by is absent, "r2" and the D² metrics where all labels are equal.

    Raises
    ------
    ValueError
        If the metric is unknown, lengths differ, a weight is negative or NaN, the labels do not
        fit `classes`, or a metric within groups is given none.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ple.metrics import masked_score
    >>> clicked = np.array([0, 1, np.nan, 1])
    >>> masked_score("roc_auc", clicked, [0.2, 0.7, 0.1, 0.9])
    1.0
    >>> masked_score("mae", np.array([1.0, np.nan, 5.0]), [2.0, 100.0, 8.0])
    2.0
    """
    if isinstance(metric, str):
        chosen = find_metric(metric)
    else:
        chosen = Metric(getattr(metric, "__name__", "score"), metric, "predict", True)
    return score_target(
        chosen, y_true, y_pred, classes=classes, sample_weight=sample_weight, groups=groups
    )


def score_target(
    metric: Metric,
    y_true: Any,
    y_pred: ArrayLike,
    *,
    classes: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    groups: Any = None,
) -> float:
    """`masked_score` of a metric that need not have a name."""
    return score_labelled(
        metric,
        one_target(y_true),
        np.asarray(y_pred),
        classes=None if classes is None else np.asarray(classes),
        sample_weight=None if sample_weight is None else np.asarray(sample_weight),
        groups=None if groups is None else read_groups(groups),
    )


def one_target(y_true: Any) -> NDArray:
    """The labels of the only column.

    Raises
    ------
    ValueError
        If there are several.
    """
    targets = read_targets(y_true)
    if len(targets.columns) != 1:
        raise ValueError(f"y_true must be one task's labels, got {len(targets.columns)} columns.")
    return targets.columns[0]


def read_groups(groups: Any) -> NDArray:
    """The group of each row, from a list, array or column of any table.

    Raises
    ------
    ValueError
        If there is more than one column.
    """
    table = as_frame(groups)
    read = np.asarray(groups if table is None else table)
    if read.dtype.kind == "U" and not isinstance(groups, np.ndarray):
        read = np.asarray(groups, dtype=object)  # in a list of text a gap stays one
    if read.ndim == 2 and read.shape[1] == 1:
        read = read[:, 0]
    if read.ndim != 1:
        raise ValueError(f"groups must be one column, got shape {read.shape}.")
    return read
