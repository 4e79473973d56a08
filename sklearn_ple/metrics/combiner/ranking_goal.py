"""What a ranking is worth: a metric of one target, or a function of the user's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.utils import check_consistent_length

from sklearn_ple.metrics.auc import auc
from sklearn_ple.metrics.labelled import checked_weight, score_labelled
from sklearn_ple.metrics.masked import read_groups
from sklearn_ple.metrics.metric import Metric, MetricFunction, find_metric
from sklearn_ple.metrics.position import is_position
from sklearn_ple.tables import missing
from sklearn_ple.tasks import Targets, read_targets
from sklearn_ple.tasks.user_warning import warn_user

Floats = NDArray[np.float64]
RANKING_METRICS = ("roc_auc", "average_precision", "pr_auc", "gauc")


def ranking_goal(
    scoring: str | MetricFunction,
    y: Any,
    *,
    target: str | int | None,
    groups: Any = None,
    sample_weight: Any = None,
) -> Callable[[Floats], float]:
    """Make the function that scores a ranking of these rows; greater is better.

    Raises
    ------
    ValueError
        If the metric is none of rankings, the target is not found, or it has not two classes.
    """
    metric = _metric(scoring)
    targets = read_targets(y)
    groups = None if groups is None else read_groups(groups)
    weight = None if sample_weight is None else np.asarray(sample_weight)
    if target is None and len(targets.columns) > 1 and callable(scoring):
        extra = {} if weight is None else {"sample_weight": weight}
        if groups is not None and metric.takes_groups:
            extra["groups"] = groups
        frame = pd.DataFrame(dict(zip(targets.names, targets.columns, strict=True)))
        return lambda score: float(scoring(frame, score, **extra))
    name, labels = _column(targets, target)
    classes = None
    if metric.takes_codes:
        labels, classes = _zero_one(name, labels), np.array([0.0, 1.0])
    if scoring == "roc_auc":
        return _auc_goal(labels, weight)
    if metric.takes_codes and groups is not None:
        codes, _ = pd.factorize(groups, use_na_sentinel=True)
        groups = np.where(codes < 0, np.nan, codes)
    return lambda score: score_labelled(
        metric,
        labels,
        score,
        classes=classes,
        sample_weight=weight,
        groups=groups,
        name=name,
    )


def _metric(scoring: str | MetricFunction) -> Metric:
    if callable(scoring):
        return Metric(getattr(scoring, "__name__", "score"), scoring, "predict", True)
    if scoring not in RANKING_METRICS:
        raise ValueError(
            f"scoring={scoring!r} does not score rankings; there are {list(RANKING_METRICS)} and "
            f"functions of labels and scores."
        )
    return find_metric(scoring)


def _column(targets: Targets, target: str | int | None) -> tuple[str, NDArray]:
    names = targets.names
    if target is None and len(names) == 1:
        return names[0], targets.columns[0]
    if target in names:
        index = names.index(str(target))
    elif is_position(target, len(names)):
        index = int(target)
    else:
        raise ValueError(f"target={target!r}, but it must be one of y's columns: {names}.")
    return names[index], targets.columns[index]


def _auc_goal(labels: Floats, sample_weight: NDArray | None) -> Callable[[Floats], float]:
    """ROC AUC of 0/1 labels with gaps, all that does not depend on the scores done beforehand."""
    check_consistent_length(labels, sample_weight)
    rows, weight = ~np.isnan(labels), None
    if sample_weight is not None:
        weight = checked_weight(sample_weight)
        rows &= weight > 0
        weight = weight[rows]
    positive = labels[rows] == 1

    def goal(score: Floats) -> float:
        check_consistent_length(labels, score)
        if positive.all() or not positive.any():
            warn_user("ROC AUC is not defined: a class is absent.", UndefinedMetricWarning)
            return np.nan
        return auc(positive, score[rows], weight)

    return goal


def _zero_one(name: str, labels: NDArray) -> Floats:
    """Labels as 0 and 1, NaN where there is none."""
    absent = missing(labels)
    present = np.array(labels[~absent].tolist())
    classes, codes = np.unique(present, return_inverse=True)
    if len(classes) != 2:
        raise ValueError(
            f"Target {name!r} must have two classes on these rows, but has {len(classes)}."
        )
    values = np.full(len(labels), np.nan)
    values[~absent] = codes
    return values
