"""Views of one task: a classifier, or a regressor of numbers and counts."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin, RegressorMixin

from sklearn_ple.base.answers.task_view import TaskView

Floats = NDArray[np.float64]
_LEAST = np.finfo(np.float64).tiny


class TaskClassifier(ClassifierMixin, TaskView):
    """A classification out of a fitted multi-task estimator, as a fitted classifier.

    Made by `task_view`.

    Parameters
    ----------
    estimator : estimator
        A fitted multi-task estimator.
    task : str
        Name of a classification among its tasks.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of str
        Their names, where X had any.
    """

    _is_classification: ClassVar[bool] = True

    @property
    def classes_(self) -> NDArray:
        """The labels, sorted; booleans that had gaps beside them are booleans again."""
        classes = self.estimator.tasks_.tasks[self._place()].classes_
        assert classes is not None
        return _plain(classes)

    def predict(self, X: Any) -> NDArray:
        """Predict the label, as the estimator does for this task.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        k = self._place()
        return self.estimator._predictions(X)[k].astype(self.classes_.dtype)

    def predict_proba(self, X: Any) -> Floats:
        """Predict class probabilities.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
        """
        k = self._place()
        return self.estimator._activated(X)[k]

    def decision_function(self, X: Any) -> Floats:
        """Log-odds: what Platt scaling and other linear corrections should be given.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
            With two classes the log-odds of the second, with more the logarithm of each one's
            probability.
        """
        logarithm = np.log(self.predict_proba(X).clip(min=_LEAST))
        return logarithm[:, 1] - logarithm[:, 0] if logarithm.shape[1] == 2 else logarithm


class TaskRegressor(RegressorMixin, TaskView):
    """A regression or count out of a fitted multi-task estimator, as a fitted regressor.

    Made by `task_view`.

    Parameters
    ----------
    estimator : estimator
        A fitted multi-task estimator.
    task : str
        Name of a task that is no classification.

    Attributes
    ----------
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of str
        Their names, where X had any.
    """

    _is_classification: ClassVar[bool] = False

    def predict(self, X: Any) -> Floats:
        """Predict the mean, as the estimator does for this task.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        k = self._place()
        return self.estimator._predictions(X)[k]


def _plain(classes: NDArray) -> NDArray:
    is_bool = classes.dtype == object and all(isinstance(each, bool) for each in classes)
    return classes.astype(bool) if is_bool else classes
