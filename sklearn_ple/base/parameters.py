"""The parameters that all estimators share: type, default, constraint and documentation of each.

An estimator spells out its own parameters and takes these as `**shared: Unpack[SharedParameters]`;
`merge_signature` then shows both as one signature, so that `help`, tab completion and `get_params`
see every parameter.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from os import PathLike
from typing import Any, Literal, TypedDict

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from sklearn_ple.base.fit.building import OPTIMIZERS
from sklearn_ple.features import NumericEncoding
from sklearn_ple.nn import ACTIVATIONS
from sklearn_ple.tasks import Task
from sklearn_ple.training import Precision, Schedule
from sklearn_ple.weighting import WEIGHTINGS, LossWeighting, TaskWeights

Auto = Literal["auto"]


class SharedParameters(TypedDict, total=False):
    """What every estimator takes besides its architecture's own sizes."""

    tasks: Auto | Sequence[str | Task] | Mapping[str, str | Task]
    class_weight: Literal["balanced"] | Mapping[Any, Any] | None
    categorical_features: Literal["from_dtype"] | Sequence[str] | Sequence[int] | Sequence[bool]
    numeric_encoding: NumericEncoding
    embedding_dim: int | Auto
    tower_widths: Sequence[int]
    activation: str
    dropout: float | Auto
    weighting: str | LossWeighting
    task_weights: TaskWeights
    optimizer: str | type
    lr: float | Auto
    weight_decay: float | Auto
    lr_schedule: Schedule
    batch_size: int | Auto
    max_epochs: int | Auto
    early_stopping: bool | Auto
    validation_fraction: float
    patience: int | None
    weight_averaging: float | Auto | None
    device: str
    precision: Precision
    compile: bool
    callbacks: Sequence[Any] | None
    checkpoint_dir: str | PathLike[str] | None
    checkpoint_every: int
    warm_start: bool
    verbose: int
    random_state: int | np.random.RandomState | None


DEFAULTS: SharedParameters = {
    "tasks": "auto",
    "class_weight": None,
    "categorical_features": "from_dtype",
    "numeric_encoding": "piecewise_linear",
    "embedding_dim": "auto",
    "tower_widths": (64,),
    "activation": "silu",
    "dropout": "auto",
    "weighting": "static",
    "task_weights": "label_share",
    "optimizer": "adamw",
    "lr": "auto",
    "weight_decay": "auto",
    "lr_schedule": "cosine",
    "batch_size": "auto",
    "max_epochs": "auto",
    "early_stopping": "auto",
    "validation_fraction": 0.1,
    "patience": 10,
    "weight_averaging": "auto",
    "device": "auto",
    "precision": "float32",
    "compile": False,
    "callbacks": None,
    "checkpoint_dir": None,
    "checkpoint_every": 1,
    "warm_start": False,
    "verbose": 0,
    "random_state": None,
}

_AUTO = StrOptions({"auto"})

CONSTRAINTS: dict[str, list[Any]] = {
    "tasks": [_AUTO, "array-like", Mapping],
    "class_weight": [StrOptions({"balanced"}), Mapping, None],
    "categorical_features": [StrOptions({"from_dtype"}), "array-like", None],
    "numeric_encoding": [StrOptions({"piecewise_linear", "standard", "quantile"})],
    "embedding_dim": [_AUTO, Interval(Integral, 1, None, closed="left")],
    "tower_widths": ["array-like"],
    "activation": [StrOptions(set(ACTIVATIONS))],
    "dropout": [_AUTO, Interval(Real, 0, 1, closed="left")],
    "weighting": [StrOptions(set(WEIGHTINGS)), LossWeighting],
    "task_weights": [StrOptions({"label_share"}), "array-like", Mapping, None],
    "optimizer": [StrOptions(set(OPTIMIZERS)), type],
    "lr": [_AUTO, Interval(Real, 0, None, closed="neither")],
    "weight_decay": [_AUTO, Interval(Real, 0, None, closed="left")],
    "lr_schedule": [StrOptions({"cosine", "linear", "constant"})],
    "batch_size": [_AUTO, Interval(Integral, 1, None, closed="left")],
    "max_epochs": [_AUTO, Interval(Integral, 1, None, closed="left")],
    "early_stopping": [_AUTO, "boolean"],
    "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
    "patience": [Interval(Integral, 1, None, closed="left"), None],
    "weight_averaging": [_AUTO, Interval(Real, 0, 1, closed="left"), None],
    "device": [str],
    "precision": [StrOptions({"float32", "float64", "bf16-mixed"})],
    "compile": ["boolean"],
    "callbacks": ["array-like", None],
    "checkpoint_dir": [str, PathLike, None],
    "checkpoint_every": [Interval(Integral, 1, None, closed="left")],
    "warm_start": ["boolean"],
    "verbose": ["verbose"],
    "random_state": ["random_state"],
}


def merge_signature(init: Any, inherited: Any) -> inspect.Signature:
    """The signature of an estimator's `__init__` with what it passes on spelled out.

    Parameters
    ----------
    init : function
        The estimator's own.
    inherited : function
        That of the class it derives from: merged before, or the one that takes what all share.
    """
    own = [
        parameter
        for parameter in inspect.signature(init).parameters.values()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    merged = getattr(inherited, "__signature__", None)
    passed_on = list(merged.parameters.values())[1:] if merged is not None else _shared()
    names = {parameter.name for parameter in own}
    return inspect.Signature([*own, *(each for each in passed_on if each.name not in names)])


def _shared() -> list[inspect.Parameter]:
    """What all estimators share, as parameters of a signature."""
    kinds = SharedParameters.__annotations__.items()
    texts = {name: getattr(kind, "__forward_arg__", kind) for name, kind in kinds}
    return [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=texts[name]
        )
        for name, default in DEFAULTS.items()
    ]
