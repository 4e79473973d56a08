"""Calibration of a fitted estimator's tasks on held-out rows."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from sklearn_ple.base.answers.calibration_maps import HeldOut, fit_affine, fit_isotonic
from sklearn_ple.base.answers.calibration_thresholds import best_threshold, resolve_thresholds
from sklearn_ple.nn import Coupling
from sklearn_ple.serving.corrections import Affine, RawMap, corrected, decided
from sklearn_ple.tasks import Task, TaskSet
from sklearn_ple.tasks.classification import Classification

if TYPE_CHECKING:
    from sklearn_ple.base.reader import Reader

Floats = NDArray[np.float64]
CLASS_METHODS = ("temperature", "sigmoid", "isotonic")
NUMBER_METHODS = ("linear",)


@dataclass(frozen=True, repr=False, eq=False)
class Calibration:
    """What `calibrate` learned, as it is applied and as a table.

    Attributes
    ----------
    table : DataFrame
        By target: the `method` ("none" for a task left alone); the number of `labels` it was
        learned from; `slope` and `shift` (a tuple where there are several raw outputs) of the raw
        outputs, NaN where there are none; the `threshold` of a binary task; and the share of
        deviance explained on those same rows, `explained_before` and `explained_after`.
    task_set : TaskSet
    coupling : Coupling
        What comes after, in float64 on the CPU.
    maps : dict of int to RawMap
        What is done to the outputs of each calibrated task's tower.
    thresholds : dict of int to float
        By binary task that has one.
    """

    table: pd.DataFrame
    task_set: TaskSet
    coupling: Coupling
    maps: Mapping[int, RawMap]
    thresholds: Mapping[int, float]

    def __repr__(self) -> str:
        return repr(self.table)

    def _repr_html_(self) -> str:
        return self.table.to_html()

    def apply(self, towers: Tensor) -> Tensor:
        """Outputs of the towers (n, n_raw) to calibrated raw outputs, in float64."""
        return corrected(towers.double(), self.maps, self.task_set, self.coupling)

    def decide(self, activated: list[NDArray], predictions: list[NDArray]) -> list[NDArray]:
        """Predictions (n,) a task, with those that thresholds decide in place."""
        return decided(activated, predictions, self.thresholds, self.task_set)


def learn_calibration(
    estimator: Reader, X: Any, y: Any, sample_weight: Any, method: Any, thresholds: Any
) -> Calibration:
    """What `calibrate` does, but for keeping the result; see there."""
    task_set = estimator.tasks_
    methods = resolve_methods(method, task_set)
    choices = resolve_thresholds(thresholds, task_set)
    held_out = _held_out(estimator, X, y, sample_weight)
    for k, task in enumerate(task_set):
        if methods[k] is not None or isinstance(choices[k], str) or callable(choices[k]):
            _check_labels(task, held_out.encoded[held_out.rows(k), k])
    maps = _learn_maps(held_out, methods)
    raw = corrected(held_out.towers, maps, task_set, held_out.coupling)
    found = {}
    for k, choice in enumerate(choices):
        if isinstance(choice, str) or callable(choice):
            rows = held_out.rows(k)
            p = task_set.tasks[k].activate(raw[rows][:, task_set.slices[k]]).numpy()
            weight = None if sample_weight is None else held_out.weight[rows, k]
            found[k] = best_threshold(choice, p[:, 1], held_out.encoded[rows, k] == 1, weight)
        elif choice is not None:
            found[k] = float(choice)
    table = _table(held_out, methods, maps, found, raw)
    return Calibration(table, task_set, held_out.coupling, maps, found)


def resolve_methods(method: Any, task_set: TaskSet) -> list[str | None]:
    """How each task is calibrated, in order.

    Raises
    ------
    ValueError
        If a method or task is unknown, or they do not go together.
    """
    words = {"auto", *CLASS_METHODS, *NUMBER_METHODS}
    by_name = method if isinstance(method, Mapping) else dict.fromkeys(task_set.names, method)
    if unknown := [name for name in by_name if name not in task_set.names]:
        raise ValueError(f"method names {unknown}, but the tasks are {task_set.names}.")
    methods: list[str | None] = []
    for task in task_set:
        word, possible = by_name.get(task.name_), _possible_methods(task)
        if word is not None and (not isinstance(word, str) or word not in words):
            raise ValueError(f"method={word!r} is none of {sorted(words)}, nor None.")
        if word == "auto":
            word = "sigmoid" if task.is_classification else None
        elif word is not None and word not in possible:
            if isinstance(method, Mapping):
                raise ValueError(
                    f"Task {task.name_!r} is a {task.kind}: its calibration is one of {possible}, "
                    f"not {word!r}."
                )
            word = None
        methods.append(word)
    if isinstance(method, str) and method != "auto" and not any(methods):
        raise ValueError(f"method={method!r} fits none of the tasks {task_set.names}.")
    return methods


def _possible_methods(task: Task) -> tuple[str, ...]:
    if not task.is_classification:
        return NUMBER_METHODS
    return CLASS_METHODS if isinstance(task, Classification) else CLASS_METHODS[:2]


def _held_out(estimator: Reader, X: Any, y: Any, sample_weight: Any) -> HeldOut:
    towers = estimator._towers(X).to(torch.float64, copy=True)  # no tensor of inference mode
    targets, weight = estimator._read_to_score(y, sample_weight, len(towers))
    encoded = estimator.tasks_.encode(targets)
    weight = np.where(np.isnan(encoded), 0.0, weight)
    totals, labels = weight.sum(axis=0), (weight > 0).sum(axis=0)
    weight *= labels / np.where(totals > 0, totals, 1.0)
    coupling = copy.deepcopy(estimator.module_.coupling).cpu().double()
    return HeldOut(towers, encoded, weight, estimator.tasks_, coupling)


def _check_labels(task: Task, labels: Floats) -> None:
    if not len(labels):
        raise ValueError(
            f"Task {task.name_!r} has no label to calibrate on; give rows that have some, or leave "
            f"the task out, as in method={{{task.name_!r}: None, …}}."
        )
    if task.classes_ is not None and len(np.unique(labels)) < 2:
        only = task.classes_[int(labels[0])]
        raise ValueError(
            f"Task {task.name_!r} has one class only ({only!r}) among the labels to calibrate on."
        )


def _learn_maps(held_out: HeldOut, methods: list[str | None]) -> dict[int, RawMap]:
    coupled = held_out.coupled_tasks()
    names = held_out.task_set.names
    if stepped := [names[k] for k in coupled if methods[k] == "isotonic"]:
        raise ValueError(
            f"The outputs of {stepped} are coupled with those of other tasks, and 'isotonic' would "
            f"break what holds between them; use 'sigmoid' or 'temperature', which act before the "
            f"coupling."
        )
    maps: dict[int, RawMap] = {}
    together: dict[int, bool] = {}
    for k, word in enumerate(methods):
        if word is None:
            continue
        if word == "isotonic":
            maps[k] = fit_isotonic(held_out, k)
        elif k in coupled:
            together[k] = word != "temperature"
        else:
            maps |= fit_affine(held_out, {k: word != "temperature"}, [k])
    if together:
        maps |= fit_affine(held_out, together, sorted(coupled))
    return maps


def _table(
    held_out: HeldOut,
    methods: list[str | None],
    maps: Mapping[int, RawMap],
    thresholds: Mapping[int, float],
    raw: Tensor,
) -> pd.DataFrame:
    task_set = held_out.task_set
    affine = [
        each if isinstance(each := maps.get(k), Affine) else None for k in range(len(methods))
    ]
    with torch.no_grad():
        before = held_out.coupling(held_out.towers)
    return pd.DataFrame(
        {
            "method": [word or "none" for word in methods],
            "labels": (held_out.weight > 0).sum(axis=0),
            "slope": [np.nan if each is None else each.slope for each in affine],
            "shift": [np.nan if each is None else _number_or_tuple(each.shift) for each in affine],
            "threshold": [thresholds.get(k, np.nan) for k in range(len(methods))],
            "explained_before": task_set.deviance_explained(
                before, held_out.encoded, held_out.weight
            ),
            "explained_after": task_set.deviance_explained(raw, held_out.encoded, held_out.weight),
        },
        index=pd.Index(task_set.names, name="task"),
    )


def _number_or_tuple(shift: Floats) -> float | tuple[float, ...]:
    return float(shift[0]) if len(shift) == 1 else tuple(shift.tolist())
