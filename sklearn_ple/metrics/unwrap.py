"""From whatever a scorer is handed to the multi-task estimator inside, and to one task of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline

from sklearn_ple.metrics.position import is_position
from sklearn_ple.tasks import Targets
from sklearn_ple.tasks.targets import weights_by_target


def unwrap(estimator: Any) -> tuple[Any, list[Any]]:
    """The fitted estimator inside pipelines, searches and frozen estimators.

    Parameters
    ----------
    estimator : object
        A fitted estimator, search, pipeline or one frozen, nested at will.

    Returns
    -------
    inner : object
        The first on the way in that is neither pipeline nor fitted search, nor frozen.
    transformers : list
        What X has to pass, in order, before `inner` sees it.
    """
    transformers: list[Any] = []
    while True:
        if isinstance(estimator, FrozenEstimator):
            estimator = estimator.estimator
        elif isinstance(estimator, Pipeline):
            if len(estimator) > 1:
                transformers.append(estimator[:-1])
            estimator = estimator[-1]
        elif hasattr(estimator, "best_estimator_"):
            estimator = estimator.best_estimator_
        else:
            return estimator, transformers


def completed(estimator: Any, targets: Targets) -> Targets:
    """Labels as the multi-task estimator inside reads them: with those that follow from others."""
    inner, _ = unwrap(estimator)
    return inner._completed(targets, inner.tasks_) if hasattr(inner, "_completed") else targets


@dataclass(frozen=True)
class FittedTask:
    """Where one task lies in what an estimator predicts.

    Attributes
    ----------
    index : int
        Its place in task order.
    name : str
        The target's name.
    classes : ndarray of shape (n_classes,) or None
        Its classes, for a classification.
    n_tasks : int
        How many tasks there are.
    """

    index: int
    name: str
    classes: NDArray | None
    n_tasks: int

    def column(self, targets: Targets) -> NDArray:
        """Its column of a container with one column per task: by name where they are all there.

        Raises
        ------
        ValueError
            If the number of columns is not that of the tasks.
        """
        if len(targets.columns) != self.n_tasks:
            raise ValueError(
                f"y has {len(targets.columns)} columns ({targets.names}), but the estimator has "
                f"{self.n_tasks} tasks."
            )
        return targets.columns[self._place(targets)]

    def weight(self, sample_weight: Any, targets: Targets) -> NDArray:
        """Its weights, out of weights of shape (n,) or (n, n_tasks) in the order of y.

        Raises
        ------
        ValueError
            If the number of columns is not that of the tasks, or a table has other columns.
        """
        weight = weights_by_target(sample_weight, targets.names)
        if weight.ndim == 1:
            return weight
        if weight.shape[1] != self.n_tasks:
            raise ValueError(
                f"sample_weight has shape {weight.shape}, but the estimator has {self.n_tasks} "
                f"tasks."
            )
        return weight[:, self._place(targets)]

    def _place(self, targets: Targets) -> int:
        """Where its column is: by name where they are all there."""
        return targets.names.index(self.name) if self.name in targets.names else self.index

    def prediction(self, predicted: NDArray) -> NDArray:
        """Its part of what `predict` gave, shape (n,)."""
        return predicted if predicted.ndim == 1 else predicted[:, self.index]

    def probability(self, predicted: list[NDArray | None] | NDArray) -> NDArray:
        """Its part of what `predict_proba` gave, (n, n_classes), or (n,) of the second class.

        Raises
        ------
        ValueError
            If the task is a regression.
        """
        if isinstance(predicted, list):
            part = predicted[self.index]
            if part is None:
                raise ValueError(f"Task {self.name!r} is a regression: it has no probabilities.")
            return part
        return predicted if self.n_tasks == 1 else predicted[:, self.index]


def find_task(estimator: Any, task: str | int, targets: Targets) -> FittedTask:
    """Look a task up by name or index.

    An estimator that is none of ours, say a forest as a baseline, has the names of y's columns.

    Raises
    ------
    ValueError
        If there is no such task.
    """
    inner, _ = unwrap(estimator)
    tasks = list(inner.tasks_) if hasattr(inner, "tasks_") else None
    if tasks is not None:
        names, classes = [each.name_ for each in tasks], [each.classes_ for each in tasks]
    else:
        names, classes = targets.names, _foreign_classes(inner, len(targets.names))
    if task in names:
        index = names.index(str(task))
    elif is_position(task, len(names)):
        index = int(task)
    else:
        raise ValueError(f"There is no task {task!r}; the tasks are {names}, numbered from 0 on.")
    return FittedTask(index, names[index], classes[index], len(names))


def _foreign_classes(estimator: Any, n_tasks: int) -> list[NDArray | None]:
    classes = getattr(estimator, "classes_", None)
    if isinstance(classes, list):
        return list(classes)
    # With several targets, one array is a multilabel classifier's numbers of its 0/1 targets.
    return [classes] if n_tasks == 1 else [None] * n_tasks
