"""Scorers of one task, for every tool of scikit-learn that takes `scoring=`.

`sklearn.metrics.make_scorer` hands its function y and predictions only, so neither a task's name
nor its classes; and for a classifier whose tasks are all 0/1 it squeezes the probabilities of all
tasks into one array first. The scorers here keep its interface (the call, weights, metadata
routing, one prediction shared by all scorers of a dict) and look the task up in the estimator.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics._scorer import _BaseScorer
from sklearn.utils import Tags, TargetTags

from sklearn_ple.metrics.masked import score_labelled
from sklearn_ple.metrics.metric import METRICS, Metric, MetricFunction, ResponseMethod, find_metric
from sklearn_ple.metrics.unwrap import find_task, unwrap
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

    def __repr__(self) -> str:
        return f"{type(self).__name__}(task={self.task!r}, metric={self.name!r})"


class _MetricScorer(TaskScorer):
    def __init__(self, task: str | int, metric: Metric) -> None:
        super().__init__(
            task,
            metric.scorer_name,
            function=metric.function,
            response_method=metric.response_method,
            greater_is_better=metric.greater_is_better,
        )
        self.metric = metric

    def _score(
        self, method_caller: Any, estimator: Any, X: Any, y_true: Any, sample_weight: Any = None
    ) -> float:
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
        weight = None if sample_weight is None else task.weight(read_targets(sample_weight))
        return float(self._sign) * score_labelled(
            self.metric,
            task.column(targets),
            y_pred,
            classes=task.classes,
            sample_weight=weight,
            name=task.name,
            allow_unseen=True,
        )


class _DevianceExplainedScorer(TaskScorer):
    def __init__(self, task: str | int | None) -> None:
        super().__init__(
            task, "d2", function=_d2, response_method="predict", greater_is_better=True
        )

    def _score(
        self, method_caller: Any, estimator: Any, X: Any, y_true: Any, sample_weight: Any = None
    ) -> float:
        inner, transformers = unwrap(estimator)
        if not hasattr(inner, "score_tasks"):
            raise AttributeError(
                f"{type(inner).__name__} has no score_tasks: the share of deviance explained is "
                f"measured against a multi-task estimator's own training baseline."
            )
        for transformer in transformers:
            X = transformer.transform(X)
        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        scores = np.asarray(inner.score_tasks(X, y_true, **weights), dtype=np.float64)
        if self.task is not None:
            return float(scores[find_task(inner, self.task, read_targets(y_true)).index])
        if np.isnan(scores).all():
            warn_user("No task has labels to score.", UndefinedMetricWarning)
            return np.nan
        return float(np.nanmean(scores))


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


def task_scorer(
    task: str | int,
    metric: str | MetricFunction,
    *,
    response_method: ResponseMethod = "predict",
    greater_is_better: bool = True,
) -> TaskScorer:
    """Make a scorer of one task, on the rows where that task has a label.

    It works wherever scikit-learn takes `scoring=`: `cross_validate`, searches,
    `permutation_importance`, `learning_curve`; with any multi-output estimator, alone, in a
    pipeline or in a search; and with weights of shape (n,) or (n, n_tasks).

    Parameters
    ----------
    task : str or int
        The task's name (a column of y as seen at fit; y0, y1, … if unnamed) or its index.
    metric : str or callable
        A metric's name as in `masked_score`; or "d2", the share of deviance explained against the
        training baseline (`score_tasks`); or a function `metric(y_true, y_pred)`, such as those
        of `sklearn.metrics`, that takes `sample_weight` too if it is to be weighted. Set
        further arguments with `functools.partial`.
    response_method : {"predict", "predict_proba"}, default="predict"
        What a *function* gets; of a binary task the probabilities of the second class, shape (n,).
    greater_is_better : bool, default=True
        Whether a *function* is a score; a loss is negated.

    Returns
    -------
    TaskScorer
        Greater is better, as with every scorer of scikit-learn. A loss is negated, and `name`
        says so: both "log_loss" and "neg_log_loss" give the scorer named "neg_log_loss".

    Raises
    ------
    ValueError
        If no metric has that name. The scorer raises one if the estimator has no such task, or if
        it is a regression and the metric wants probabilities.
    TypeError
        If `metric` is a scorer already.

    See Also
    --------
    multitask_scorers : A dict of them, for all tasks.

    Notes
    -----
    A label of a class that the training part lacked is a miss to metrics of predictions. Metrics of
    probabilities warn, naming task and class: its probability is zero to the Brier score, and
    2.2e-16 to the log loss, as in scikit-learn; "roc_auc" and "average_precision" are NaN. They
    raise ValueError if not one label is of a class that the model knows.

    Metadata routing: `scorer.set_score_request(sample_weight=True)`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.dummy import DummyRegressor
    >>> from sklearn_ple.metrics import task_scorer
    >>> X, y = np.zeros((4, 1)), np.array([[1.0, 5.0], [3.0, 5.0], [2.0, 5.0], [2.0, 5.0]])
    >>> model = DummyRegressor().fit(X, y)
    >>> y[3, 0] = np.nan
    >>> scorer = task_scorer(0, "mse")
    >>> scorer
    _MetricScorer(task=0, metric='neg_mse')
    >>> round(scorer(model, X, y), 3)
    -0.667
    """
    if metric == "d2":
        return _DevianceExplainedScorer(task)
    if isinstance(metric, str):
        plain = metric.removeprefix("neg_")
        is_negated_loss = plain in METRICS and not METRICS[plain].greater_is_better
        return _MetricScorer(task, find_metric(plain if is_negated_loss else metric))
    if hasattr(metric, "set_score_request"):
        raise TypeError(
            f"{metric!r} is a scorer, called on an estimator; give its metric, a function of "
            f"labels and predictions, instead."
        )
    name = getattr(metric, "__name__", None) or getattr(metric, "func", metric).__name__
    return _MetricScorer(task, Metric(name, metric, response_method, greater_is_better))


def deviance_explained_scorer() -> TaskScorer:
    """Make a scorer of all tasks: the mean share of deviance explained, of those with labels.

    Each task's share is measured against the constant predictor of the *training* labels
    (`score_tasks`), so that a fold with a single class has a finite score. 1 is perfect, 0 is the
    constant predictor.

    Returns
    -------
    TaskScorer
        Greater is better.

    Examples
    --------
    >>> from sklearn_ple.metrics import deviance_explained_scorer
    >>> deviance_explained_scorer().name
    'd2'
    """
    return _DevianceExplainedScorer(None)
