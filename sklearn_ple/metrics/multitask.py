"""Scorers for all tasks at once, under stable names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

from sklearn.utils.validation import check_is_fitted

from sklearn_ple.metrics.metric import MetricFunction
from sklearn_ple.metrics.scorers import deviance_explained_scorer, task_scorer
from sklearn_ple.metrics.task_scorers import TaskScorer
from sklearn_ple.metrics.unwrap import unwrap
from sklearn_ple.tasks import Task, TaskSet, read_targets, resolve_tasks
from sklearn_ple.tasks.inference import Promise

TaskChoice: TypeAlias = (
    Literal["auto", "classification", "regression"]
    | Sequence[str | Task]
    | Mapping[str, str | Task]
)
PROMISES: dict[str, Promise] = {
    "auto": "any",
    "classification": "classification",
    "regression": "regression",
}
MEAN_SCORE = "deviance_explained"
COUNT_METRICS = ("d2_poisson", "neg_poisson_deviance")
CLASS_METRICS = ("roc_auc", "neg_log_loss")
NUMBER_METRICS = ("r2", "neg_rmse")


def multitask_scorers(
    source: Any,
    *,
    tasks: TaskChoice = "auto",
    metrics: Mapping[str, Sequence[str | MetricFunction]] | None = None,
) -> dict[str, TaskScorer]:
    """Make a dict of scorers, for multi-metric cross-validation and searches.

    Parameters
    ----------
    source : array-like of shape (n,) or (n, n_tasks), estimator, or TaskSet
        The *full* y, whose columns are the tasks; or a fitted multi-task estimator, alone, in a
        pipeline or in a search; or its `tasks_`.
    tasks : "auto", "classification", "regression", list or dict, default="auto"
        If `source` is y, the kinds of its columns: what the estimator's own `tasks` says, or, for
        a `…Classifier` or `…Regressor`, which takes all columns alike, that word.
    metrics : dict of str to list, default=None
        Metrics by task name, each a name or a function as in `task_scorer`. Tasks left out have
        the defaults of their kind: "roc_auc" and "neg_log_loss" for classifications, "d2_poisson"
        and "neg_poisson_deviance" for counts, "r2" and "neg_rmse" for all others.

    Returns
    -------
    dict of str to TaskScorer
        `<task>_<metric>` in the order of tasks, such as "income_roc_auc"; last
        "deviance_explained", the mean over tasks, a good choice for `refit=`.

    Raises
    ------
    ValueError
        If `metrics` names an unknown task or metric, or `tasks` is another word, or given although
        `source` is not y, or `source` is an estimator of another package.
    NotFittedError
        If `source` is an estimator that was not fitted.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ple.metrics import multitask_scorers
    >>> y = np.array([[0, 2.5], [1, 0.5], [np.nan, 1.5]])
    >>> list(multitask_scorers(y))
    ['y0_roc_auc', 'y0_neg_log_loss', 'y1_r2', 'y1_neg_rmse', 'deviance_explained']
    """
    by_name = {str(name): chosen for name, chosen in (metrics or {}).items()}
    kinds = _kinds(source, tasks)
    if unknown := set(by_name) - set(kinds):
        raise ValueError(f"metrics names {sorted(unknown)}, but the tasks are {list(kinds)}.")
    scorers: dict[str, TaskScorer] = {}
    for name, task in kinds.items():
        for metric in by_name.get(name, _default_metrics(task)):
            scorer = task_scorer(name, metric)
            scorers[f"{name}_{scorer.name}"] = scorer
    scorers[MEAN_SCORE] = deviance_explained_scorer()
    return scorers


def _kinds(source: Any, tasks: TaskChoice) -> dict[str, Task]:
    fitted = source if isinstance(source, TaskSet) else getattr(unwrap(source)[0], "tasks_", None)
    if fitted is None:
        _check_labels(source)
        targets = read_targets(source)
        if not isinstance(tasks, str):
            kinds = resolve_tasks(tasks, targets)
        elif tasks in PROMISES:
            kinds = resolve_tasks("auto", targets, PROMISES[tasks])
        else:
            raise ValueError(f"tasks={tasks!r}; the words are {list(PROMISES)}.")
        return dict(zip(targets.names, kinds, strict=True))
    if not (isinstance(tasks, str) and tasks == "auto"):
        raise ValueError("tasks= is for a source of labels; here the tasks are fitted already.")
    return {task.name_: task for task in fitted}


def _check_labels(source: Any) -> None:
    """Raise an error that says what is wrong with an estimator from which no task can be told."""
    inner, _ = unwrap(source)
    if not hasattr(type(inner), "fit"):  # of the class: a table may have a column of that name
        return
    name = type(inner).__name__
    check_is_fitted(inner, msg=f"{name} is not fitted, so it has no tasks yet: fit it, or give y.")
    raise ValueError(f"{name} is no multi-task estimator of this package: give y instead.")


def _default_metrics(task: Task) -> tuple[str, ...]:
    if task.is_classification:
        return CLASS_METRICS
    return COUNT_METRICS if task.kind == "count" else NUMBER_METRICS
