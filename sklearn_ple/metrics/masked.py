"""A metric over the labelled rows of one task: NaN labels never reach it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.utils import check_consistent_length

from sklearn_ple.metrics.metric import Floats, Metric, MetricFunction, find_metric
from sklearn_ple.tables import as_frame, missing
from sklearn_ple.tasks import read_targets
from sklearn_ple.tasks.classification import warn_of_unseen
from sklearn_ple.tasks.user_warning import warn_user


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
        divide by is absent, the D² metrics where all labels are equal.

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
    if read.ndim == 2 and read.shape[1] == 1:
        read = read[:, 0]
    if read.ndim != 1:
        raise ValueError(f"groups must be one column, got shape {read.shape}.")
    return read


def score_labelled(
    metric: Metric,
    labels: NDArray,
    y_pred: NDArray,
    *,
    classes: NDArray | None = None,
    sample_weight: NDArray | None = None,
    groups: NDArray | None = None,
    name: str = "y",
    allow_unseen: bool = False,
) -> float:
    """`masked_score` on one column of `read_targets`; `name` is the task's, for messages.

    With `allow_unseen`, labels need not be among the classes; but one must be.
    """
    if groups is None and metric.needs_groups:
        raise ValueError(
            f"{metric.name} is measured within groups: say groups=, the group of each row."
        )
    check_consistent_length(labels, y_pred, sample_weight, groups)
    rows = ~missing(labels)
    weight = None if sample_weight is None else _checked_weight(sample_weight)
    if weight is not None:
        rows &= weight > 0
    if not rows.any():
        warn_user(
            f"Task {name!r} has no labelled row of positive weight; its {metric.name} is NaN.",
            UndefinedMetricWarning,
        )
        return np.nan
    truth, prediction = _plain(labels[rows]), _plain(y_pred[rows])
    if metric.takes_codes:
        prediction = _two_columns(prediction)
        truth = _codes(truth, classes, prediction.shape[1], name, allow_unseen=allow_unseen)
    extra = {} if weight is None else {"sample_weight": weight[rows]}
    if groups is not None and metric.takes_groups:
        extra["groups"] = groups[rows]
    return float(metric.function(truth, prediction, **extra))


def _checked_weight(sample_weight: NDArray) -> Floats:
    weight = sample_weight.astype(np.float64)
    if weight.ndim != 1:
        raise ValueError(f"One task's sample_weight must be 1-D, got shape {weight.shape}.")
    if np.isnan(weight).any() or (weight < 0).any():
        raise ValueError("sample_weight must not be negative or NaN.")
    return weight


def _plain(column: NDArray) -> NDArray:
    """Objects that are all text, all bools or all numbers, as an array of that type."""
    return np.array(column.tolist()) if column.dtype.kind == "O" else column


def _two_columns(probability: NDArray) -> Floats:
    if probability.ndim == 1:
        return np.column_stack([1 - probability, probability])
    return probability


def _codes(
    labels: NDArray, classes: NDArray | None, n_classes: int, name: str, *, allow_unseen: bool
) -> NDArray[np.int64]:
    """Labels as column numbers of the probabilities; `n_classes` for those without a column."""
    known = _present_classes(labels, n_classes, name) if classes is None else classes
    if len(known) != n_classes:
        raise ValueError(
            f"Task {name!r} has probabilities of {n_classes} classes, but classes has {len(known)}."
        )
    codes = pd.Index(known).get_indexer(pd.Index(labels))
    unseen = codes < 0
    if unseen.any():
        if unseen.all() or not allow_unseen:
            raise ValueError(
                f"Task {name!r}: label {labels[unseen].tolist()[0]!r} is not one of the classes "
                f"{np.asarray(known).tolist()}."
            )
        warn_of_unseen(name, labels[unseen])
    return np.where(unseen, n_classes, codes).astype(np.int64)


def _present_classes(labels: NDArray, n_classes: int, name: str) -> NDArray | Sequence[int]:
    present = np.unique(labels)
    if len(present) == n_classes:
        return present
    if n_classes == 2 and np.isin(present, [0, 1]).all():
        return [0, 1]
    raise ValueError(
        f"Task {name!r} has probabilities of {n_classes} classes, but its labels show "
        f"{len(present)}; say classes=, the class of every column."
    )
