"""Scorers of one task: what they are; `scorers` makes them.

`sklearn.metrics.make_scorer` hands its function y and predictions only, so neither a task's name
nor its classes; and for a classifier whose tasks are all 0/1 it squeezes the probabilities of all
tasks into one array first. The scorers here keep its interface (the call, weights, metadata
routing, one prediction shared by all scorers of a dict) and look the task up in the estimator.
"""

from __future__ import annotations

from abc import abstractmethod
from functools import partial
from typing import Any

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics._scorer import _BaseScorer, _cached_call
from sklearn.utils import Tags, TargetTags

from sklearn_ple.metrics.counted import Counted, counted
from sklearn_ple.metrics.labelled import LabelledRows, labelled_rows
from sklearn_ple.metrics.masked import read_groups
from sklearn_ple.metrics.metric import Floats, Metric, MetricFunction, ResponseMethod
from sklearn_ple.metrics.unwrap import completed, find_task, unwrap
from sklearn_ple.metrics.x_columns import read_column
from sklearn_ple.tasks import read_targets
from sklearn_ple.tasks.user_warning import warn_user


class TaskScorer(_BaseScorer):
    """Greater is better; made by `task_scorer` and `deviance_explained_scorer`.

    Parameters
    ----------
    task : str, int or None
        The task's name or index; None for all tasks.
    name : str
        The metric's name as a score, such as "neg_log_loss".
    function : callable
        The metric; its signature says whether it takes `sample_weight`.
    response_method : {"predict", "predict_proba"}
        What it needs.
    greater_is_better : bool
        Whether `function` is a score; a loss is negated.
    """

    def __init__(
        self,
        task: str | int | None,
        name: str,
        *,
        function: MetricFunction,
        response_method: ResponseMethod,
        greater_is_better: bool,
    ) -> None:
        # A tuple of one name is another key of the cache that the scorers of a dict share than the
        # name itself, under which scikit-learn's keep predictions in the shape that they want.
        super().__init__(function, 1 if greater_is_better else -1, {}, (response_method,))
        self.task = task
        self.name = name

    @abstractmethod
    def _score(
        self, method_caller: Any, estimator: Any, X: Any, y_true: Any, sample_weight: Any = None
    ) -> float:
        """Score a fitted estimator; `method_caller(estimator, method, X)` may remember answers."""

    @abstractmethod
    def counted(self, method_caller: Any, estimator: Any, X: Any, y_true: Any) -> Counted | None:
        """The score as a function of how often each row counts, shape (n,).

        It predicts once, when it is made. None if no row has a label of this task.
        """

    def __repr__(self) -> str:
        return f"{type(self).__name__}(task={self.task!r}, metric={self.name!r})"


class MetricScorer(TaskScorer):
    """A metric of one task's labelled rows."""

    def __init__(self, task: str | int, metric: Metric, groups: str | int | None = None) -> None:
        super().__init__(
            task,
            metric.scorer_name,
            function=metric.function,
            response_method=metric.response_method,
            greater_is_better=bool(metric.greater_is_better),
        )
        self.metric = metric
        self.groups = groups

    def __call__(
        self,
        estimator: Any,
        X: Any,
        y_true: Any,
        sample_weight: Any = None,
        groups: Any = None,
        **kwargs: Any,
    ) -> float:
        # The base class lets metadata other than weights through under metadata routing only.
        if groups is None:
            return super().__call__(estimator, X, y_true, sample_weight=sample_weight, **kwargs)
        call = partial(_cached_call, None)
        return self._score(call, estimator, X, y_true, sample_weight, groups, **kwargs)

    def _score(
        self,
        method_caller: Any,
        estimator: Any,
        X: Any,
        y_true: Any,
        sample_weight: Any = None,
        groups: Any = None,
    ) -> float:
        part = self._part(method_caller, estimator, X, y_true, sample_weight, groups)
        return np.nan if part is None else float(self._sign) * part.score(self.metric)

    def counted(self, method_caller: Any, estimator: Any, X: Any, y_true: Any) -> Counted | None:
        part = self._part(method_caller, estimator, X, y_true)
        if part is None:
            return None
        metric, sign = counted(self.metric, part), float(self._sign)
        return lambda counts: sign * metric(counts)

    def _part(
        self,
        method_caller: Any,
        estimator: Any,
        X: Any,
        y_true: Any,
        sample_weight: Any = None,
        groups: Any = None,
    ) -> LabelledRows | None:
        """What the metric is to see; None if no row has a label."""
        targets = read_targets(y_true)
        # The base class lets the task be None; a TaskScorer always has one.
        task = find_task(estimator, self.task, targets)  # type: ignore[arg-type]
        (method,) = self._response_method
        if not hasattr(estimator, method):
            raise AttributeError(
                f"{type(estimator).__name__} has no {method}, which {self.name!r} needs."
            )
        predicted = method_caller(_AsIs(estimator), self._response_method, X)
        if method == "predict":
            y_pred = task.prediction(np.asarray(predicted))
        else:
            y_pred = task.probability(predicted)
            if not self.metric.takes_codes and y_pred.ndim == 2 and y_pred.shape[1] == 2:
                y_pred = y_pred[:, 1]
        weight = None if sample_weight is None else task.weight(sample_weight, targets)
        if groups is None and self.groups is not None:
            groups = read_column(X, self.groups)
        return labelled_rows(
            self.metric,
            task.column(completed(estimator, targets)),
            y_pred,
            classes=task.classes,
            sample_weight=weight,
            groups=None if groups is None else read_groups(groups),
            name=task.name,
            allow_unseen=True,
        )


class DevianceExplainedScorer(TaskScorer):
    """The share of deviance explained by one task, or on average by all."""

    def __init__(self, task: str | int | None) -> None:
        super().__init__(
            task, "d2", function=_d2, response_method="predict", greater_is_better=True
        )

    def _score(
        self, method_caller: Any, estimator: Any, X: Any, y_true: Any, sample_weight: Any = None
    ) -> float:
        inner, X = _inside(estimator, X)
        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        scores = np.asarray(inner.score_tasks(X, y_true, **weights), dtype=np.float64)
        if self.task is not None:
            return float(scores[find_task(inner, self.task, read_targets(y_true)).index])
        if np.isnan(scores).all():
            warn_user("No task has labels to score.", UndefinedMetricWarning)
            return np.nan
        return float(np.nanmean(scores))

    def counted(self, method_caller: Any, estimator: Any, X: Any, y_true: Any) -> Counted | None:
        inner, X = _inside(estimator, X)
        if not hasattr(inner, "_raw"):  # none of ours: it predicts anew for each draw
            return lambda counts: self._score(method_caller, inner, X, y_true, counts)
        raw = inner._raw(X)
        targets, weight = inner._read_to_score(y_true, None, len(raw))
        encoded, unseen = inner.tasks_.encode_to_score(targets)
        which = slice(None)
        if self.task is not None:
            index = find_task(inner, self.task, read_targets(y_true)).index
            which = slice(index, index + 1)

        def explained(counts: Floats) -> float:
            weighted = weight * counts[:, None]
            shares = inner.tasks_.deviance_explained(raw, encoded, weighted, unseen)[which]
            return np.nan if np.isnan(shares).all() else float(np.nanmean(shares))

        return explained


def _inside(estimator: Any, X: Any) -> tuple[Any, Any]:
    """The multi-task estimator inside, and X as it sees it.

    Raises
    ------
    AttributeError
        If there is none.
    """
    inner, transformers = unwrap(estimator)
    if not hasattr(inner, "score_tasks"):
        raise AttributeError(
            f"{type(inner).__name__} has no score_tasks: the share of deviance explained is "
            f"measured against a multi-task estimator's own training baseline."
        )
    for transformer in transformers:
        X = transformer.transform(X)
    return inner, X


class _AsIs:
    """An estimator that scikit-learn does not know for a classifier: its answers come as given."""

    def __init__(self, estimator: Any) -> None:
        self._estimator = estimator

    def __getattr__(self, name: str) -> Any:
        return getattr(self._estimator, name)

    def __sklearn_tags__(self) -> Tags:
        return Tags(estimator_type=None, target_tags=TargetTags(required=True))


def _d2(y_true: Any, y_pred: Any, sample_weight: Any = None) -> float:
    """Stands for `score_tasks` where scikit-learn asks which metadata a scorer takes."""
    raise TypeError("`d2` needs the fitted estimator: it is scored by TaskScorer alone.")
