"""A small multi-task estimator with the public surface of ours: a linear model per task."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.base import BaseEstimator, ClassifierMixin, MultiOutputMixin, RegressorMixin
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression

from sklearn_ple.tables import missing
from sklearn_ple.tasks import TaskSet, read_targets, resolve_tasks

CALLS: Counter[str] = Counter()


class LinearTasks(MultiOutputMixin, BaseEstimator):
    """A linear model per task, each on its own labelled rows."""

    promise = "any"

    def __init__(self, tasks: Any = "auto", C: float = 1.0) -> None:
        self.tasks = tasks
        self.C = C

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> LinearTasks:
        X, targets = np.asarray(X), read_targets(y)
        shape = (len(targets), len(targets.columns))
        weight = np.ones(shape) if sample_weight is None else np.asarray(sample_weight, float)
        weight = np.broadcast_to(weight[:, None] if weight.ndim == 1 else weight, shape)
        kinds = resolve_tasks(self.tasks, targets, self.promise)
        self.tasks_ = TaskSet.fit(kinds, targets, weight)
        self.is_1d_ = targets.is_1d
        self.models_ = []
        for k, (task, column) in enumerate(zip(self.tasks_, targets.columns, strict=True)):
            rows = ~missing(column) & (weight[:, k] > 0)
            labels = np.array(column[rows].tolist())
            model = LogisticRegression(C=self.C) if task.is_classification else LinearRegression()
            if rows.sum() < 3 and not task.is_classification:
                model = DummyRegressor()
            self.models_.append(model.fit(X[rows], labels, sample_weight=weight[rows, k]))
        classes = [task.classes_ for task in self.tasks_]
        self.classes_ = classes[0] if self.is_1d_ else classes
        return self

    def predict(self, X: Any) -> np.ndarray:
        CALLS["predict"] += 1
        columns = [model.predict(np.asarray(X)) for model in self.models_]
        if self.is_1d_:
            return columns[0]
        if all(np.asarray(column).dtype.kind in "biuf" for column in columns):
            return np.column_stack(columns)
        return np.column_stack([np.asarray(column, dtype=object) for column in columns])

    def predict_proba(self, X: Any) -> Any:
        CALLS["predict_proba"] += 1
        parts = [
            model.predict_proba(np.asarray(X)) if task.is_classification else None
            for task, model in zip(self.tasks_, self.models_, strict=True)
        ]
        return parts[0] if self.is_1d_ else parts

    def score_tasks(self, X: Any, y: Any, sample_weight: Any = None) -> pd.Series:
        encoded = self.tasks_.encode(read_targets(y))
        weight = np.ones(encoded.shape) if sample_weight is None else np.asarray(sample_weight)
        weight = np.broadcast_to(weight[:, None] if weight.ndim == 1 else weight, encoded.shape)
        raw = []
        for task, model in zip(self.tasks_, self.models_, strict=True):
            if task.is_classification:
                logits = model.predict_log_proba(np.asarray(X))
                raw.append(logits if task.n_raw > 1 else logits[:, 1:] - logits[:, :1])
            else:
                raw.append(task.encode(model.predict(np.asarray(X)))[:, None])
        scores = self.tasks_.deviance_explained(
            torch.from_numpy(np.column_stack(raw)), encoded, weight
        )
        return pd.Series(scores, index=self.tasks_.names)


class LinearTasksClassifier(ClassifierMixin, LinearTasks):
    promise = "classification"


class LinearTasksRegressor(RegressorMixin, LinearTasks):
    promise = "regression"
    predict_proba = property()  # a regressor has none
