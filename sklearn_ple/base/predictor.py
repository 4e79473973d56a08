"""`Predictor`: what an estimator answers once it is fitted: predictions and scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_ple.base.inputs import check_rows, check_same_length, check_sample_weight
from sklearn_ple.features import Columns, FeatureTable, read_columns
from sklearn_ple.nn import GateReading, MultiTaskModule
from sklearn_ple.tasks import Targets, Task, TaskSet, read_targets
from sklearn_ple.tasks.classification import warn_of_unseen
from sklearn_ple.tasks.inference import Promise
from sklearn_ple.training import MultiTaskNet

Floats = NDArray[np.float64]
PREPARED_ROWS = 8_192


def has_classes(estimator: Predictor) -> bool:
    """Whether there can be probabilities; the AttributeError says why not."""
    if estimator._promise == "regression":
        raise AttributeError(f"{type(estimator).__name__} has regressions only: no predict_proba.")
    tasks = getattr(estimator, "tasks_", None)
    if tasks is not None and not any(task.is_classification for task in tasks):
        raise AttributeError("No fitted task is a classification, so there is no predict_proba.")
    return True


class Predictor(BaseEstimator):
    """The half of an estimator that reads rows, predicts and scores, by what `fit` left."""

    _promise: ClassVar[Promise] = "any"

    tasks_: TaskSet
    net_: MultiTaskNet
    module_: MultiTaskModule
    device_: str

    def predict(self, X: Any) -> NDArray:
        """Predict every target.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Labels and means in the targets' own types and units; float64 when all are numbers,
            objects otherwise.
        """
        predictions = self._predictions(X)
        if self._single:
            return predictions[0]
        if self._promise != "classification" and all(p.dtype.kind in "biuf" for p in predictions):
            return np.column_stack(predictions).astype(np.float64)
        kinds = {p.dtype.kind for p in predictions}
        if len(kinds) == 1:
            return np.column_stack(predictions)
        return np.column_stack([p.astype(object) for p in predictions])

    @available_if(has_classes)
    def predict_proba(self, X: Any) -> NDArray | list[NDArray | None]:
        """Predict class probabilities.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or list of them
            One for a single target; for several, a list in order of targets with None at
            regressions.
        """
        return self._probabilities(self._activated(X))

    def predict_frame(self, X: Any) -> pd.DataFrame:
        """Predict everything, by name.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)

        Returns
        -------
        DataFrame of n_samples rows
            For each target its prediction ("income") and, for a classification, the probability of
            each class ("income=yes"); with X's index where it has one.
        """
        activated = self._activated(X)
        predictions = self.tasks_.decode(activated)
        columns: dict[str, NDArray] = {}
        for task, p, prediction in zip(self.tasks_, activated, predictions, strict=True):
            columns[task.name_] = prediction
            if task.classes_ is not None:
                columns |= {f"{task.name_}={c}": p[:, j] for j, c in enumerate(task.classes_)}
        index = X.index if isinstance(X, pd.DataFrame) else None
        return pd.DataFrame(columns, index=index)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Mean over tasks of the share of deviance explained (see `score_tasks`).

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
        y : array-like or DataFrame of shape (n_samples,) or (n_samples, n_outputs)
            NaN labels are left out, and tasks without any label skipped.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None

        Returns
        -------
        float
        """
        return float(self.score_tasks(X, y, sample_weight).mean())

    def score_tasks(self, X: Any, y: Any, sample_weight: Any = None) -> pd.Series:
        """Share of deviance explained by each task, on its own labelled rows.

        R² for regressions, D² of the log loss for classifications, D² of the Poisson deviance for
        counts; all against the best constant on the *training* labels, so that a fold in which a
        class is missing has a finite score.

        So has a fold with a class that training lacked. Model and constant both give it no
        probability, which counts as 2.2e-16 for both, as in scikit-learn's log loss: the share
        falls towards zero, models still rank as they do on the other rows, and a warning names
        task and class.

        Parameters
        ----------
        X, y, sample_weight
            As in `score`.

        Returns
        -------
        Series of float, by target name
            At most 1; NaN for a task without labels here.

        Raises
        ------
        ValueError
            If y has not the columns of fit, or a classification knows none of its labels.

        Warns
        -----
        UndefinedMetricWarning
            If a label is of a class that fit did not see.
        """
        raw = self._raw(X)
        targets, weight = self._read_to_score(y, sample_weight, len(raw))
        encoded, unseen = self.tasks_.encode_to_score(targets)
        for task, column, rows in zip(
            self.tasks_, targets.columns, unseen.T & (weight.T > 0), strict=True
        ):
            if rows.any():
                warn_of_unseen(task.name_, column[rows])
        explained = self.tasks_.deviance_explained(raw, encoded, weight, unseen)
        return pd.Series(explained, index=self.tasks_.names, name="deviance_explained")

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
            One column a task, by the tasks' names.
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
        weight = check_sample_weight(sample_weight, n_rows, len(self.tasks_))[:, order]
        return self._completed(targets.hide(weight == 0), self.tasks_), weight

    def _read_features(self, X: Any, *, reset: bool, minimum: int = 1) -> Columns:
        """X by column, with names and number of features set or checked."""
        columns = read_columns(X)
        check_rows(columns, minimum)
        validate_data(self, columns.table, reset=reset, skip_check_array=True)
        return columns

    def _prepared(self, X: Any) -> dict[str, torch.Tensor]:
        """All rows as the tensors that the encoder reads."""
        check_is_fitted(self)
        return self._prepare(self._read_features(X, reset=False))

    def _prepare(self, columns: Columns) -> dict[str, torch.Tensor]:
        dtype = np.float64 if self.net_.precision == "float64" else np.float32
        prepared = self._features.prepare(columns, dtype)
        return {name: torch.from_numpy(array) for name, array in prepared.items()}

    def _raw(self, X: Any) -> torch.Tensor:
        """Raw outputs (n, n_raw) on the CPU; prepared in chunks, in bounded memory."""
        check_is_fitted(self)
        columns = self._read_features(X, reset=False)
        parts = [
            self.net_.raw_outputs(self._prepare(chunk)).cpu()
            for chunk in columns.chunks(PREPARED_ROWS)
        ]
        return torch.cat(parts) if len(parts) > 1 else parts[0]

    def _activated(self, X: Any) -> list[NDArray]:
        """Probabilities (n, n_classes) or means (n,) of every task."""
        raw = self._raw(X)
        return self.tasks_.activate(raw)

    def _probabilities(self, activated: list[NDArray]) -> NDArray | list[NDArray | None]:
        """What `predict_proba` gives, out of what `_activated` did."""
        pairs = zip(self.tasks_, activated, strict=True)
        probabilities = [p if task.is_classification else None for task, p in pairs]
        # A single target that has predict_proba is a classification, so never None.
        return probabilities[0] if self._single else probabilities  # type: ignore[return-value]

    def _predictions(self, X: Any) -> list[NDArray]:
        """Predictions (n,) of every task, in the labels' own types and units."""
        activated = self._activated(X)
        return self.tasks_.decode(activated)

    @torch.inference_mode()
    def _gate_readings(self, X: Any) -> list[GateReading]:
        """Every gate's weights for every row; empty where the architecture has no gates."""
        features = {name: t.to(self.device_) for name, t in self._prepared(X).items()}
        return self.module_.gate_readings(**features)
