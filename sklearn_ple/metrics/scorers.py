"""Scorers of one task, for every tool of scikit-learn that takes `scoring=`."""

from __future__ import annotations

from sklearn_ple.metrics.metric import METRICS, Metric, MetricFunction, ResponseMethod, find_metric
from sklearn_ple.metrics.task_scorers import DevianceExplainedScorer, MetricScorer, TaskScorer


def task_scorer(
    task: str | int,
    metric: str | MetricFunction,
    *,
    response_method: ResponseMethod = "predict",
    greater_is_better: bool = True,
    groups: str | int | None = None,
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
    groups : str or int, default=None
        For "gauc", and functions that have a parameter `groups`: the column of X, by name or
        position, that holds each row's group. X is what the scorer is called with, so a pipeline
        may drop the column before its model. None: groups are given to the scorer when it is
        called, `scorer(model, X, y, groups=...)`, or by metadata routing.

    Returns
    -------
    TaskScorer
        Greater is better, as with every scorer of scikit-learn. A loss is negated, and `name`
        says so: both "log_loss" and "neg_log_loss" give the scorer named "neg_log_loss".

    Raises
    ------
    ValueError
        If no metric has that name, neither way is better ("calibration_ratio"), or `groups` is
        given to a metric that takes none. The scorer raises one if the estimator has no such task,
        if it is a regression and the metric wants probabilities, or if there are no groups for a
        metric that needs them.
    TypeError
        If `metric` is a scorer already.

    See Also
    --------
    multitask_scorers : A dict of them, for all tasks.

    Notes
    -----
    A label of a class that the training part lacked is a miss to metrics of predictions. Metrics of
    probabilities warn, naming task and class: its probability is zero to the Brier score, and
    2.2e-16 to the log loss, as in scikit-learn, and zero to "ece"; "roc_auc",
    "average_precision" and "gauc" are NaN; the calibration ratios count it as none of the known
    classes. They raise ValueError if not one label is of a class that the model knows.

    Metadata routing: `scorer.set_score_request(sample_weight=True, groups=True)`.

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
    MetricScorer(task=0, metric='neg_mse')
    >>> round(scorer(model, X, y), 3)
    -0.667
    """
    if metric == "d2":
        _check_groups(groups, metric, takes_groups=False)
        return DevianceExplainedScorer(task)
    chosen = scored_metric(metric, response_method, greater_is_better)
    _check_groups(groups, chosen.name, takes_groups=chosen.takes_groups)
    return MetricScorer(task, chosen, groups)


def _check_groups(groups: str | int | None, name: str, *, takes_groups: bool) -> None:
    if groups is not None and not takes_groups:
        raise ValueError(f"groups={groups!r}, but {name!r} is not measured within groups.")


def scored_metric(
    metric: str | MetricFunction, response_method: ResponseMethod, greater_is_better: bool
) -> Metric:
    """A metric of which more, or less, is better."""
    if isinstance(metric, str):
        plain = metric.removeprefix("neg_")
        is_negated_loss = plain in METRICS and METRICS[plain].greater_is_better is False
        chosen = find_metric(plain if is_negated_loss else metric)
        if chosen.greater_is_better is None:
            raise ValueError(
                f"{metric!r} is best at 1, so neither more nor less of it is better: score by "
                f"'neg_abs_log_{metric}', or give the function of that name to report it."
            )
        return chosen
    if hasattr(metric, "set_score_request"):
        raise TypeError(
            f"{metric!r} is a scorer, called on an estimator; give its metric, a function of "
            f"labels and predictions, instead."
        )
    named = metric if hasattr(metric, "__name__") else getattr(metric, "func", metric)
    name = getattr(named, "__name__", type(named).__name__)
    return Metric(name, metric, response_method, greater_is_better)


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
    return DevianceExplainedScorer(None)
