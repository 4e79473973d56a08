"""`TaskSet`: the fitted tasks in order; splits y into columns, puts predictions together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sklearn_ple.tables import missing
from sklearn_ple.tasks.classification import UNSEEN_DEVIANCE, unseen_labels
from sklearn_ple.tasks.targets import Targets, classes_by_target, names_of_unnamed
from sklearn_ple.tasks.task import NO_DEVIANCE, Floats, Task
from sklearn_ple.tasks.whole_vectors import filled_up

_BLOCK = 65_536  # rows whose deviances are in memory at once


@dataclass(frozen=True)
class TaskSet:
    """Fitted tasks and where each one's raw outputs lie.

    Parameters
    ----------
    tasks : sequence of Task
        Fitted tasks, one per column of y.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ple.tasks import Multiclass, Regression, TaskSet, read_targets
    >>> targets = read_targets(np.array([[0, 1.5], [1, 2.5], [2, np.nan]]))
    >>> task_set = TaskSet.fit([Multiclass(), Regression()], targets, np.ones((3, 2)))
    >>> task_set.n_raw, task_set.slices
    (4, (slice(0, 3, None), slice(3, 4, None)))
    """

    tasks: tuple[Task, ...]
    slices: tuple[slice, ...] = field(init=False)

    def __post_init__(self) -> None:
        ends = np.cumsum([task.n_raw for task in self.tasks]).tolist()
        starts = [0, *ends[:-1]]
        object.__setattr__(self, "slices", tuple(map(slice, starts, ends)))

    @classmethod
    def fit(
        cls, tasks: Sequence[Task], targets: Targets, weight: Floats, classes: Any = None
    ) -> TaskSet:
        """Fit every task to its column.

        Parameters
        ----------
        tasks : sequence of Task
        targets : Targets
        weight : ndarray of shape (n, n_tasks)
        classes : array-like, list of array-like, or None
            Labels known beforehand: of the only target, or of each (None at regressions).

        Raises
        ------
        ValueError
            As `Task.fit`; also if two columns of predictions would have one name.
        """
        declared = classes_by_target(classes, targets)
        fitted = []
        for k, (task, name) in enumerate(zip(tasks, targets.names, strict=True)):
            rows = ~missing(targets.columns[k]) & (weight[:, k] > 0)
            fitted.append(task.fit(name, targets.labels(k, rows), weight[rows, k], declared[k]))
        task_set = cls(tuple(fitted))
        names = task_set.column_names
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(
                f"The targets {targets.names} and the probabilities of their classes would share "
                f"the names {twice} in tables of predictions; rename a target."
            )
        return task_set

    def check_classes(self, targets: Targets, classes: Any) -> None:
        """Raise ValueError where labels said beforehand are not those of the fitted tasks."""
        declared = classes_by_target(classes, targets)
        for task, i in zip(self.tasks, self.order(targets), strict=True):
            known, now = task.classes_, declared[i]
            if now is not None and (known is None or now.tolist() != known.tolist()):
                was = "no classification" if known is None else f"fitted on {known.tolist()}"
                raise ValueError(
                    f"Task {task.name_!r} is {was}, but classes= says {now.tolist()} now."
                )

    def __len__(self) -> int:
        return len(self.tasks)

    def __iter__(self) -> Iterator[Task]:
        return iter(self.tasks)

    @property
    def names(self) -> list[str]:
        return [task.name_ for task in self.tasks]

    @property
    def column_names(self) -> list[str]:
        """Of predictions: each target's name, then those of its classes' probabilities."""
        names: list[str] = []
        for task in self.tasks:
            names.append(task.name_)
            names += [f"{task.name_}={c}" for c in (() if task.classes_ is None else task.classes_)]
        return names

    @property
    def n_raw(self) -> int:
        """Number of raw outputs of all tasks together."""
        return self.slices[-1].stop

    @property
    def baseline(self) -> Floats:
        """Raw outputs (n_raw,) of the best constant predictors."""
        return np.concatenate([task.baseline_ for task in self.tasks])

    def encode(self, targets: Targets) -> Floats:
        """Labels as numbers, shape (n, n_tasks), NaN outside a task's sample space."""
        columns = zip(self.tasks, self.align(targets).columns, strict=True)
        return np.column_stack([task.encode(column) for task, column in columns])

    def encode_to_score(self, targets: Targets) -> tuple[Floats, NDArray[np.bool_]]:
        """As `encode`, where a label may be of a class that fit did not see.

        Returns
        -------
        encoded : ndarray of shape (n, n_tasks)
            NaN for such labels too.
        unseen : ndarray of shape (n, n_tasks)
            Which labels those are.

        Raises
        ------
        ValueError
            If a task knows none of its labels: they are most likely coded otherwise than at fit.
        """
        targets = self.align(targets)
        unseen = np.zeros((len(targets), len(self)), dtype=bool)
        for k, (task, column) in enumerate(zip(self.tasks, targets.columns, strict=True)):
            if task.classes_ is not None:
                strange = unseen_labels(column, task.classes_)
                some_known = strange.sum() < (~missing(column)).sum()
                unseen[:, k] = strange & some_known
        return self.encode(targets.hide(unseen)), unseen

    def align(self, targets: Targets) -> Targets:
        """The same columns in the order of the tasks (see `order`)."""
        order = self.order(targets)
        if order == list(range(len(self))):
            return targets
        return replace(
            targets,
            names=self.names,
            columns=[targets.columns[i] for i in order],
            declared_categorical=[targets.declared_categorical[i] for i in order],
            dtypes=[targets.dtypes[i] for i in order],
        )

    def order(self, targets: Targets) -> list[int]:
        """For each task the position of its column: by name where both have names.

        Raises
        ------
        ValueError
            If there are more or fewer columns than tasks, or they have other names.
        """
        if len(targets.names) != len(self):
            raise ValueError(
                f"y has {len(targets.names)} columns ({targets.names}), but the model was fitted "
                f"on {len(self)} ({self.names})."
            )
        unnamed = names_of_unnamed(len(self))
        if len(self) == 1 or unnamed in (targets.names, self.names):
            return list(range(len(self)))
        if set(targets.names) != set(self.names):
            raise ValueError(f"y has the columns {targets.names}, but fit saw {self.names}.")
        return [targets.names.index(name) for name in self.names]

    def split(self, raw: Tensor) -> list[Tensor]:
        """Raw outputs (n, n_raw) to one (n, task.n_raw) a task."""
        return [raw[:, part] for part in self.slices]

    def activate(self, raw: Tensor) -> list[NDArray]:
        """Raw outputs (n, n_raw) to probabilities or means a task, as NumPy arrays."""
        parts = zip(self.tasks, self.split(filled_up(raw.double())), strict=True)
        return [task.activate(part).numpy()[: len(raw)] for task, part in parts]

    def decode(self, activated: Sequence[NDArray]) -> list[NDArray]:
        """Probabilities or means to predictions in each task's own labels or unit."""
        return [task.decode(each) for task, each in zip(self.tasks, activated, strict=True)]

    def deviance_explained(
        self,
        raw: Tensor,
        encoded: Floats,
        weight: Floats,
        unseen: NDArray[np.bool_] | None = None,
    ) -> Floats:
        """Share of deviance explained per task, against the training baseline.

        Parameters
        ----------
        raw : Tensor of shape (n, n_raw)
        encoded : ndarray of shape (n, n_tasks)
            Labels from `encode`.
        weight : ndarray of shape (n, n_tasks)
        unseen : ndarray of shape (n, n_tasks) or None
            Labels of classes that fit did not see, NaN in `encoded`. To the model and to the
            baseline alike they are as improbable as the log loss can tell (2.2e-16): the share
            falls towards zero, and two models compare as they do without such rows.

        Returns
        -------
        ndarray of shape (n_tasks,)
            1 for perfect predictions, 0 for the training baseline; NaN for a task without labels.
        """
        beyond = np.zeros(len(self)) if unseen is None else (weight * unseen).sum(axis=0)
        parts = self.split(raw)
        columns = zip(self.tasks, parts, encoded.T, weight.T, beyond, strict=True)
        return np.array([_explained(*each) for each in columns])


def _explained(
    task: Task, raw: Tensor, encoded: Floats, weight: Floats, unseen_weight: float
) -> float:
    rows = np.flatnonzero(~np.isnan(encoded) & (weight > 0))
    if not len(rows):
        return 0.0 if unseen_weight > 0 else np.nan
    total = total_null = unseen_weight * UNSEEN_DEVIANCE
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK]
        target = torch.from_numpy(encoded[block])[:, None]
        own = raw[torch.from_numpy(block)].double()[:, None]
        constant = torch.from_numpy(task.baseline_).expand(len(target), 1, -1)
        total += np.dot(weight[block], task.deviance(own, target)[:, 0].numpy())
        total_null += np.dot(weight[block], task.deviance(constant, target)[:, 0].numpy())
    if total_null <= NO_DEVIANCE * weight[rows].sum():
        return 1.0 if np.isclose(total, 0) else 0.0
    return float(1 - total / total_null)
