"""`SearchedEstimator`: what a finished search answers, by its best estimator."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pandas as pd
from numpy.typing import NDArray
from sklearn import get_config
from sklearn.base import BaseEstimator, MetaEstimatorMixin
from sklearn.utils import Tags, get_tags
from sklearn.utils.metadata_routing import process_routing
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from sklearn_ple.base.member import find_member
from sklearn_ple.metrics.unwrap import unwrap
from sklearn_ple.tasks import TaskSet


def _can(method: str) -> Callable[[Any], bool]:
    """Whether the multi-task estimator inside has a method; the AttributeError says why not."""

    def check(search: Any) -> bool:
        if not search.refit:
            raise AttributeError(
                f"This {type(search).__name__} has refit=False, so there is no fitted estimator "
                f"for `{method}`: fit one with the parameters in `best_params_`."
            )
        fitted = getattr(search, "best_estimator_", None)
        inner = unwrap(fitted)[0] if fitted is not None else find_member(search.estimator).estimator
        getattr(inner, method)
        return True

    return check


class SearchedEstimator(MetaEstimatorMixin, BaseEstimator):
    """Predictions, scores and attributes of `best_estimator_`.

    A subclass has the parameters `estimator` and `refit`, sets `best_estimator_`, `scorer_` and
    `multimetric_`, and does its own routing.
    """

    estimator: Any
    refit: Any
    best_estimator_: Any
    scorer_: Any
    multimetric_: bool

    @available_if(_can("predict"))
    def predict(self, X: Any) -> NDArray:
        """Predict every target, with the best estimator.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
        """
        check_is_fitted(self)
        return self.best_estimator_.predict(X)

    @available_if(_can("predict_proba"))
    def predict_proba(self, X: Any) -> NDArray | list[NDArray | None]:
        """Predict class probabilities, with the best estimator.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or list of them
            As the estimator's own.
        """
        check_is_fitted(self)
        return self.best_estimator_.predict_proba(X)

    @available_if(_can("predict_frame"))
    def predict_frame(self, X: Any) -> pd.DataFrame:
        """Predict everything, by name, with the best estimator; through a pipeline too.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)

        Returns
        -------
        DataFrame of n_samples rows
            As the estimator's own, with X's index where it has one.
        """
        inner, inputs = self._inside(X)
        frame: pd.DataFrame = inner.predict_frame(inputs)
        return frame.set_axis(X.index, axis=0) if isinstance(X, pd.DataFrame) else frame

    @available_if(_can("score"))
    def score(self, X: Any, y: Any = None, **params: Any) -> float:
        """Score the best estimator, by the metric that chose it.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
        y : array-like or DataFrame of shape (n_samples,) or (n_samples, n_outputs)
        **params : dict
            For the scorer, such as `sample_weight`.

        Returns
        -------
        float

        Raises
        ------
        ValueError
            If a function chose between several metrics: there is no single one.
        """
        check_is_fitted(self)
        routes = get_config()["enable_metadata_routing"]
        routed = process_routing(self, "score", **params).scorer.score if routes else params
        if not self.multimetric_:
            return float(self.scorer_(self.best_estimator_, X, y, **routed))
        if not isinstance(self.refit, str):
            raise ValueError(
                f"The best of {list(self.scorer_)} was chosen by a function, so there is no single "
                f"score: use `score_tasks`, or a scorer of `scorer_`."
            )
        return float(self.scorer_[self.refit](self.best_estimator_, X, y, **routed))

    @available_if(_can("score_tasks"))
    def score_tasks(self, X: Any, y: Any, sample_weight: Any = None) -> pd.Series:
        """Share of deviance explained by each task, with the best estimator.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
        y : array-like or DataFrame of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None

        Returns
        -------
        Series of float, by target name
        """
        inner, inputs = self._inside(X)
        return inner.score_tasks(inputs, y, sample_weight)

    @property
    def classes_(self) -> NDArray | list[NDArray | None]:
        """Class labels, of the best estimator."""
        return self._of_best("classes_")

    @property
    def tasks_(self) -> TaskSet:
        """The fitted tasks, of the best estimator."""
        return self._of_best("tasks_")

    @property
    def n_features_in_(self) -> int:
        """Number of features."""
        return self._of_best("n_features_in_", inside=False)

    @property
    def feature_names_in_(self) -> NDArray:
        """Names of the features, where X had any."""
        return self._of_best("feature_names_in_", inside=False)

    def _inside(self, X: Any) -> tuple[Any, Any]:
        """The multi-task estimator, and X as it reaches it."""
        check_is_fitted(self)
        inner, transformers = unwrap(self.best_estimator_)
        for transformer in transformers:
            X = transformer.transform(X)
        return inner, X

    def _of_best(self, name: str, *, inside: bool = True) -> Any:
        if "best_estimator_" not in vars(self):
            raise AttributeError(f"{type(self).__name__} has no {name} before a fit with refit.")
        best = self.best_estimator_
        return getattr(unwrap(best)[0] if inside else best, name)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "cv_results_")

    def __sklearn_tags__(self) -> Tags:
        tags, inner = super().__sklearn_tags__(), get_tags(self.estimator)
        tags.estimator_type = inner.estimator_type
        tags.classifier_tags = copy.deepcopy(inner.classifier_tags)
        tags.regressor_tags = copy.deepcopy(inner.regressor_tags)
        tags.target_tags = copy.deepcopy(inner.target_tags)
        tags.input_tags = copy.deepcopy(inner.input_tags)
        return tags
