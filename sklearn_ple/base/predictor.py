"""`Predictor`: what an estimator answers once it is fitted: predictions and scores."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import Any, ClassVar

import pandas as pd
from numpy.typing import NDArray
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from sklearn_ple.base.answers.parquet_answers import write_answers
from sklearn_ple.base.answers.task_view import find_task
from sklearn_ple.base.answers.task_view_roles import TaskClassifier, TaskRegressor
from sklearn_ple.base.exportable import Exportable
from sklearn_ple.base.html_tasks import with_tasks
from sklearn_ple.serving.answers import as_array, as_columns, as_probabilities
from sklearn_ple.sources import ParquetSource
from sklearn_ple.tasks import Task
from sklearn_ple.tasks.classification import warn_of_unseen
from sklearn_ple.tasks.inference import Promise


def has_classes(estimator: Predictor) -> bool:
    """Whether there can be probabilities; the AttributeError says why not."""
    if estimator._promise == "regression":
        raise AttributeError(f"{type(estimator).__name__} has regressions only: no predict_proba.")
    tasks = getattr(estimator, "tasks_", None)
    if tasks is not None and not any(task.is_classification for task in tasks):
        raise AttributeError("No fitted task is a classification, so there is no predict_proba.")
    return True


class Predictor(Exportable):
    """The half of an estimator that answers by what `fit` left: predictions, scores, views."""

    _promise: ClassVar[Promise] = "any"

    def predict(self, X: Any, *, progress: bool = False) -> NDArray:
        """Predict every target.

        Rows are read and answered in chunks: besides X and the answer, memory does not grow with
        their number.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
        progress : bool, default=False
            Show a progress bar of rows.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Labels and means in the targets' own types and units; float64 when all are numbers,
            objects otherwise.
        """
        parts = self._raw_parts(X, progress)
        return parts.gather(lambda raw: [self._array(self._decoded(self._activate(raw)))])[0]

    @available_if(has_classes)
    def predict_proba(self, X: Any, *, progress: bool = False) -> NDArray | list[NDArray | None]:
        """Predict class probabilities.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
        progress : bool, default=False
            Show a progress bar of rows.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or list of them
            One for a single target; for several, a list in order of targets with None at
            regressions.
        """
        check_is_fitted(self)
        chosen = [k for k, task in enumerate(self.tasks_) if task.is_classification]

        def probabilities(raw: Tensor) -> list[NDArray]:
            activated = self._activate(raw)
            return [activated[k] for k in chosen]

        gathered = self._raw_parts(X, progress).gather(probabilities)
        found: dict[int, NDArray] = dict(zip(chosen, gathered, strict=True))
        return found[0] if self._single else [found.get(k) for k in range(len(self.tasks_))]

    def predict_frame(self, X: Any, *, progress: bool = False) -> pd.DataFrame:
        """Predict everything, by name.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
        progress : bool, default=False
            Show a progress bar of rows.

        Returns
        -------
        DataFrame of n_samples rows
            For each target its prediction ("income") and, for a classification, the probability of
            each class ("income=yes"); with X's index where it has one.
        """
        answers = self._raw_parts(X, progress).gather(self._by_name)
        columns = dict(zip(self.tasks_.column_names, answers, strict=True))
        index = X.index if isinstance(X, pd.DataFrame) else None
        return pd.DataFrame(columns, index=index, copy=False)

    def predict_to_parquet(
        self,
        X: ParquetSource,
        path: str | PathLike[str],
        *,
        keep: Sequence[str] = (),
        progress: bool = False,
    ) -> None:
        """Predict everything, by name, of rows in files, into a file.

        Neither rows nor answers need fit into memory.

        Parameters
        ----------
        X : ParquetSource
            Its targets and weights, if it names any, are not read. Features that it does not name
            are those of the fit.
        path : path-like
            The Parquet file to write, replaced once all of it is there: a row for each row of the
            files, in their order, with the columns of `predict_frame`.
        keep : sequence of str, default=()
            Columns of the files that are written too, in front of the answers.
        progress : bool, default=False
            Show a progress bar of rows.

        Raises
        ------
        ValueError, TypeError
            If files can't be read or do not have the columns of the fit; the message names file
            and column.
        IsADirectoryError, FileNotFoundError
            If `path` is a folder, or lies in none.
        """
        check_is_fitted(self)
        if not isinstance(X, ParquetSource):
            raise TypeError(f"X is no ParquetSource but a {type(X).__name__}; use predict_frame.")
        write_answers(self, X, path, keep=keep, progress=progress)

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

    def task_view(self, task: str | int | Task) -> TaskClassifier | TaskRegressor:
        """One task as an ordinary fitted classifier or regressor over the shared model.

        For the tools of scikit-learn, and others, that know one target only: calibration and
        threshold tuning (wrapped in a `FrozenEstimator`, or with ``cv="prefit"``), partial
        dependence, permutation importance, displays, scorers, explainers. Hand them the rows in
        which the task has a label.

        Parameters
        ----------
        task : str, int or Task
            The task's name, its position from 0 on, or one of `tasks_`.

        Returns
        -------
        TaskClassifier or TaskRegressor
            The latter for counts, too. It keeps this estimator and copies nothing: what happens to
            one shows in the other.

        Raises
        ------
        ValueError
            If there is no such task; the message lists the names.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_ple import SharedBottomEstimator
        >>> rng = np.random.default_rng(0)
        >>> X = rng.normal(size=(90, 3))
        >>> y = np.column_stack([X[:, 0] > 0, X[:, 1]])
        >>> model = SharedBottomEstimator(max_epochs=2, random_state=0).fit(X, y)
        >>> view = model.task_view("y0")
        >>> view.classes_, view.predict_proba(X).shape
        (array([0., 1.]), (90, 2))
        """
        check_is_fitted(self)
        found = self.tasks_.tasks[find_task(self.tasks_, task)]
        role = TaskClassifier if found.is_classification else TaskRegressor
        return role(self, found.name_)

    def _get_fitted_attr_html(self, doc_link: str = "") -> Any:
        """What scikit-learn's diagram shows of a fitted estimator."""
        return with_tasks(super()._get_fitted_attr_html(doc_link), self)

    def _activate(self, raw: Tensor) -> list[NDArray]:
        """Probabilities (n, n_classes) or means (n,) of every task, out of raw outputs."""
        return self.tasks_.activate(raw)

    def _activated(self, X: Any) -> list[NDArray]:
        """The same of X."""
        return self._raw_parts(X).gather(self._activate)

    def _array(self, predictions: list[NDArray]) -> NDArray:
        """What `predict` gives, out of the predictions (n,) of every task."""
        return as_array(predictions, single=self._single, promise=self._promise)

    def _by_name(self, raw: Tensor) -> list[NDArray]:
        """The columns of `predict_frame`, out of raw outputs."""
        activated = self._activate(raw)
        return as_columns(activated, self._decoded(activated), self.tasks_)

    def _probabilities(self, activated: list[NDArray]) -> NDArray | list[NDArray | None]:
        """What `predict_proba` gives, out of what `_activate` did."""
        return as_probabilities(activated, self.tasks_, single=self._single)

    def _predictions(self, X: Any) -> list[NDArray]:
        """Predictions (n,) of every task, in the labels' own types and units."""
        return self._raw_parts(X).gather(lambda raw: self._decoded(self._activate(raw)))

    def _decoded(self, activated: list[NDArray]) -> list[NDArray]:
        """The same, out of what `_activated` did."""
        predictions = self.tasks_.decode(activated)
        calibration = self._calibration
        return predictions if calibration is None else calibration.decide(activated, predictions)
