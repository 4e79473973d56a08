"""`FittedModel`: all that a prediction follows from, and that as plain values."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import nn

from sklearn_ple import routings
from sklearn_ple.archive.errors import SavedModelError
from sklearn_ple.archive.families import Family, by_name, family_of_recorded, family_of_records
from sklearn_ple.features import FeatureTable, Vocabulary
from sklearn_ple.features.feature_table import SCALERS
from sklearn_ple.nn import (
    Coupling,
    Dropout,
    FeatureEncoder,
    MultiTaskModule,
    Routing,
    TowerBank,
    Uncoupled,
)
from sklearn_ple.serving.corrections import Affine, Isotonic, RawMap
from sklearn_ple.tasks import Binary, Count, Multiclass, Regression, Task, TaskSet

Precision = Literal["float32", "float64", "bf16-mixed"]
_OF_ROUTINGS = [getattr(routings, name) for name in routings.__all__]
_ENCODER = ("number_width", "category_width", "n_copies")


def _make_task(cls: type, state: dict[str, Any]) -> object:
    task: object = object.__new__(cls)
    task.__dict__.update(state)
    return task


MODEL_FAMILIES: dict[str, Family] = {
    "task": Family(Task, by_name([Regression, Binary, Multiclass, Count]), vars, _make_task),
    "features": family_of_records(FeatureTable, [FeatureTable]),
    "vocabulary": family_of_records(Vocabulary, [Vocabulary]),
    **{
        name: family_of_records(scaler, [scaler])
        for name, scaler in by_name(SCALERS.values()).items()
    },
    "affine": family_of_records(Affine, [Affine]),
    "isotonic": family_of_records(Isotonic, [Isotonic]),
    "routing": family_of_recorded(Routing, [c for c in _OF_ROUTINGS if issubclass(c, Routing)]),
    "coupling": family_of_recorded(
        Coupling, [Uncoupled, *(c for c in _OF_ROUTINGS if issubclass(c, Coupling))]
    ),
    "towers": family_of_recorded(TowerBank, [TowerBank]),
}


@dataclass(frozen=True)
class FittedModel:
    """A fitted network with what reads its input and what reads its outputs.

    Attributes
    ----------
    task_set : TaskSet
    module : MultiTaskModule
        On any device; its encoder carries the `FeatureTable`.
    precision : {"float32", "float64", "bf16-mixed"}
    feature_names : list of str or None
        Where X had names.
    single : bool
        Whether y was one-dimensional.
    promise : str
        What the estimator takes: "any", "classification" or "regression".
    maps, thresholds : dict or None
        What `calibrate` left, by number of task; None where it was not called.
    """

    task_set: TaskSet
    module: MultiTaskModule
    precision: Precision
    feature_names: list[str] | None
    single: bool
    promise: str
    maps: Mapping[int, RawMap] | None
    thresholds: Mapping[int, float] | None

    @property
    def features(self) -> FeatureTable:
        features = self.module.encoder.features
        assert isinstance(features, FeatureTable)
        return features

    def float_coupling(self) -> Coupling:
        """The coupling as calibrated outputs pass it: in float64, on the CPU."""
        return copy.deepcopy(self.module.coupling).cpu().double()

    def state(self) -> dict[str, Any]:
        """All of it in plain values and objects of `MODEL_FAMILIES`.

        Raises
        ------
        SavedModelError
            If no module of the same shape comes out of what was remembered of this one.
        """
        encoder = self.module.encoder.made_with[1]
        state = {
            "features": self.features,
            "tasks": self.task_set.tasks,
            "encoder": {name: encoder[name] for name in _ENCODER if name in encoder},
            "routing": self.module.routing,
            "towers": self.module.towers,
            "coupling": self.module.coupling,
            "dropout": _dropout(self.module),
            "weights": dict(self.module.state_dict()),
            "precision": self.precision,
            "feature_names": self.feature_names,
            "single": self.single,
            "promise": self.promise,
            "maps": self.maps,
            "thresholds": self.thresholds,
        }
        _check_shapes(self.module)
        return state

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> FittedModel:
        """What `state` described, on the CPU, with parts that were just made."""
        return cls(
            TaskSet(tuple(state["tasks"])),
            _make_module(state),
            state["precision"],
            state["feature_names"],
            state["single"],
            state["promise"],
            state["maps"],
            state["thresholds"],
        )


def _make_module(state: Mapping[str, Any]) -> MultiTaskModule:
    features: FeatureTable = state["features"]
    encoder = FeatureEncoder(**features.sizes(), **state["encoder"], features=features)
    module = MultiTaskModule(encoder, state["routing"], state["towers"], state["coupling"])
    module.to(torch.float64 if state["precision"] == "float64" else torch.float32)
    for name, p in state["dropout"].items():
        module.set_submodule(name, Dropout(p))
    module.load_state_dict(state["weights"])
    return module.eval()


def _dropout(module: nn.Module) -> dict[str, float]:
    """The share of every dropout layer, which may have been changed since it was made."""
    parts = module.named_modules(remove_duplicate=False)
    return {name: part.p for name, part in parts if isinstance(part, Dropout)}


def _check_shapes(module: MultiTaskModule) -> None:
    """Make routing and towers once more, as loading will, and compare."""
    for name in ("routing", "towers", "coupling"):
        part = getattr(module, name)
        args, kwargs = part.made_with
        again = type(part)(*args, **kwargs)
        shapes = [{k: v.shape for k, v in each.state_dict().items()} for each in (part, again)]
        if shapes[0] != shapes[1]:
            raise SavedModelError(
                f"{type(part).__name__} can't be saved: made again with the arguments it was made "
                f"with, it has other parameters. Were they changed in place since the fit?"
            )
