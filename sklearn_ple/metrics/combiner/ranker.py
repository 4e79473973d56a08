"""`Ranker`: what a combiner answers once it has weights: scores, their parts, their worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from sklearn_ple.metrics.combiner.parts import Part, read_numbers
from sklearn_ple.metrics.combiner.ranking_goal import ranking_goal
from sklearn_ple.metrics.combiner.side_factors import SideFactor, Transform
from sklearn_ple.metrics.combiner.task_scores import (
    Negative,
    log_at_least,
    one_score,
    read_task_scores,
)
from sklearn_ple.metrics.metric import MetricFunction
from sklearn_ple.metrics.x_columns import only_features, read_column

Floats = NDArray[np.float64]


class Ranker(BaseEstimator):
    """The half of a combiner that scores rows, by what `fit` left.

    Attributes
    ----------
    weights_ : Series
        By task and side column.
    tasks_used_ : list of str
        Names of the tasks in `weights_`.
    factors_ : dict
        The fitted function of each side column.
    """

    estimator: Any
    side_columns: Mapping[Part, Transform] | None
    scoring: str | MetricFunction
    target: Part | None
    groups: Part | None
    eps: float
    negative: Negative

    weights_: pd.Series
    tasks_used_: list[str]
    factors_: dict[Part, SideFactor]
    _task_names: list[str]

    def predict(self, X: Any) -> Floats:
        """The logarithm of the combined score.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n, n_features)

        Returns
        -------
        ndarray of shape (n,)
            Higher ranks first.
        """
        return self.contributions(X).to_numpy().sum(axis=1)

    def contributions(self, X: Any) -> pd.DataFrame:
        """What each task and side column adds to the logarithm of the combined score.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n, n_features)

        Returns
        -------
        DataFrame of shape (n, n_parts)
            Its rows add up to `predict`; with X's index where it has one.
        """
        check_is_fitted(self, "weights_")
        return self._terms(X, self._scores(X, self._task_names)) * self.weights_

    def score(self, X: Any, y: Any, *, groups: Any = None, sample_weight: Any = None) -> float:
        """What the combined ranking of these rows is worth, by `scoring`.

        Parameters
        ----------
        X, y, groups, sample_weight
            As in `fit`, but of rows that the weights were not searched on.

        Returns
        -------
        float
            Greater is better.
        """
        return self._goal(X, y, groups, sample_weight)(self.predict(X))

    def _scores(self, X: Any, names: Sequence[str] | None) -> dict[str, NDArray]:
        """What the estimator predicts for each of its tasks."""
        others = [*(self.side_columns or {}), *([] if self.groups is None else [self.groups])]
        known = getattr(self.estimator, "feature_names_in_", None)
        return read_task_scores(self.estimator, only_features(X, known, others), names)

    def _terms(self, X: Any, scores: Mapping[str, NDArray]) -> pd.DataFrame:
        """The logarithm of each factor, shape (n, n_parts)."""
        columns: dict[Part, Floats] = {
            task: log_at_least(one_score(task, scores[task], self.negative), self.eps)
            for task in self.tasks_used_
        }
        for column, factor in self.factors_.items():
            values = read_numbers(X, column)
            try:
                columns[column] = factor.log(values, self.eps)
            except ValueError as error:
                raise ValueError(f"Side column {column!r}: {error}") from error
        return pd.DataFrame(columns, index=X.index if isinstance(X, pd.DataFrame) else None)

    def _goal(self, X: Any, y: Any, groups: Any, sample_weight: Any) -> Callable[[Floats], float]:
        if groups is None and self.groups is not None:
            groups = read_column(X, self.groups)
        return ranking_goal(
            self.scoring, y, target=self.target, groups=groups, sample_weight=sample_weight
        )


def require_fitted(estimator: Any) -> None:
    """Refuse to combine what an estimator that is not fitted would predict.

    Raises
    ------
    NotFittedError
        If it is not.
    """
    try:
        check_is_fitted(estimator)
    except NotFittedError as error:
        raise NotFittedError(
            f"{type(estimator).__name__} is not fitted. ScoreCombiner weighs what a fitted "
            f"estimator predicts; wrapped in FrozenEstimator it stays so in clones."
        ) from error
