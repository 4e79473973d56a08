"""Roles: which task kinds an estimator accepts and what scikit-learn takes it for."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import r2_score

from sklearn_ple.base.estimator import MultiTaskEstimator
from sklearn_ple.tables import missing
from sklearn_ple.tasks.classification import unseen_labels
from sklearn_ple.tasks.inference import Promise
from sklearn_ple.tasks.user_warning import warn_user


def _mean_score(
    metric: Any, estimator: MultiTaskEstimator, X: Any, y: Any, weight: Any, *, least: int
) -> float:
    """Mean over tasks of a metric on each one's labelled rows; those with fewer are skipped."""
    predictions = estimator._predictions(X)
    targets, weights = estimator._read_to_score(y, weight, len(predictions[0]))
    scores = []
    each = zip(estimator.tasks_, targets.columns, predictions, weights.T, strict=True)
    for task, column, predicted, w in each:
        rows = ~missing(column) & (w > 0)
        if task.classes_ is not None and unseen_labels(column[rows], task.classes_).all():
            task.encode(column[rows])  # raises: they are most likely coded otherwise than at fit
        if rows.sum() >= least:
            scores.append(metric(column[rows], predicted[rows], sample_weight=w[rows]))
    if not scores:
        warn_user(
            f"The score is NaN: no task has labels in {least} or more rows of positive weight.",
            UndefinedMetricWarning,
        )
        return np.nan
    return float(np.mean(scores))


def _accuracy(labels: NDArray, guesses: NDArray, sample_weight: NDArray[np.float64]) -> float:
    """Weighted share of equal labels, whatever their dtypes: 1, 1.0 and True are the same."""
    return float(np.average(labels.astype(object) == guesses, weights=sample_weight))


class ClassifierRole(ClassifierMixin):
    """Every task is a classification, whatever the dtype of y."""

    _promise: ClassVar[Promise] = "classification"
    _role_sentence: ClassVar[str | None] = (
        "Takes every target as a classification, whatever its dtype; a scikit-learn classifier."
    )

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Mean over tasks of accuracy on each one's labelled rows.

        scikit-learn's own score of several targets is subset accuracy; for one target both are the
        same. Tasks without labels are left out. If none is left, the score is NaN, with an
        `UndefinedMetricWarning`.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
        y : array-like or DataFrame of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None

        Returns
        -------
        float

        Raises
        ------
        ValueError
            If a task knows none of its labels: they are most likely coded otherwise than at fit.
        """
        return _mean_score(_accuracy, self, X, y, sample_weight, least=1)


class RegressorRole(RegressorMixin):
    """Every task is a regression, counts and 0/1 columns included."""

    _promise: ClassVar[Promise] = "regression"
    _role_sentence: ClassVar[str | None] = (
        "Takes every target as a regression, whole numbers included; a scikit-learn regressor."
    )

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Mean over tasks of R² on each one's labelled rows.

        It takes two rows to define R²: a task with fewer is left out. If none is left, the score is
        NaN, with an `UndefinedMetricWarning`.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
        y : array-like or DataFrame of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None

        Returns
        -------
        float
        """
        return _mean_score(r2_score, self, X, y, sample_weight, least=2)


class ClassifierRegressorRole:
    """Classifications and regressions together."""

    _promise: ClassVar[Promise] = "any"
    _role_sentence: ClassVar[str | None] = (
        "Takes classifications, regressions and counts together, in any mix."
    )
