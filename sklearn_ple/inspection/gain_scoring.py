"""One scorer per task, for both models of a pair."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics._scorer import _cached_call
from sklearn.pipeline import Pipeline

from sklearn_ple.metrics import TaskScorer, task_scorer
from sklearn_ple.metrics.row_bootstrap import RowDraws
from sklearn_ple.tasks import Targets, Task, resolve_tasks
from sklearn_ple.tasks.inference import Promise

OneScore: TypeAlias = "str | Callable[..., float] | TaskScorer"
Scoring: TypeAlias = "OneScore | Mapping[str, OneScore] | None"
Draws: TypeAlias = NDArray[np.float64]


def kinds_of(estimator: Any, targets: Targets) -> list[Task]:
    """The unfitted tasks that an unfitted estimator, however wrapped, will make of y's columns."""
    while not hasattr(estimator, "tasks"):
        if isinstance(estimator, Pipeline):
            estimator = estimator[-1]
        elif hasattr(estimator, "estimator"):  # a search
            estimator = estimator.estimator
        else:
            break
    promise: Promise = getattr(estimator, "_promise", "any")
    return resolve_tasks(getattr(estimator, "tasks", "auto"), targets, promise)


def gain_scorers(
    schemes: Mapping[str, Any], targets: Targets, scoring: Scoring
) -> dict[str, TaskScorer]:
    """A scorer for each task, in the order of y's columns.

    Parameters
    ----------
    schemes : dict of str to estimator
        Their task kinds decide where `scoring` does not.
    targets : Targets
    scoring : str, callable, TaskScorer, dict of them by task name, or None
        As in `mtl_gain_report`.

    Raises
    ------
    ValueError
        If `scoring` names an unknown task, a scorer is of another task, or two schemes take a task
        that has no metric given for different kinds.
    """
    names = targets.names
    if isinstance(scoring, Mapping):
        given = dict(scoring)
    else:
        given = {} if scoring is None else dict.fromkeys(names, scoring)
    if unknown := set(given) - set(names):
        raise ValueError(f"scoring names {sorted(map(str, unknown))}, but the tasks are {names}.")
    if missing := [name for name in names if name not in given]:
        given |= _defaults(schemes, targets, missing)
    return {name: _scorer(name, k, given[name]) for k, name in enumerate(names)}


def judge(
    model: Any, X: Any, y: Any, scorers: Mapping[str, TaskScorer], draws: RowDraws
) -> tuple[dict[str, float], Draws]:
    """Score each task on all test rows, and on every draw of them; greater is better.

    Predictions are made once, and are gone with the call.

    Returns
    -------
    scores : dict of str to float
    in_draws : ndarray of shape (n_draws, n_tasks)
        NaN where a metric is not defined.
    """
    call = partial(_cached_call, {})
    scores = {task: scorer._score(call, model, X, y) for task, scorer in scorers.items()}
    if not draws.n_draws:
        return scores, np.empty((0, len(scorers)))
    metrics = [scorer.counted(call, model, X, y) for scorer in scorers.values()]
    return scores, draws.scores([metric or _undefined for metric in metrics])


def _undefined(counts: NDArray[np.float64]) -> float:
    return np.nan


def _defaults(schemes: Mapping[str, Any], targets: Targets, names: list[str]) -> dict[str, str]:
    chosen: dict[str, str] = {}
    for scheme, estimator in schemes.items():
        metrics = map(_default_metric, kinds_of(estimator, targets))
        by_task = dict(zip(targets.names, metrics, strict=True))
        for name in names:
            if chosen.setdefault(name, by_task[name]) != by_task[name]:
                raise ValueError(
                    f"Task {name!r} would be scored by {by_task[name]!r} as {scheme!r} takes it, "
                    f"but by {chosen[name]!r} as the others do; say scoring={{{name!r}: …}}."
                )
    return chosen


def _default_metric(task: Task) -> str:
    if task.kind == "binary":
        return "roc_auc"
    if task.is_classification:
        return "d2_log_loss"
    return "d2_poisson" if task.kind == "count" else "r2"


def _scorer(name: str, index: int, score: OneScore) -> TaskScorer:
    if not isinstance(score, TaskScorer):
        return task_scorer(name, score)
    if score.task not in (name, index):
        raise ValueError(f"scoring has {score} for task {name!r}: a scorer of another task.")
    return score
