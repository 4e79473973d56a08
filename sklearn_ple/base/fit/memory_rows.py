"""`MemoryRows`: rows that are all in memory, to learn from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from sklearn_ple.base.fit.building import share_of_labels, starting_outputs
from sklearn_ple.base.fit.encoding import EncodingOptions, learn_features, prepare_rows
from sklearn_ple.base.fit.identity import fingerprint
from sklearn_ple.base.fit.inputs import (
    apply_class_weight,
    check_same_length,
    check_sample_weight,
    in_rows,
    units_of,
)
from sklearn_ple.base.fit.material import Material, float_of
from sklearn_ple.base.fit.rows import Rows
from sklearn_ple.base.fit.split import validation_split
from sklearn_ple.base.fit.target_summary import summarise
from sklearn_ple.features import Columns, FeatureTable
from sklearn_ple.tables import missing
from sklearn_ple.tasks import TaskSet, read_targets, resolve_tasks
from sklearn_ple.tasks.targets import classes_by_target
from sklearn_ple.training import MultiTaskNet, TensorData, dtype_of

if TYPE_CHECKING:
    from sklearn_ple.base.fit.fitting import Fitting

Floats = NDArray[np.float64]


class MemoryRows(Material):
    """Rows in memory.

    Parameters
    ----------
    fitting : Fitting
    rows : Rows
        As given.
    held_out : Rows or None
        As given, to stop by; with None they are a part of `rows`.
    """

    def __init__(self, fitting: Fitting, rows: Rows, held_out: Rows | None) -> None:
        super().__init__(fitting)
        self.rows, self.held_out = rows, held_out
        self.columns, self.is_1d = rows.columns, rows.targets.is_1d

    def fingerprint(self) -> dict[str, str]:
        return fingerprint(self.rows, self.held_out)

    def settle(self) -> None:
        rows = self._completed(self.rows)
        self._given = rows.targets
        if self.held_out is None:
            self.fitting.pilot(rows)
            rows, self.held_out = self._split(rows)
            self.task_set = self._fit_tasks(rows)
        else:
            self.task_set = self._fit_tasks(rows)
            held_out = self.held_out.in_order_of(self.task_set)
            targets = self.estimator._completed(held_out.targets, self.task_set)
            if all(missing(column).all() for column in targets.columns):
                raise ValueError("y_val has no label that weighs anything, so none to stop by.")
            self.held_out = replace(held_out, targets=targets)
        self.rows, self.n_rows = rows, len(rows.weight)
        self.holds_out = self.held_out is not None

    def features(self, options: EncodingOptions) -> FeatureTable:
        return learn_features(self.rows.columns, self.rows.weight.mean(axis=1), **options)

    def label_share(self) -> Floats:
        return share_of_labels(self.task_set.encode(self.rows.targets), self.rows.weight)

    def starting_outputs(self) -> Floats:
        class_weight, rows = self.params["class_weight"], self.rows
        return starting_outputs(class_weight, rows.targets, self._own_weight(rows), self.task_set)

    def train(self, net: MultiTaskNet) -> TensorData:
        return self._tensors(net, self.rows, self.params["class_weight"])

    def valid(self, net: MultiTaskNet) -> TensorData | None:
        return None if self.held_out is None else self._tensors(net, self.held_out, None)

    def summary(self, earlier: pd.DataFrame | None) -> pd.DataFrame:
        return summarise(self.task_set, self._given, earlier)

    def _completed(self, rows: Rows) -> Rows:
        """The rows with the labels that follow from others; decides kinds, once, on all rows."""
        fitting, estimator, targets = self.fitting, self.estimator, rows.targets
        if fitting.again:
            estimator.tasks_.check_classes(targets, fitting.classes)
            rows = rows.in_order_of(estimator.tasks_)
            return replace(rows, targets=estimator._completed(rows.targets, estimator.tasks_))
        fitting.kinds = resolve_tasks(
            self.params["tasks"], targets, estimator._promise, fitting.classes
        )
        known = classes_by_target(fitting.classes, targets)
        return replace(rows, targets=estimator._complete(targets, fitting.kinds, known))

    def _split(self, rows: Rows) -> tuple[Rows, Rows | None]:
        if not self.fitting.holds_out(len(rows.weight)):
            return rows, None
        task_set = self._fit_tasks(rows)
        encoded = np.where(rows.weight > 0, task_set.encode(rows.targets), np.nan)
        strata = [task.strata(encoded[:, k]) for k, task in enumerate(task_set)]
        fraction, random_state = self.params["validation_fraction"], self.fitting.random_state
        train, held_out = validation_split(np.column_stack(strata), fraction, random_state)
        return rows.take(train), rows.take(held_out)

    def _fit_tasks(self, rows: Rows) -> TaskSet:
        if self.fitting.again:
            return self.estimator.tasks_
        own_weight, classes = self._own_weight(rows), self.fitting.classes
        return TaskSet.fit(self.fitting.kinds, rows.targets, own_weight, classes)

    def _own_weight(self, rows: Rows) -> Floats:
        """Weights for what tasks learn of labels."""
        if self.fitting.classes is None:
            return rows.weight
        return in_rows(rows.weight, rows.weight.sum(axis=0), len(rows.weight))

    def _tensors(self, net: MultiTaskNet, rows: Rows, class_weight: Any) -> TensorData:
        features = prepare_rows(net.module_.encoder.features, rows.columns, float_of(net))
        encoded = self.task_set.encode(rows.targets)
        weight = apply_class_weight(class_weight, self.task_set, encoded, rows.weight)
        weight = weight * units_of(weight.max(axis=0))
        device = torch.device(net.device)
        return TensorData.from_arrays(
            features, encoded, weight, dtype=dtype_of(net.precision), device=device
        )


def check_rows_of(columns: Columns, y: Any, sample_weight: Any, suffix: str = "") -> Rows:
    """Labels and weights that belong to these columns; rows without weight are dropped.

    The suffix is that of the arguments' names.
    """
    targets = read_targets(y)
    check_same_length(columns.n_rows, len(targets), f"X{suffix}", f"y{suffix}")
    weight = check_sample_weight(
        sample_weight, columns.n_rows, targets.names, f"sample_weight{suffix}"
    )
    return Rows(columns, targets, weight).weighed()
