"""`Reader`: how a fitted estimator reads rows and labels, up to what its network puts out."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_ple.base.answers.gathering import RowParts
from sklearn_ple.base.fit.encoding import prepare_rows
from sklearn_ple.base.fit.inputs import check_rows, check_same_length, check_sample_weight
from sklearn_ple.features import Columns, FeatureTable, read_columns
from sklearn_ple.nn import GateReading, MultiTaskModule
from sklearn_ple.serving.frozen_tables import freeze_tables
from sklearn_ple.sources import ParquetSource
from sklearn_ple.tables import row_slicer
from sklearn_ple.tasks import Targets, Task, TaskSet, read_targets
from sklearn_ple.training import MultiTaskNet

Floats = NDArray[np.float64]
_ROWS_FEW, _ROWS_CPU, _ROWS_GPU = 2_048, 8_192, 65_536


class Reader(BaseEstimator):
    """From what the user hands over to the network's outputs and labels in the order of tasks."""

    tasks_: TaskSet
    net_: MultiTaskNet
    module_: MultiTaskModule
    device_: str
    target_summary_: pd.DataFrame
    history_: pd.DataFrame
    best_epoch_: int

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "net_")

    @property
    def _single(self) -> bool:
        return self._y_is_1d_

    @property
    def _features(self) -> FeatureTable:
        features = self.module_.encoder.features
        assert isinstance(features, FeatureTable)
        return features

    def _complete(
        self, targets: Targets, tasks: Sequence[Task], classes: Sequence[NDArray | None]
    ) -> Targets:
        """Labels with those filled in that follow from others; in general none do.

        All labels pass here, after those of no weight were hidden: of training, of validation, of
        every chunk, to be scored. What is filled in counts as if the user had given it. Filling in
        twice must be the same as once.

        Parameters
        ----------
        targets : Targets
            One column per task, by the tasks' names.
        tasks : sequence of Task
            Fitted, or not yet.
        classes : sequence of (ndarray or None)
            For each task, the labels it was fitted with or that were declared beforehand.

        Raises
        ------
        ValueError
            If labels contradict each other.
        """
        return targets

    def _completed(self, targets: Targets, task_set: TaskSet) -> Targets:
        """The same for fitted tasks and columns in any order: in that of the tasks."""
        aligned = replace(task_set.align(targets), names=task_set.names)
        return self._complete(aligned, task_set.tasks, [task.classes_ for task in task_set])

    def _read_to_score(self, y: Any, sample_weight: Any, n_rows: int) -> tuple[Targets, Floats]:
        """Labels and weights (n_rows, n_tasks) to score by, both in the order of tasks."""
        given = read_targets(y)
        check_same_length(n_rows, len(given))
        targets, order = self.tasks_.align(given), self.tasks_.order(given)
        weight = check_sample_weight(sample_weight, n_rows, given.names)[:, order]
        return self._completed(targets.hide(weight == 0), self.tasks_), weight

    def _read_features(self, X: Any, *, reset: bool, minimum: int = 1) -> Columns:
        """X by column, with names and number of features set or checked."""
        if isinstance(X, ParquetSource):
            raise TypeError(
                "X is a ParquetSource, whose rows need not fit into memory: predict by "
                "predict_to_parquet(X, path), or read what does fit, by pandas.read_parquet."
            )
        return self._checked(read_columns(X), reset, minimum)

    def _checked(self, columns: Columns, reset: bool, minimum: int = 1) -> Columns:
        check_rows(columns, minimum)
        if reset or not self._has_columns(columns):
            validate_data(self, columns.table, reset=reset, skip_check_array=True)
        return columns

    def _has_columns(self, columns: Columns) -> bool:
        """Whether these are plainly the columns of `fit`, so that nothing is left to say."""
        names = getattr(self, "feature_names_in_", None)
        if names is None or columns.names is None:
            return names is columns.names and len(columns.labels) == self.n_features_in_
        return columns.names == names.tolist()

    def _prepared(self, X: Any) -> dict[str, torch.Tensor]:
        """All rows as the tensors that the encoder reads."""
        check_is_fitted(self)
        return self._prepare(self._read_features(X, reset=False))

    def _prepare(self, columns: Columns) -> dict[str, torch.Tensor]:
        dtype = np.float64 if self.net_.precision == "float64" else np.float32
        prepared = prepare_rows(self._features, columns, dtype)
        return {name: torch.from_numpy(array) for name, array in prepared.items()}

    def _chunks(self, X: Any) -> tuple[int, Iterator[Columns]]:
        """How many rows X has, and the same by column, a chunk that suits the device at a time.

        What can be sliced is read chunk by chunk, so that nothing of its size is made on the way.
        """
        n_rows = _ROWS_CPU if self.device_ == "cpu" else _ROWS_GPU
        take = row_slicer(X)
        if take is None or len(X) <= n_rows:
            columns = self._read_features(X, reset=False)
            return columns.n_rows, columns.chunks(n_rows)
        first = self._read_features(take(slice(n_rows)), reset=False)
        later = (
            read_columns(take(slice(start, start + n_rows)))
            for start in range(n_rows, len(X), n_rows)
        )
        return len(X), chain([first], later)

    def _outputs(self, X: Any, module: MultiTaskModule, progress: bool = False) -> RowParts:
        """What a module makes of X, on the CPU, chunk by chunk."""
        n_rows, chunks = self._chunks(X)
        if n_rows > _ROWS_FEW:
            module = _with_frozen_tables(module)
        outputs = (self.net_.raw_outputs(self._prepare(c), module=module).cpu() for c in chunks)
        parts = RowParts(n_rows, outputs)
        return parts.with_progress(type(self).__name__) if progress else parts

    def _gate_readings(self, X: Any) -> Iterator[list[GateReading]]:
        """Every gate's weights, for some rows at a time; empty lists where there are no gates."""
        check_is_fitted(self)
        n_rows, chunks = self._chunks(X)
        module = self.module_ if n_rows <= _ROWS_FEW else _with_frozen_tables(self.module_)
        for columns in chunks:
            features = {n: t.to(self.device_) for n, t in self._prepare(columns).items()}
            with torch.inference_mode():
                readings = module.gate_readings(**features)
            yield readings


def _with_frozen_tables(module: MultiTaskModule) -> MultiTaskModule:
    """The same module, whose tables of embeddings are made now and not for every chunk anew."""
    encoder = copy.copy(module.encoder)
    encoder._modules = dict(encoder._modules)
    freeze_tables(encoder)
    return MultiTaskModule(encoder, module.routing, module.towers, module.coupling)
