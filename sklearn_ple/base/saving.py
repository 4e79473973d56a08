"""Saving a fitted estimator, and making one of what was saved."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch

from sklearn_ple import weighting
from sklearn_ple.archive.archive import Archive, write_archive
from sklearn_ple.archive.errors import refusing
from sklearn_ple.archive.families import Family, by_name, family_of_recorded
from sklearn_ple.base.answers.calibration import Calibration
from sklearn_ple.base.fit.fitted import history_frame
from sklearn_ple.base.net_state import net_of, net_state
from sklearn_ple.base.reader import Reader
from sklearn_ple.serving.fitted_model import MODEL_FAMILIES, FittedModel
from sklearn_ple.training import MultiTaskNet
from sklearn_ple.weighting import LossWeighting

if TYPE_CHECKING:
    from sklearn_ple.base.estimator import MultiTaskEstimator

State = dict[str, Any]
LEFT_OUT = {"callbacks", "checkpoint_dir"}  # code, and a path of the machine that saved


def _frame_state(frame: pd.DataFrame) -> State:
    columns = {name: frame[name] for name in frame}
    return {
        "columns": {
            str(name): list(column) if pd.api.types.is_string_dtype(column) else column.to_numpy()
            for name, column in columns.items()
        },
        "index": [str(name) for name in frame.index],
        "index_name": frame.index.name,
    }


def _make_frame(cls: type, state: State) -> pd.DataFrame:
    index = pd.Index(state["index"], name=state["index_name"])
    columns = {
        name: pd.Series(values, index=index, dtype=getattr(values, "dtype", None))
        for name, values in state["columns"].items()
    }
    return pd.DataFrame(columns, index=index)


def _make_random_state(cls: type, state: State) -> np.random.RandomState:
    made = np.random.RandomState()
    made.set_state(state)
    return made


_OPTIMIZERS = [getattr(torch.optim, name) for name in torch.optim.__all__]
_WEIGHTINGS = [getattr(weighting, name) for name in weighting.__all__]
TRAINING_FAMILIES: dict[str, Family] = {
    **MODEL_FAMILIES,
    "weighting": family_of_recorded(
        LossWeighting,
        [c for c in _WEIGHTINGS if isinstance(c, type) and issubclass(c, LossWeighting)],
    ),
    "optimizer": Family(
        torch.optim.Optimizer,
        by_name(
            c for c in _OPTIMIZERS if isinstance(c, type) and issubclass(c, torch.optim.Optimizer)
        ),
        None,
        lambda cls, state: cls,
    ),
    "frame": Family(pd.DataFrame, by_name([pd.DataFrame]), _frame_state, _make_frame),
    "random_state": Family(
        np.random.RandomState,
        by_name([np.random.RandomState]),
        lambda random_state: random_state.get_state(legacy=False),
        _make_random_state,
    ),
}


def save_estimator(estimator: MultiTaskEstimator, path: str | os.PathLike[str]) -> None:
    """What `MultiTaskEstimator.save` does; see there."""
    cls = type(estimator)
    training = {
        "class": cls,
        "params": _without_left_out(estimator.get_params(deep=False)),
        "parameters_of_fit": _without_left_out(estimator._parameters_of_fit_),
        "n_features": estimator.n_features_in_,
        "target_summary": estimator.target_summary_,
        "best_epoch": int(estimator.best_epoch_),
        "calibration_table": None if (c := estimator._calibration) is None else c.table,
        "net": net_state(estimator.net_),
    }
    model = fitted_model(estimator).state()
    about = {"class": cls.__name__, "tasks": ", ".join(estimator.tasks_.names)}
    is_ours = cls.__module__.partition(".")[0] == __name__.partition(".")[0]
    families = _with_estimators({cls.__name__: cls} if is_ours else {})
    sections = {"model": (model, MODEL_FAMILIES), "training": (training, families)}
    write_archive(path, sections, about)


def fitted_model(estimator: MultiTaskEstimator) -> FittedModel:
    """The part of a fitted estimator that predictions follow from."""
    names, calibration = getattr(estimator, "feature_names_in_", None), estimator._calibration
    return FittedModel(
        estimator.tasks_,
        estimator.module_,
        estimator.net_.precision,
        None if names is None else [str(name) for name in names],
        estimator._single,
        estimator._promise,
        None if calibration is None else dict(calibration.maps),
        None if calibration is None else dict(calibration.thresholds),
    )


def load_estimator(
    path: str | os.PathLike[str],
    classes: Mapping[str, type[MultiTaskEstimator]],
    custom_objects: Mapping[str, Any] | None,
) -> tuple[MultiTaskEstimator, str | None]:
    """A fitted estimator out of a saved one, and what to warn of.

    Parameters
    ----------
    path : path-like
    classes : dict of str to type
        The estimators there are.
    custom_objects : dict of str to type or None
        A user's own classes.

    Raises
    ------
    FileNotFoundError, SavedModelError
        As in `Archive`.
    """
    archive = Archive(path)
    families = {"training": _with_estimators(classes), "model": MODEL_FAMILIES}
    state = archive.read(families, custom_objects)
    with refusing(archive.path):
        training = state["training"]
        estimator = training["class"](**_without_left_out(training["params"]))
        _set_fitted(estimator, FittedModel.from_state(state["model"]), training)
    return estimator, archive.note


def _set_fitted(estimator: Any, model: FittedModel, training: State) -> None:
    """What `Fitting` sets, out of what was saved."""
    task_set = model.task_set
    net: MultiTaskNet = net_of(training["net"], model)
    estimator.tasks_ = task_set
    estimator.n_outputs_ = len(task_set)
    estimator.target_names_in_ = np.array(task_set.names, dtype=object)
    estimator._y_is_1d_ = model.single
    estimator.target_summary_ = training["target_summary"]
    estimator.n_features_in_ = training["n_features"]
    if model.feature_names is not None:
        estimator.feature_names_in_ = np.array(model.feature_names, dtype=object)
    if any(task.is_classification for task in task_set):
        classes = [task.classes_ for task in task_set]
        estimator.classes_ = classes[0] if model.single else classes
    estimator.net_ = net
    estimator._parameters_of_fit_ = training["parameters_of_fit"]
    estimator.module_ = net.plain_module
    estimator.device_ = net.device
    estimator.history_ = history_frame(net)
    estimator.best_epoch_ = training["best_epoch"]
    estimator.callbacks_ = []
    if model.maps is not None and model.thresholds is not None:
        estimator.calibration_ = Calibration(
            training["calibration_table"],
            task_set,
            model.float_coupling(),
            model.maps,
            model.thresholds,
        )


def _with_estimators(classes: Mapping[str, type[Reader]]) -> dict[str, Family]:
    return {**TRAINING_FAMILIES, "estimator": Family(Reader, classes, None, lambda cls, state: cls)}


def _without_left_out(params: Mapping[str, Any]) -> State:
    return {name: None if name in LEFT_OUT else value for name, value in params.items()}
