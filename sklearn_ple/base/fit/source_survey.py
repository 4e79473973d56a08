"""`Survey`: what has to be known of rows in files before a net can be built."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import starmap
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sklearn_ple.base.fit.inputs import check_shape, in_rows
from sklearn_ple.base.fit.rows import Rows
from sklearn_ple.sources import FeatureDigest, HeldOutRows, LabelDigest, OpenSource, as_targets
from sklearn_ple.sources.group_reader import PASS_ROWS
from sklearn_ple.sources.located import located
from sklearn_ple.sources.open_source import Part
from sklearn_ple.sources.value_digest import MOST_DISTINCT
from sklearn_ple.tables import missing
from sklearn_ple.tasks import Targets, Task, TaskSet, resolve_tasks
from sklearn_ple.tasks.targets import classes_by_target

if TYPE_CHECKING:
    from sklearn_ple.base.fit.fitting import Fitting

Floats = NDArray[np.float64]
Counted = tuple[Targets, Floats]


class Survey:
    """Two passes over the rows: over labels and weights alone, then over everything.

    The first decides kinds of tasks, by which labels can be completed, and which rows are held out.
    The second adds up what features, tasks and losses depend on.

    Parameters
    ----------
    fitting : Fitting
    source : OpenSource
        To learn from.
    other : OpenSource or None
        To stop by; with None they are a part of `source`.
    minimum : int
        Least number of rows.

    Attributes
    ----------
    n_rows, n_train, n_valid : int
        Rows that weigh something: of `source`, and of those to train on and to stop by.
    task_set : TaskSet
    given : (Targets, ndarray)
        Every label of all rows, and how often it occurs.
    labels : (Targets, ndarray)
        Every label of the rows to train on, and what it weighs.
    label_share : ndarray of shape (n_tasks,)
    label_weight : ndarray of shape (n_tasks,)
        What the labels of a row to train on weigh on average.
    features : FeatureDigest or None
        None where the fit goes on.

    Raises
    ------
    ValueError, TypeError
        If the rows can't be learned from; the message says where the culprit is.
    """

    def __init__(
        self, fitting: Fitting, source: OpenSource, other: OpenSource | None, minimum: int
    ) -> None:
        self.fitting, self.estimator, self.source = fitting, fitting.estimator, source
        self.n_rows = self.n_train = self.n_valid = 0
        self._held_out: HeldOutRows | None = None
        digests = self._count_labels()
        source.require_weight(self.n_rows)
        check_shape(self.n_rows, len(source.features), minimum)
        counted = self._counted(digests)
        self._tasks, self._known = self._decide(counted[0])
        _require_counted(self._tasks, digests)
        if other is None and fitting.holds_out(self.n_rows):
            self._held_out = self._draw(counted)
        self._add_up()
        if self._held_out is not None and self._held_out.fill(self.n_train, self.n_valid):
            self._add_up()
        self.task_set = self._fit_tasks()
        self._tasks, self._known = self.task_set.tasks, [t.classes_ for t in self.task_set]
        if other is not None:
            self.n_valid = self._count_valid(other)
        elif self._held_out is not None and not (self.n_train and self.n_valid):
            raise ValueError(
                f"validation_fraction={self._held_out.fraction} of {self.n_rows} rows leaves one "
                f"side empty; set early_stopping=False or give X_val."
            )

    def rows(
        self, source: OpenSource, group: int, n_rows: int = PASS_ROWS, *, with_features: bool = True
    ) -> Iterator[tuple[Rows, NDArray[np.bool_]]]:
        """Rows of a row group in parts, those without weight too, and which are held out."""
        draw = None
        if self._held_out is not None and source is self.source:
            draw = self._held_out.drawer(group)

        def part(read: Part) -> tuple[Rows, NDArray[np.bool_]]:
            columns, targets, weight = read
            used = np.asarray(weight.any(axis=1))  # labels of the others go with their rows
            rows = Rows(columns, targets.hide((weight == 0) & used[:, None]), weight)
            with located(source.groups[group]):
                rows = rows.in_order_of(self.estimator.tasks_) if self.fitting.again else rows
            none = np.zeros(len(targets), dtype=bool)
            return rows, none if draw is None else draw(rows.targets, used)

        parts = source.rows(source.groups[group], n_rows, with_features=with_features)
        return map(part, parts)

    def completed(self, rows: Rows) -> Rows:
        """With the labels that follow from others."""
        named = replace(rows.targets, names=self._names)
        return replace(rows, targets=self.estimator._complete(named, self._tasks, self._known))

    @property
    def _names(self) -> list[str]:
        if self.fitting.again:
            return self.estimator.tasks_.names
        return self.source.source.target_names

    def _count_labels(self) -> list[LabelDigest]:
        digests, n_read = self._digests(), 0
        for group in range(len(self.source.groups)):
            for rows, _ in self.rows(self.source, group, with_features=False):
                n_read += len(rows.weight)
                with located(self.source.groups[group]):
                    used = rows.weighed()
                    self.n_rows += len(used.weight)
                    _add(digests, used.targets, np.ones(used.weight.shape))
        self.source.require_rows(n_read)
        return digests

    def _decide(self, targets: Targets) -> tuple[Sequence[Task], list[NDArray | None]]:
        """Kinds of tasks, and the classes that labels are completed by."""
        fitting = self.fitting
        if fitting.again:
            tasks = self.estimator.tasks_
            tasks.check_classes(targets, fitting.classes)
            return tasks.tasks, [task.classes_ for task in tasks]
        fitting.kinds = resolve_tasks(
            fitting.params["tasks"], targets, self.estimator._promise, fitting.classes
        )
        declared = classes_by_target(fitting.classes, targets)
        each = zip(fitting.kinds, targets.columns, declared, strict=True)
        return fitting.kinds, [_classes(*of_one) for of_one in each]

    def _draw(self, counted: Counted) -> HeldOutRows:
        targets, counts = counted
        labels = [
            (column, count) if task.is_classification else None
            for task, column, count in zip(self._tasks, targets.columns, counts.T, strict=True)
        ]
        seed = int(self.fitting.random_state.randint(2**31))
        return HeldOutRows(seed, self.fitting.params["validation_fraction"], labels)

    def _feature_digest(self) -> FeatureDigest | None:
        if self.fitting.again:
            return None
        columns = self.source.no_rows()
        return FeatureDigest(
            columns.labels,
            self.fitting.categorical(columns),
            max_categories=self.source.source.max_categories,
        )

    def _add_up(self) -> None:
        self.features = self._feature_digest()
        self.n_train = self.n_valid = 0
        given, labels = self._digests(), self._digests()
        sums = np.zeros((2, len(given)))

        def add(group: int, rows: Rows, held_out: NDArray[np.bool_]) -> None:
            with located(self.source.groups[group]):
                used = np.asarray(rows.weight.any(axis=1))
                self.n_valid += int((used & held_out).sum())
                rows = self.completed(rows.where(used))
                _add(given, rows.targets, np.ones(rows.weight.shape))
                train = rows.where(~held_out[used])
                self.n_train += len(train.weight)
                _add(labels, train.targets, train.weight)
                np.add(sums, _weights(train), out=sums)
                if self.features is not None:
                    self.features.add(train.columns, train.weight.mean(axis=1))

        for group in range(len(self.source.groups)):
            parts = self.rows(self.source, group, with_features=self.features is not None)
            # By starmap, which lets go of a part before it asks for the next one.
            deque(starmap(partial(add, group), parts), maxlen=0)
        self.given, self.labels = self._counted(given), self._counted(labels)
        if self.fitting.classes is not None:
            targets, totals = self.labels
            self.labels = targets, in_rows(totals, sums[1], self.n_train)
        self.label_share: Floats = sums[0] / np.where(sums[1] > 0, sums[1], 1.0)
        self.label_weight: Floats = sums[0] / max(1, self.n_train)

    def _fit_tasks(self) -> TaskSet:
        if self.fitting.again:
            return self.estimator.tasks_
        return TaskSet.fit(self.fitting.kinds, *self.labels, self.fitting.classes)

    def _count_valid(self, other: OpenSource) -> int:
        """Rows that weigh something in a source to stop by, once its labels are known to fit."""
        n_read = n_rows = 0
        has_labels = False
        for group in range(len(other.groups)):
            for rows, _ in self.rows(other, group, with_features=False):
                n_read += len(rows.weight)
                with located(other.groups[group]):
                    rows = self.completed(rows.weighed())
                    n_rows += len(rows.weight)
                    has_labels |= bool(_weights(rows)[0].any())
                    self.task_set.encode(rows.targets)
        other.require_rows(n_read)
        other.require_weight(n_rows)
        if not has_labels:
            raise ValueError(
                f"X_val has no label that weighs anything among its targets "
                f"{other.source.target_names}, so none to stop by."
            )
        return n_rows

    def _digests(self) -> list[LabelDigest]:
        return [LabelDigest(name) for name in self._names]

    def _counted(self, digests: list[LabelDigest]) -> Counted:
        source = self.source.source
        declared = [self.source.schema.is_declared_categorical(name) for name in self._names]
        is_1d = isinstance(source.targets, str)
        return as_targets(digests, is_1d=is_1d, declared_categorical=declared)


def _add(digests: Sequence[LabelDigest], targets: Targets, weight: Floats) -> None:
    for i, (digest, each) in enumerate(zip(digests, weight.T, strict=True)):
        counts = each > 0
        digest.add(targets.labels(i, counts), each[counts])


def _require_counted(tasks: Sequence[Task], digests: Sequence[LabelDigest]) -> None:
    for task, digest in zip(tasks, digests, strict=True):
        if task.is_classification and not digest.is_exact:
            raise ValueError(
                f"Task {digest.name!r} is a {task.kind}, but its labels are more than "
                f"{MOST_DISTINCT:,} distinct numbers; declare it a regression or a count."
            )


def _weights(rows: Rows) -> Floats:
    """Sums of the weights of labels and of all rows, (2, n_tasks)."""
    present = np.column_stack([~missing(column) for column in rows.targets.columns])
    return np.stack([(present * rows.weight).sum(axis=0), rows.weight.sum(axis=0)])


def _classes(task: Task, labels: NDArray, declared: NDArray | None) -> NDArray | None:
    """A classification's labels, sorted, where they can be."""
    if not task.is_classification or declared is not None:
        return declared
    try:
        return np.unique(labels[~missing(labels)])
    except TypeError:  # text beside numbers: the task will complain
        return None
