"""What a panel of one task shows: curves out of its labels and predictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import (
    auc,
    average_precision_score,
    precision_recall_curve,
    r2_score,
    roc_curve,
)

from sklearn_ple.metrics.calibration_bins import calibration_error, equal_weights

Floats = NDArray[np.float64]
CurveKind = Literal["roc", "pr", "calibration", "residuals"]
OF_CLASSES: tuple[CurveKind, ...] = ("roc", "pr", "calibration")
OF_NUMBERS: tuple[CurveKind, ...] = ("calibration", "residuals")
N_BINS = 10


@dataclass(frozen=True, eq=False)
class LabelledTask:
    """Labels and predictions of one task, in the rows where it has a label.

    Attributes
    ----------
    name : str
    truth : ndarray of shape (n,)
        Numbers, or positions in the classes.
    prediction : ndarray of shape (n,) or (n, n_classes)
        Numbers, or probabilities.
    classes : list of str or None
        The classes' names; None for a task of numbers.
    weight : ndarray of shape (n,)
    """

    name: str
    truth: Floats
    prediction: Floats
    classes: list[str] | None
    weight: Floats


@dataclass(frozen=True, eq=False)
class Curve:
    """A line, or the points of a scatter; and of which class, where there are more than two."""

    x: Floats
    y: Floats
    label: str | None = None


@dataclass(frozen=True, eq=False)
class TaskCurves:
    """A panel: its curves, and one number that sums them up, in words."""

    task: str
    kind: CurveKind
    curves: list[Curve]
    n_labels: int
    summary: str


def curves_of(task: LabelledTask, kind: CurveKind) -> TaskCurves:
    """The curves of one kind; those of classes that all rows or none belong to are left out."""
    if not len(task.truth):
        curves, summary = [], "no label"
    elif kind == "residuals":
        curves, summary = [Curve(task.prediction, task.truth - task.prediction)], _r2(task)
    elif task.classes is None:
        binned = _binned(task.truth, task.prediction, task.weight)
        curves, summary = [Curve(*binned)], _r2(task)
    else:
        curves, summary = _of_classes(task, kind, task.classes)
    return TaskCurves(task.name, kind, curves, len(task.truth), summary)


def possible_kinds(task: LabelledTask) -> tuple[CurveKind, ...]:
    """What can be drawn of it, the usual choice first."""
    return OF_NUMBERS[::-1] if task.classes is None else OF_CLASSES


def read_frame(
    names: Sequence[str], columns: Sequence[NDArray], weight: Floats, frame: pd.DataFrame
) -> list[LabelledTask]:
    """Labels, by column, beside predictions as `predict_frame` gives them.

    Parameters
    ----------
    names : list of str
        Tasks, in order.
    columns : list of ndarray, each of shape (n,)
        Their labels, as `read_targets` reads them.
    weight : ndarray of shape (n, n_tasks)
        Zero where a label does not count, or is missing.
    frame : DataFrame of n rows
        Rows in which a task's predictions are missing are left out of it.

    Raises
    ------
    ValueError
        If a task has no prediction, in any row with a label, or a label no column of probabilities.
    """
    tasks = []
    found = _columns_of_classes(names, list(map(str, frame)))
    for name, column, w in zip(names, columns, weight.T, strict=True):
        of_classes = found[name]
        if not of_classes and name not in frame:
            raise ValueError(f"There is no prediction of {name!r} among {list(frame)}.")
        answers = frame[of_classes or [name]]
        rows = (w > 0) & answers.notna().all(axis=1).to_numpy()
        if (w > 0).any() and not rows.any():
            raise ValueError(f"No row that has a label of {name!r} has a prediction of it.")
        labels, prediction = column[rows], answers[rows].to_numpy(dtype=np.float64)
        if of_classes:
            classes = [each.removeprefix(f"{name}=") for each in of_classes]
            truth = _codes(name, labels, classes)
            tasks.append(LabelledTask(name, truth, prediction, classes, w[rows]))
        else:
            truth = labels.astype(np.float64)
            tasks.append(LabelledTask(name, truth, prediction[:, 0], None, w[rows]))
    return tasks


def _columns_of_classes(names: Sequence[str], columns: Sequence[str]) -> dict[str, list[str]]:
    """For each task the columns of its probabilities.

    They come after that of its prediction, where there is one: of tasks "a" and "a=b", "a=b=c" is
    that one's whose prediction came last.
    """
    found: dict[str, list[str]] = {name: [] for name in names}
    last = None
    for column in columns:
        if column in found:
            last = column
            continue
        if fitting := [name for name in names if column.startswith(f"{name}=")]:
            likely = [name for name in fitting if name == last or name not in columns]
            found[max(likely or fitting, key=len)].append(column)
    return found


def _codes(name: str, labels: NDArray, classes: list[str]) -> Floats:
    """Positions in the classes, whose names are texts: of "1.0" too for a label 1."""
    position = {label: k for k, label in enumerate(classes)}
    found = [position.get(str(label), np.nan) for label in labels.tolist()]
    codes = np.array(found, dtype=np.float64)
    if np.isnan(codes).any() and labels.dtype.kind in "biuf":
        numbers = pd.to_numeric(pd.Series(classes), errors="coerce").to_numpy(dtype=np.float64)
        same = labels.astype(np.float64)[:, None] == numbers
        codes = np.where(same.any(axis=1), same.argmax(axis=1), codes)
    if np.isnan(codes).any():
        strange = labels[np.isnan(codes)].tolist()[0]
        raise ValueError(f"Task {name!r}: label {strange!r} is none of the classes {classes}.")
    return codes


def _of_classes(task: LabelledTask, kind: CurveKind, classes: list[str]) -> tuple[list[Curve], str]:
    curves, numbers = [], []
    for k in [1] if len(classes) == 2 else range(len(classes)):
        is_class, p = task.truth == k, task.prediction[:, k]
        if is_class.all() or not is_class.any():
            continue
        label = None if len(classes) == 2 else classes[k]
        if kind == "roc":
            false, true, _ = roc_curve(is_class, p, sample_weight=task.weight)
            curves.append(Curve(false, true, label))
            numbers.append(auc(false, true))
        elif kind == "pr":
            precision, recall, _ = precision_recall_curve(is_class, p, sample_weight=task.weight)
            curves.append(Curve(recall[::-1], precision[::-1], label))
            numbers.append(average_precision_score(is_class, p, sample_weight=task.weight))
        else:
            curves.append(Curve(*_binned(is_class.astype(float), p, task.weight), label))
    if not curves:
        return [], "one class only"
    if kind == "calibration":
        error = calibration_error(task.truth.astype(int), task.prediction, task.weight)
        return curves, f"ECE {error:.3f}"
    name = "AUC" if kind == "roc" else "AP"
    return curves, f"{name} {np.mean(numbers):.3f}" + (" (mean)" if len(numbers) > 1 else "")


def _binned(actual: Floats, predicted: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Means of predicted and actual in up to ten bins of about equal weight."""
    bins = equal_weights(predicted, weight, N_BINS)
    held = np.bincount(bins, weight)
    used = held > 0
    means = [np.bincount(bins, weight * each)[used] / held[used] for each in (predicted, actual)]
    return means[0], means[1]


def _r2(task: LabelledTask) -> str:
    if len(task.truth) < 2 or np.ptp(task.truth) == 0:
        return "R² not defined"
    return f"R² {r2_score(task.truth, task.prediction, sample_weight=task.weight):.3f}"
