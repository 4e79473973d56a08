"""`Predictor`: a saved model that answers, and does nothing else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from sklearn_ple.archive.archive import Archive
from sklearn_ple.archive.errors import refusing
from sklearn_ple.features.feature_table import Prepared
from sklearn_ple.nn import MultiTaskModule
from sklearn_ple.serving.answers import as_array, as_columns, as_probabilities
from sklearn_ple.serving.corrections import corrected, decided
from sklearn_ple.serving.fitted_model import MODEL_FAMILIES, FittedModel
from sklearn_ple.serving.frozen_tables import freeze_tables
from sklearn_ple.serving.least_rows import least_rows
from sklearn_ple.serving.one_row import OneRow
from sklearn_ple.serving.requests import read_request
from sklearn_ple.tasks.user_warning import warn_user
from sklearn_ple.tasks.whole_vectors import WHOLE_VECTORS

# As the estimator cuts up rows, on which the last digits of its answers depend.
_PREPARED_ROWS, _CHUNK = 8_192, 2_048


class Predictor:
    """A model that was saved by an estimator's `save`, for where it serves.

    It imports neither scikit-learn nor skorch, starts sooner, and answers a row in
    less than twice the time of the network alone. On the CPU its answers are the estimator's to the
    last bit, calibration included, for the number of torch's threads that it was loaded under. It
    may be used from many threads.

    Made by `load`.

    Parameters
    ----------
    model : FittedModel
        What was saved; its network is changed into one that only predicts.

    Attributes
    ----------
    feature_names : list of str or None
        The columns of `fit`, where they had names.
    n_features : int
        Their number.
    task_names : list of str
        In the order of answers.
    classes : dict of str to ndarray
        The labels of every classification, in the order of its probabilities.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn_ple import PLEEstimator, make_related_tasks
    >>> from sklearn_ple.serving import Predictor
    >>> X, y = make_related_tasks(200, 3, kinds=["binary", "regression"], random_state=0)
    >>> model = PLEEstimator(max_epochs=2, random_state=0).fit(X, y)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model.save(f"{folder}/model.zip")
    ...     predictor = Predictor.load(f"{folder}/model.zip")
    >>> predictor.task_names
    ['y0', 'y1']
    >>> bool((predictor.predict(X) == model.predict(X)).all())
    True
    """

    def __init__(self, model: FittedModel) -> None:
        self._model = model
        self._dtype = np.float64 if model.precision == "float64" else np.float32
        whole, self._network = model.module, model.module
        if model.maps is not None:
            self._network = MultiTaskModule(whole.encoder, whole.routing, whole.towers).eval()
        self._coupling = model.float_coupling()
        freeze_tables(whole.encoder)
        self.feature_names = model.feature_names
        names = self.feature_names
        self._one_row = None if names is None else OneRow(model.features, names, self._dtype)
        self._least_rows = self._find_least_rows()
        self.n_features = len(model.features.labels)
        self.task_names = model.task_set.names
        self.classes: dict[str, NDArray] = {
            task.name_: task.classes_ for task in model.task_set if task.classes_ is not None
        }

    @classmethod
    def load(
        cls, path: str | os.PathLike[str], custom_objects: Mapping[str, Any] | None = None
    ) -> Self:
        """Load a saved model; no code in it is run.

        Parameters
        ----------
        path : path-like
            What `save` wrote: a folder or a zip file.
        custom_objects : dict of str to type, default=None
            A user's own classes by name: tasks, routings, couplings.

        Returns
        -------
        Predictor

        Raises
        ------
        FileNotFoundError
            If there is nothing under that path.
        SavedModelError
            If it is no whole saved model, of a newer format, or needs other classes.
        """
        archive = Archive(path)
        state = archive.read({"model": MODEL_FAMILIES}, custom_objects)
        with refusing(archive.path):
            made = cls(FittedModel.from_state(state["model"]))
        if archive.note:
            warn_user(archive.note, UserWarning)
        return made

    def predict(self, X: Any) -> NDArray:
        """Predict every target.

        Parameters
        ----------
        X : dict of str to (value or sequence), array-like or DataFrame
            A dict of values is one row, a dict of sequences many. Columns with names are found by
            name, in any order.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            As the estimator's `predict`.

        Raises
        ------
        ValueError
            If columns are missing or too many, or hold what they did not hold at fit.
        """
        predictions = self._decode(self._activate(X))
        return as_array(predictions, single=self._model.single, promise=self._model.promise)

    def predict_proba(self, X: Any) -> NDArray | list[NDArray | None]:
        """Predict class probabilities.

        Parameters
        ----------
        X : dict of str to (value or sequence), array-like or DataFrame
            As in `predict`.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or list of them
            As the estimator's `predict_proba`.

        Raises
        ------
        ValueError
            As `predict`.
        AttributeError
            If no task is a classification.
        """
        if not self.classes:
            raise AttributeError("No task is a classification, so there is no predict_proba.")
        return as_probabilities(self._activate(X), self._model.task_set, single=self._model.single)

    def predict_frame(self, X: Any) -> pd.DataFrame:
        """Predict everything, by name.

        Parameters
        ----------
        X : dict of str to (value or sequence), array-like or DataFrame
            As in `predict`.

        Returns
        -------
        DataFrame of n_samples rows
            As the estimator's `predict_frame`.

        Raises
        ------
        ValueError
            As `predict`.
        """
        activated, task_set = self._activate(X), self._model.task_set
        columns = as_columns(activated, self._decode(activated), task_set)
        index = X.index if isinstance(X, pd.DataFrame) else None
        return pd.DataFrame(dict(zip(task_set.column_names, columns, strict=True)), index=index)

    def _decode(self, activated: list[NDArray]) -> list[NDArray]:
        task_set = self._model.task_set
        return decided(
            activated, task_set.decode(activated), self._model.thresholds or {}, task_set
        )

    def _activate(self, X: Any) -> list[NDArray]:
        """Probabilities (n, n_classes) or means (n,) of every task."""
        task_set, maps = self._model.task_set, self._model.maps
        raw = self._raw(X)
        if maps is not None:
            raw = corrected(raw.double(), maps, task_set, self._coupling)
        return task_set.activate(raw)

    def _raw(self, X: Any) -> Tensor:
        """What the network puts out for X, (n, n_raw)."""
        if self._one_row is not None and isinstance(X, Mapping):
            prepared = self._one_row.prepare(X)
            if prepared is not None:
                return self._run(prepared)
        columns = read_request(X, self.feature_names, self.n_features)
        features = self._model.features
        parts = [
            self._run(features.prepare(chunk, self._dtype))
            for chunk in columns.chunks(_PREPARED_ROWS)
        ]
        return torch.cat(parts) if len(parts) > 1 else parts[0]

    @torch.inference_mode()
    def _run(self, prepared: Prepared) -> Tensor:
        n_rows = len(prepared["numbers"])
        whole = self._least_rows if n_rows <= self._least_rows else WHOLE_VECTORS
        tensors = {n: torch.from_numpy(_filled_up(rows, whole)) for n, rows in prepared.items()}
        if n_rows <= _CHUNK:
            return self._ask(tensors)[:n_rows]
        starts = range(0, n_rows, _CHUNK)
        chunks = [{name: t[i : i + _CHUNK] for name, t in tensors.items()} for i in starts]
        return torch.cat([self._ask(chunk) for chunk in chunks])[:n_rows]

    def _ask(self, tensors: Mapping[str, Tensor]) -> Tensor:
        if self._model.precision != "bf16-mixed":
            raw: Tensor = self._network(**tensors)
            return raw
        with torch.autocast("cpu", dtype=torch.bfloat16):
            raw = self._network(**tensors)
        return raw.float()

    def _find_least_rows(self) -> int:
        features = self._model.features
        example = features.assemble(
            np.zeros((1, len(features.numeric))), [[0]] * len(features.categorical), self._dtype
        )
        with torch.inference_mode():
            return least_rows(self._ask, self._model.module.encoder, example)


def _filled_up(rows: NDArray, whole: int) -> NDArray:
    """With rows of zeros up to a multiple, as `MultiTaskNet.raw_outputs` fills them up."""
    n_rows = len(rows)
    filled = np.zeros((n_rows + -n_rows % whole, *rows.shape[1:]), dtype=rows.dtype)
    filled[:n_rows] = rows
    return filled
