"""One number per row and task, out of any fitted estimator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import _safe_indexing

from sklearn_ple.metrics.unwrap import unwrap

Floats = NDArray[np.float64]
Negative = Literal["raise", "clip"]


def read_task_scores(
    estimator: Any, X: Any, names: Sequence[str] | None = None
) -> dict[str, NDArray]:
    """What an estimator predicts for each task.

    Parameters
    ----------
    estimator : object
        Fitted; with `predict_proba`, `predict`, or both.
    X : array-like or DataFrame of shape (n, n_features)
    names : sequence of str, default=None
        What to call the tasks of an estimator that is none of ours, if it has as many; else they
        are y0, y1, ….

    Returns
    -------
    dict of str to ndarray
        By task: probabilities (n, n_classes) or (n,) of the second class for a classification;
        what `predict` gives, (n,), for all others.
    """
    if hasattr(estimator, "predict_proba"):
        parts = _of_probabilities(estimator, X, estimator.predict_proba(X))
    else:
        parts = _columns(estimator.predict(X))
    inner, _ = unwrap(estimator)
    if hasattr(inner, "tasks_"):
        names = [task.name_ for task in inner.tasks_]
    elif names is None or len(names) != len(parts):
        names = [f"y{k}" for k in range(len(parts))]
    return dict(zip(names, parts, strict=True))


def _of_probabilities(estimator: Any, X: Any, probability: Any) -> list[NDArray]:
    if isinstance(probability, list):
        is_needed = any(p is None for p in probability)
        predicted = _columns(estimator.predict(X)) if is_needed else []
        return [predicted[k] if p is None else np.asarray(p) for k, p in enumerate(probability)]
    table = np.asarray(probability)
    # Two columns are two classes of one task or the second classes of two; labels tell.
    if np.ndim(estimator.predict(_safe_indexing(X, slice(0, 1)))) == 1:
        return [table]
    return _columns(table)


def _columns(table: Any) -> list[NDArray]:
    array = np.asarray(table)
    return [array] if array.ndim == 1 else list(array.T)


def one_score(name: str, part: NDArray, negative: Negative) -> Floats:
    """A task's non-negative score, shape (n,): the probability of its second class or a number.

    Raises
    ------
    ValueError
        If the task has three classes and more, or one; or if a score is no finite number, or
        negative and not to be clipped.
    """
    if part.ndim == 2:
        if part.shape[1] != 2:
            raise ValueError(
                f"Task {name!r} has {part.shape[1]} classes, so no single score: leave it out of "
                f"tasks."
            )
        part = part[:, 1]
    try:
        score = part.astype(np.float64)
    except (TypeError, ValueError):
        raise ValueError(
            f"Task {name!r} is predicted as {part[0]!r}, which is no number; a classification "
            f"needs predict_proba."
        ) from None
    if not np.isfinite(score).all():
        raise ValueError(f"Task {name!r} has predictions that are no finite numbers.")
    if (score < 0).any():
        if negative == "raise":
            raise ValueError(
                f"Task {name!r} is predicted below zero ({score.min():.3g}), and no power of that "
                f"can rank; say negative='clip' to take it for zero, or leave it out of tasks."
            )
        score = np.maximum(score, 0)
    return score


def log_at_least(values: Floats, eps: float) -> Floats:
    """log max(values, eps)."""
    return np.log(np.maximum(values, eps))
