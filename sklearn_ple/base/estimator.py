"""`MultiTaskEstimator`: the scikit-learn contract over one network for several targets."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, Self, Unpack

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, MultiOutputMixin, _fit_context
from sklearn.callback import CallbackSupportMixin
from sklearn.utils import Tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_ple.base.building import plain_module
from sklearn_ple.base.documentation import compose
from sklearn_ple.base.fitting import Fitting
from sklearn_ple.base.inputs import check_rows, check_same_length, check_sample_weight
from sklearn_ple.base.parameters import CONSTRAINTS, DEFAULTS, SharedParameters, merge_signature
from sklearn_ple.base.sizing import RULES
from sklearn_ple.features import Columns, FeatureTable, read_columns
from sklearn_ple.nn import Coupling, GateReading, MultiTaskModule, Routing
from sklearn_ple.tasks import TaskSet, read_targets
from sklearn_ple.tasks.inference import Promise
from sklearn_ple.training import MultiTaskNet

PREPARED_ROWS = 8_192


def _has_classes(estimator: MultiTaskEstimator) -> bool:
    if estimator._promise == "regression":
        raise AttributeError(f"{type(estimator).__name__} has regressions only: no predict_proba.")
    tasks = getattr(estimator, "tasks_", None)
    if tasks is not None and not any(task.is_classification for task in tasks):
        raise AttributeError("No fitted task is a classification, so there is no predict_proba.")
    return True


class MultiTaskEstimator(CallbackSupportMixin, MultiOutputMixin, BaseEstimator):
    """Base of all estimators: one network, one `fit`, a prediction for every target.

    A subclass spells out its own parameters in `__init__`, passes the others on, and makes its
    routing. `y` may hold any mix of task kinds; a NaN label means that the row lies outside that
    task's sample space.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = CONSTRAINTS
    _promise: ClassVar[Promise] = "any"
    _role_sentence: ClassVar[str | None] = None

    tasks_: TaskSet
    net_: MultiTaskNet
    module_: MultiTaskModule
    device_: str
    history_: pd.DataFrame
    best_epoch_: int

    def __init__(self, **shared: Unpack[SharedParameters]) -> None:
        if unknown := set(shared) - set(DEFAULTS):
            raise TypeError(
                f"{type(self).__name__}.__init__() got unexpected arguments {sorted(unknown)}."
            )
        for name, value in (DEFAULTS | shared).items():
            setattr(self, name, value)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__init__" in cls.__dict__:
            # inspect reads __signature__ off any function; typeshed does not list it.
            cls.__init__.__signature__ = merge_signature(cls.__init__)  # type: ignore[attr-defined]
            cls._own_doc = cls.__doc__ or ""
        constraints = cls.__dict__.get("_parameter_constraints", {})
        inherited = super(cls, cls)._parameter_constraints
        cls._parameter_constraints = inherited | constraints
        if own := getattr(cls, "_own_doc", ""):
            cls.__doc__ = compose(own, cls._role_sentence, RULES)

    @abstractmethod
    def _make_routing(self, *, in_width: int, n_tasks: int, dropout: float) -> Routing:
        """The sharing scheme, for an encoded row of this width."""

    def _make_coupling(self) -> Coupling | None:
        """How raw outputs depend on each other; None when they don't."""
        return None

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> Self:
        """Fit the network.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
            Numbers and categories; NaN allowed. pandas, polars, Arrow or NumPy.
        y : array-like or DataFrame of shape (n_samples,) or (n_samples, n_outputs)
            Targets. NaN (or None) marks a row outside the task's sample space.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Weights of rows, or of each label.
        X_val, y_val, sample_weight_val : like X, y, sample_weight, default=None
            Rows to stop by, for splits by time or group, instead of a random part of X.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If shapes do not match, a task has no label, or labels do not fit their task's kind.
        DivergenceError
            If the loss becomes infinite or NaN.
        """
        again = self.warm_start and hasattr(self, "net_")
        columns = self._read_features(X, reset=not again, minimum=2)
        fitting = Fitting(self, again=again)
        validation = None
        if X_val is not None or y_val is not None:
            if X_val is None or y_val is None:
                raise ValueError("X_val and y_val must be given together.")
            held_out = self._read_features(X_val, reset=False)
            validation = fitting.check_rows_of(held_out, y_val, sample_weight_val, "X_val", "y_val")
        fitting.run(fitting.check_rows_of(columns, y, sample_weight), validation)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Train one epoch on a chunk of rows, without a validation split.

        The first call fits encoders and target scales and fixes the tasks; later chunks may lack a
        task's labels, and their new categories count as unknown.

        Parameters
        ----------
        X, y
            As in `fit`.
        classes : array-like, or list of them, default=None
            Labels of a single target, or of each target in order (None at regressions); needed in
            the first call where the first chunk does not hold them all.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            As in `fit`.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            As `fit`; also if a chunk has a label that is not among the classes.
        """
        again = hasattr(self, "net_")
        columns = self._read_features(X, reset=not again)
        fitting = Fitting(self, again=again, classes=classes, single_epoch=True)
        fitting.run(fitting.check_rows_of(columns, y, sample_weight), None)
        return self

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

    @available_if(_has_classes)
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
        activated = self._activated(X)
        pairs = zip(self.tasks_, activated, strict=True)
        probabilities = [p if task.is_classification else None for task, p in pairs]
        # A single target that has predict_proba is a classification, so never None.
        return probabilities[0] if self._single else probabilities  # type: ignore[return-value]

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

        Parameters
        ----------
        X, y, sample_weight
            As in `score`.

        Returns
        -------
        Series of float, by target name
            At most 1; NaN for a task without labels here.
        """
        raw = self._raw(X)
        encoded, weight = self._encode_labels(y, len(raw), sample_weight)
        explained = self.tasks_.deviance_explained(raw, encoded, weight)
        return pd.Series(explained, index=self.tasks_.names, name="deviance_explained")

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        return {name: value for name, value in state.items() if name != "module_"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """The module is in the net, which may have moved to another device on the way."""
        super().__setstate__(state)
        if hasattr(self, "net_"):
            self.module_ = plain_module(self.net_)
            self.device_ = self.net_.device = str(self.net_.device)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "net_")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.non_deterministic = False
        return tags

    @property
    def _single(self) -> bool:
        return self._y_is_1d_

    @property
    def _features(self) -> FeatureTable:
        features = self.module_.encoder.features
        assert isinstance(features, FeatureTable)
        return features

    def _read_features(self, X: Any, *, reset: bool, minimum: int = 1) -> Columns:
        """X by column, with names and number of features set or checked."""
        columns = read_columns(X)
        check_rows(columns, minimum)
        validate_data(self, columns.table, reset=reset, skip_check_array=True)
        return columns

    def _encode_labels(
        self, y: Any, n_rows: int, sample_weight: Any
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        targets = read_targets(y)
        check_same_length(n_rows, len(targets))
        return (
            self.tasks_.encode(targets),
            check_sample_weight(sample_weight, n_rows, len(self.tasks_)),
        )

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

    def _predictions(self, X: Any) -> list[NDArray]:
        """Predictions (n,) of every task, in the labels' own types and units."""
        activated = self._activated(X)
        return self.tasks_.decode(activated)

    @torch.inference_mode()
    def _gate_readings(self, X: Any) -> list[GateReading]:
        """Every gate's weights for every row; empty where the architecture has no gates."""
        features = {name: t.to(self.device_) for name, t in self._prepared(X).items()}
        return self.module_.gate_readings(**features)
