"""What the models of all folds answer, put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import joblib
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils import _safe_indexing
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import _check_method_params

from sklearn_ple.base.fit.checkpointing import without_checkpoints
from sklearn_ple.metrics.unwrap import unwrap
from sklearn_ple.model_selection.folds import Rows, Splits
from sklearn_ple.splitting import SparseFoldWarning
from sklearn_ple.tasks import Task, TaskSet
from sklearn_ple.tasks.user_warning import warn_user
from sklearn_ple.training.threads import torch_threads


@dataclass(frozen=True)
class Answer:
    """Of one task in one fold.

    Attributes
    ----------
    prediction : ndarray of shape (n_test,)
    classes : ndarray of shape (n_classes,) or None
        Those of the training part; None for a regression.
    probability : ndarray of shape (n_test, n_classes) or None
    """

    prediction: NDArray
    classes: NDArray | None
    probability: NDArray | None


def fit_folds(
    estimator: Any,
    X: Any,
    y: Any,
    splits: Splits,
    fit_params: Mapping[str, Any],
    *,
    n_jobs: int | None,
) -> list[list[Answer]]:
    """Fit a clone on every training part; its answers for the test part, one per task."""
    n_threads = 1 if joblib.effective_n_jobs(n_jobs) > 1 else None
    return Parallel(n_jobs=n_jobs)(
        delayed(_fit_and_answer)(
            without_checkpoints(clone(estimator)), X, y, train, test, fit_params, n_threads
        )
        for train, test in splits
    )


def _fit_and_answer(
    model: Any,
    X: Any,
    y: Any,
    train: Rows,
    test: Rows,
    fit_params: Mapping[str, Any],
    n_threads: int | None,
) -> list[Answer]:
    with torch_threads(n_threads):
        params = _check_method_params(X, params=fit_params, indices=train)
        model.fit(_safe_indexing(X, train), _safe_indexing(y, train), **params)
        inner, transformers = unwrap(model)
        inputs = _safe_indexing(X, test)
        for transformer in transformers:
            inputs = transformer.transform(inputs)
        frame = inner.predict_frame(inputs)
    answers, column = [], 0
    for task in inner.tasks_:
        end = column + 1 + (0 if task.classes_ is None else len(task.classes_))
        probability = None if task.classes_ is None else frame.iloc[:, column + 1 : end].to_numpy()
        answers.append(Answer(frame.iloc[:, column].to_numpy(), task.classes_, probability))
        column = end
    return answers


@dataclass(frozen=True)
class FoldAnswers:
    """Answers by fold and task, and where each belongs.

    Attributes
    ----------
    task_set : TaskSet
        The tasks as fitted on all labels, which know all classes.
    splits : list of (train, test)
    by_fold : list of list of Answer
    index : Index
        Of the rows.
    is_1d : bool
        Whether y was one-dimensional.
    """

    task_set: TaskSet
    splits: Splits
    by_fold: Sequence[Sequence[Answer]]
    index: pd.Index
    is_1d: bool

    def probabilities(self) -> list[NDArray | None]:
        """Class probabilities (n, n_classes) of every task, None for regressions."""
        self._warn_of_absent_classes()
        return [self._probability(k, task) for k, task in enumerate(self.task_set)]

    def frame(self) -> pd.DataFrame:
        """Predictions and probabilities, named as by `predict_frame`."""
        columns: dict[str, NDArray] = {}
        tasks = zip(self.task_set, self.probabilities(), strict=True)
        for k, (task, probability) in enumerate(tasks):
            columns[task.name_] = self._prediction(k, task)
            if probability is not None and task.classes_ is not None:
                names = [f"{task.name_}={label}" for label in task.classes_]
                columns |= dict(zip(names, probability.T, strict=True))
        return pd.DataFrame(columns, index=self.index)

    def _probability(self, k: int, task: Task) -> NDArray | None:
        if task.classes_ is None:
            return None
        together = np.full((len(self.index), len(task.classes_)), np.nan)
        for (_, test), answers in zip(self.splits, self.by_fold, strict=True):
            answer = answers[k]
            assert answer.classes is not None
            together[test] = 0.0
            known = np.searchsorted(task.classes_, answer.classes)
            together[np.ix_(test, known)] = answer.probability
        return together

    def _prediction(self, k: int, task: Task) -> NDArray:
        n_answered = sum(len(test) for _, test in self.splits)
        dtype = np.dtype(np.float64) if task.classes_ is None else task.classes_.dtype
        if n_answered < len(self.index) and dtype.kind != "f":
            dtype = np.dtype(np.float64 if dtype.kind in "iu" else object)
        empty = np.nan if dtype.kind == "f" else None
        together = np.full(len(self.index), empty if dtype.kind in "fO" else 0, dtype=dtype)
        for (_, test), answers in zip(self.splits, self.by_fold, strict=True):
            together[test] = answers[k].prediction
        return together

    def _warn_of_absent_classes(self) -> None:
        absent = []
        for fold, answers in enumerate(self.by_fold):
            for task, answer in zip(self.task_set, answers, strict=True):
                if task.classes_ is not None and answer.classes is not None:
                    labels = set(task.classes_.tolist()) - set(answer.classes.tolist())
                    absent += [(fold, task.name_, label) for label in sorted(labels, key=str)]
        if absent:
            fold, name, label = absent[0]
            more = f" (and {len(absent) - 1} more such cases)" if len(absent) > 1 else ""
            warn_user(
                f"The training part of fold {fold} has no label {label!r} of task {name!r}, whose "
                f"probability there is 0{more}. Merge rare classes, or take other folds.",
                SparseFoldWarning,
            )
