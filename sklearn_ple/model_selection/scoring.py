"""Reading `scoring`: one scorer of everything that is measured, and what it is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sklearn.base import is_classifier
from sklearn.metrics import check_scoring, get_scorer_names

from sklearn_ple.metrics import TaskScorer, deviance_explained_scorer, task_scorer
from sklearn_ple.metrics.metric import METRICS
from sklearn_ple.metrics.multitask import MEAN_SCORE
from sklearn_ple.tasks import Task

# Of scores of the second class, which scikit-learn takes out of a classifier's probabilities alone.
OF_CLASSIFIERS = ("roc_auc", "average_precision")
Scoring = str | Callable[..., float] | list[str] | tuple[str, ...] | Mapping[str, Any] | None


@dataclass(frozen=True)
class Measure:
    """What a model is judged by.

    Attributes
    ----------
    scorer : callable
        Called with estimator, X, y and weights; returns a number, or one per metric where there are
        several.
    scorers : dict of str to callable
        By metric; of a single one the name is "score".
    is_multimetric : bool
    of_scikit : tuple of str
        Which of them were given as scikit-learn's names.
    """

    scorer: Any
    scorers: dict[str, Any]
    is_multimetric: bool
    of_scikit: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """Of the metrics, in order."""
        return list(self.scorers)

    def check_tasks(self, tasks: Mapping[str, Task], estimator: Any) -> None:
        """Raise ValueError where these tasks, by name, of this estimator can't be scored so."""
        if unknown := self.task_names - set(tasks):
            raise ValueError(
                f"scoring names the tasks {sorted(unknown)}, but the tasks are {list(tasks)}."
            )
        classes = [name for name, task in tasks.items() if task.is_classification]
        if self.of_scikit and classes and len(tasks) > 1:
            raise ValueError(
                f"scoring={self.of_scikit[0]!r} is scikit-learn's and scores one target, and the "
                f"tasks are {list(tasks)}: name one of them with a metric, such as "
                f"'{classes[0]}_roc_auc', or take {MEAN_SCORE!r}."
            )
        ranking = [name for name in self.of_scikit if name in OF_CLASSIFIERS]
        if ranking and classes and not is_classifier(estimator):
            raise ValueError(
                f"scoring={ranking[0]!r} is scikit-learn's and asks for one of its classifiers, "
                f"which {type(estimator).__name__} is not: say '{classes[0]}_{ranking[0]}'."
            )

    @property
    def task_names(self) -> set[str]:
        """Tasks that some scorer asks for by name."""
        tasks = [each.task for each in self.scorers.values() if isinstance(each, TaskScorer)]
        return {task for task in tasks if isinstance(task, str)}

    def takes_weights(self) -> bool:
        """Whether `sample_weight` makes a difference to any metric."""
        accepts = getattr(self.scorer, "_accept_sample_weight", None)
        return bool(accepts is not None and accepts())


def read_scoring(estimator: Any, scoring: Scoring) -> Measure:
    """Scorers from names, functions and collections of them.

    Parameters
    ----------
    estimator : estimator
        Whose own `score` None stands for.
    scoring : str, callable, list, tuple, dict or None
        A name is one of scikit-learn's, "deviance_explained", or a task with one of our metrics,
        such as "income_roc_auc".

    Raises
    ------
    ValueError
        If a name is unknown.
    """
    if isinstance(scoring, list | tuple):
        if len(set(scoring)) < len(scoring) or not scoring:
            raise ValueError(f"scoring={scoring!r} must name different metrics, one at least.")
        scoring = {name: name for name in scoring}
    if isinstance(scoring, Mapping):
        scorers = {name: check_scoring(estimator, _scorer(s)) for name, s in scoring.items()}
        of_scikit = tuple(each for each in scoring.values() if _is_scikit(each))
        return Measure(check_scoring(estimator, scorers), scorers, True, of_scikit)
    scorer = check_scoring(estimator, _scorer(scoring))
    of_scikit = (str(scoring),) if _is_scikit(scoring) else ()
    return Measure(scorer, {"score": scorer}, False, of_scikit)


def _is_scikit(scoring: Any) -> bool:
    return isinstance(scoring, str) and scoring in get_scorer_names()


def _scorer(scoring: Any) -> Any:
    if not isinstance(scoring, str) or _is_scikit(scoring):
        return scoring
    if scoring == MEAN_SCORE:
        return deviance_explained_scorer()
    metrics = ["d2", *METRICS, *(f"neg_{name}" for name in METRICS)]
    fitting = [name for name in metrics if scoring.endswith(f"_{name}")]
    if not fitting:
        raise ValueError(
            f"scoring={scoring!r} is no metric: it may be {MEAN_SCORE!r}, a task's name with a "
            f"metric, such as 'income_roc_auc', or one of scikit-learn's names. A task's metric "
            f"is one of {metrics}."
        )
    metric = max(fitting, key=len)
    return task_scorer(scoring.removesuffix(f"_{metric}"), metric)
