"""From what probability on a binary task is predicted to be its second class."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import get_scorer, make_scorer

from sklearn_ple.tasks import TaskSet

Floats = NDArray[np.float64]
ThresholdChoice: TypeAlias = str | float | Callable[..., float]
MAX_CANDIDATES = 128


def resolve_thresholds(thresholds: Any, task_set: TaskSet) -> list[ThresholdChoice | None]:
    """What decides each task's threshold, in order; None for the usual most probable class.

    Raises
    ------
    ValueError
        If a task is unknown or not binary, or a number is no probability.
    """
    two_classes = [task.classes_ is not None and len(task.classes_) == 2 for task in task_set]
    binary = [
        name for name, is_binary in zip(task_set.names, two_classes, strict=True) if is_binary
    ]
    if thresholds is None:
        return [None] * len(task_set)
    if isinstance(thresholds, Mapping):
        if unfit := [name for name in thresholds if name not in binary]:
            raise ValueError(
                f"thresholds names {unfit}, but the binary tasks are {binary}, out of "
                f"{task_set.names}."
            )
        chosen = [thresholds.get(name) for name in task_set.names]
    elif not binary:
        raise ValueError(f"thresholds are for binary tasks; none of {task_set.names} is.")
    else:
        chosen = [thresholds if is_binary else None for is_binary in two_classes]
    for each in chosen:
        named = each is None or isinstance(each, str) or callable(each)
        if not named and not (isinstance(each, Real) and 0 < float(each) < 1):
            raise ValueError(f"A threshold is a metric or a number between 0 and 1, not {each!r}.")
    return chosen


def best_threshold(
    metric: str | Callable[..., float],
    second: Floats,
    is_second: NDArray[np.bool_],
    weight: Floats | None,
) -> float:
    """The threshold at which a metric of predicted labels is highest.

    Candidates lie between neighbouring probabilities, and beyond the first and the last; where
    there are very many, 128 of them. Of equally good ones it is that nearest to 0.5.

    Parameters
    ----------
    metric : str or callable
        A scorer's name in scikit-learn, or `metric(y_true, y_pred)`, which takes `sample_weight`
        too where there are weights; the second class is 1.
    second : ndarray of shape (n,)
        Its probabilities.
    is_second : ndarray of shape (n,)
        Whether the label is that class.
    weight : ndarray of shape (n,) or None

    Raises
    ------
    ValueError
        If there is no such metric, it is not one of labels, or it takes no weights and there are.
    """
    if weight is not None and callable(metric) and not _takes_weights(metric):
        raise ValueError(
            f"The metric {getattr(metric, '__name__', metric)!r} of thresholds takes no "
            f"sample_weight, and weights were given: make it metric(y_true, y_pred, "
            f"sample_weight=None), or calibrate without weights."
        )
    scorer = get_scorer(metric) if isinstance(metric, str) else make_scorer(metric)
    extra = {} if weight is None else {"sample_weight": weight}
    codes = is_second.astype(int)
    candidates = _candidates(second)
    try:
        with warnings.catch_warnings():
            # No row at all is predicted positive at the last candidate; its score is low, or 0.
            warnings.simplefilter("ignore", UndefinedMetricWarning)
            scores = [scorer(_Decided(t), second, codes, **extra) for t in candidates]
    except AttributeError as error:
        raise ValueError(
            f"{metric!r} is a metric of probabilities, which no threshold changes; name one of "
            f"predicted labels, such as 'f1' or 'balanced_accuracy'."
        ) from error
    best = candidates[np.array(scores) >= np.nanmax(scores)]
    return float(best[np.abs(best - 0.5).argmin()])


def _takes_weights(metric: Callable[..., float]) -> bool:
    parameters = inspect.signature(metric).parameters.values()
    return any(p.name == "sample_weight" or p.kind is p.VAR_KEYWORD for p in parameters)


def _candidates(second: Floats) -> Floats:
    values = np.unique(second)
    between = np.concatenate(
        [values[:1] / 2, (values[1:] + values[:-1]) / 2, (values[-1:] + 1) / 2]
    )
    if len(between) <= MAX_CANDIDATES:
        return between
    return between[np.linspace(0, len(between) - 1, MAX_CANDIDATES).round().astype(int)]


class _Decided(ClassifierMixin, BaseEstimator):
    """Classes 0 and 1 out of probabilities of 1, for scikit-learn's scorers."""

    def __init__(self, threshold: float) -> None:
        self.threshold = threshold
        self.classes_ = np.array([0, 1])

    def fit(self, X: Any, y: Any) -> _Decided:
        """There is nothing to learn."""
        return self

    def predict(self, X: Floats) -> NDArray[np.int64]:
        reached: NDArray[np.bool_] = self.threshold <= X
        return reached.astype(np.int64)
