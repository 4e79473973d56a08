"""The labelled rows of one task, in the form that its metric wants them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.utils import check_consistent_length

from sklearn_ple.metrics.metric import Floats, Metric
from sklearn_ple.tables import missing
from sklearn_ple.tasks.classification import warn_of_unseen
from sklearn_ple.tasks.user_warning import warn_user


@dataclass(frozen=True)
class LabelledRows:
    """What a metric is called with: rows that have a label and a positive weight.

    Attributes
    ----------
    rows : ndarray of bool, shape (n,)
        Which rows of all they are.
    truth : ndarray of shape (n_labelled,)
        Labels, or positions in the classes.
    prediction : ndarray of shape (n_labelled,) or (n_labelled, n_classes)
        Probabilities are floats.
    extra : dict of str to ndarray of shape (n_labelled,)
        `sample_weight` and `groups`, where the metric is given them.
    """

    rows: NDArray[np.bool_]
    truth: NDArray
    prediction: NDArray
    extra: dict[str, NDArray]

    def score(self, metric: Metric) -> float:
        """The metric of these rows."""
        return float(metric.function(self.truth, self.prediction, **self.extra))


def score_labelled(metric: Metric, labels: NDArray, y_pred: NDArray, **options: Any) -> float:
    """`masked_score` on one column of `read_targets`; options as in `labelled_rows`."""
    part = labelled_rows(metric, labels, y_pred, **options)
    return np.nan if part is None else part.score(metric)


def labelled_rows(
    metric: Metric,
    labels: NDArray,
    y_pred: NDArray,
    *,
    classes: NDArray | None = None,
    sample_weight: NDArray | None = None,
    groups: NDArray | None = None,
    name: str = "y",
    allow_unseen: bool = False,
) -> LabelledRows | None:
    """The rows that a metric is to see; None, with a warning, if there are none.

    Parameters
    ----------
    metric : Metric
        What they are for.
    labels : ndarray of shape (n,)
        A column of `read_targets`.
    y_pred : ndarray of shape (n,) or (n, n_classes)
        A single column that is no probability counts as one-dimensional.
    classes, sample_weight, groups
        As in `masked_score`, as arrays.
    name : str, default="y"
        The task's, for messages.
    allow_unseen : bool, default=False
        Whether labels need not be among the classes; but one must be.

    Raises
    ------
    ValueError
        As `masked_score`.
    """
    if groups is None and metric.needs_groups:
        raise ValueError(
            f"{metric.name} is measured within groups: say groups=, the group of each row."
        )
    check_consistent_length(labels, y_pred, sample_weight, groups)
    rows = ~missing(labels)
    weight = None if sample_weight is None else checked_weight(sample_weight)
    if weight is not None:
        rows &= weight > 0
    if not rows.any():
        warn_user(
            f"Task {name!r} has no labelled row of positive weight; its {metric.name} is NaN.",
            UndefinedMetricWarning,
        )
        return None
    truth, prediction = _plain(labels[rows]), _plain(y_pred[rows])
    if metric.takes_codes:
        prediction = _two_columns(prediction)
        truth = _codes(truth, classes, prediction.shape[1], name, allow_unseen=allow_unseen)
    elif prediction.ndim == 2 and prediction.shape[1] == 1:
        prediction = prediction[:, 0]
    extra = {} if weight is None else {"sample_weight": weight[rows]}
    if groups is not None and metric.takes_groups:
        extra["groups"] = groups[rows]
    return LabelledRows(rows, truth, prediction, extra)


def checked_weight(sample_weight: NDArray) -> Floats:
    """One task's weights as float64 of shape (n,).

    Raises
    ------
    ValueError
        If one is negative or NaN, or they are not one-dimensional.
    """
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
    if probability.dtype.kind != "f":  # a 0/1 prediction in place of a probability
        probability = probability.astype(np.float64)
    if probability.ndim == 1:
        return np.column_stack([1 - probability, probability])
    return probability


def _codes(
    labels: NDArray, classes: NDArray | None, n_classes: int, name: str, *, allow_unseen: bool
) -> NDArray[np.int64]:
    """Labels as column numbers of the probabilities; `n_classes` for those without a column."""
    known = _present_classes(labels, n_classes, name) if classes is None else classes
    # By Python's equality, to which 1, 1.0 and True are the same, as they are to `Task.encode`.
    places = {label: place for place, label in enumerate(np.asarray(known).tolist())}
    if not len(known) == len(places) == n_classes:
        raise ValueError(
            f"Task {name!r} has probabilities of {n_classes} classes, but classes has {len(known)}"
            f", {len(places)} of them different."
        )
    numbers, levels = pd.factorize(labels)
    codes = np.array([places.get(level, -1) for level in levels.tolist()])[numbers]
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
