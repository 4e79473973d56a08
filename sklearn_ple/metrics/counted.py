"""A metric as a function of how often each row counts: what a bootstrap asks a thousand times."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from sklearn_ple.metrics.auc import SortedRows
from sklearn_ple.metrics.labelled import LabelledRows
from sklearn_ple.metrics.metric import METRICS, Metric

Floats = NDArray[np.float64]
Counted: TypeAlias = Callable[[Floats], float]
Lean: TypeAlias = Callable[[NDArray, Any], Counted | None]
NOTHING = 1e-12


def counted(metric: Metric, part: LabelledRows) -> Counted:
    """Make a function from numbers of copies of the rows to the metric of all these copies.

    What does not depend on the numbers is done once: where the metric is known to be made of sums
    over rows, or of their order, a call costs about as much as one pass over them.

    Parameters
    ----------
    metric : Metric
    part : LabelledRows
        What `labelled_rows` gave for it.

    Returns
    -------
    callable
        From whole numbers, as float64 of shape (n,) with one for each row of all, labelled or not,
        to the metric; NaN where it is not defined, without a warning.
    """
    of_labelled = _of_labelled(metric, part)
    return lambda counts: of_labelled(counts[part.rows])


def _of_labelled(metric: Metric, part: LabelledRows) -> Counted:
    # By function, so that scikit-learn's own functions are known too.
    known = (make for name, make in LEAN.items() if METRICS[name].function is metric.function)
    make = None if part.extra else next(known, None)
    lean = None if make is None else make(part.truth, part.prediction)
    return lean or _Copies(metric, part)


@dataclass(frozen=True)
class _Copies:
    """Any metric, called anew on rows that are there as often as they count."""

    metric: Metric
    part: LabelledRows

    def __call__(self, counts: Floats) -> float:
        rows = np.repeat(np.arange(len(counts)), counts.astype(np.intp))
        if not len(rows):
            return np.nan
        truth, prediction = self.part.truth[rows], self.part.prediction[rows]
        extra = {name: values[rows] for name, values in self.part.extra.items()}
        with warnings.catch_warnings():  # what there is to say was said of all rows
            warnings.simplefilter("ignore")
            try:
                return float(self.metric.function(truth, prediction, **extra))
            except ValueError:  # a function's way to say that these copies lack a class, say
                return np.nan


@dataclass(frozen=True)
class _Sums:
    """A metric that is a function of sums over rows: of ones first, then of `columns` (n, k)."""

    columns: Floats
    value: Callable[[Floats], float]

    def __call__(self, counts: Floats) -> float:
        n = counts.sum()
        return float(self.value(np.concatenate([[n], counts @ self.columns]))) if n else np.nan


def _sums(value: Callable[[Floats], float], *columns: NDArray) -> _Sums:
    return _Sums(np.column_stack([column.astype(np.float64) for column in columns]), value)


def _mean(sums: Floats) -> float:
    return sums[1] / sums[0]


def _explained(model: float, null: float, scale: float) -> float:
    """1 - model / null, unless all labels are as good as equal."""
    return 1 - model / null if null > NOTHING * abs(scale) else np.nan


def _of_numbers(make: Lean) -> Lean:
    """The same of any dtype: bools have no difference, and that of unsigned integers wraps."""
    return lambda truth, prediction: make(truth.astype(np.float64), prediction.astype(np.float64))


def _accuracy(truth: NDArray, prediction: NDArray) -> Counted:
    return _sums(_mean, truth == prediction)


def _mse(truth: NDArray, prediction: NDArray) -> Counted:
    return _sums(_mean, (truth - prediction) ** 2)


def _rmse(truth: NDArray, prediction: NDArray) -> Counted:
    return _sums(lambda sums: float(np.sqrt(_mean(sums))), (truth - prediction) ** 2)


def _mae(truth: NDArray, prediction: NDArray) -> Counted:
    return _sums(_mean, np.abs(truth - prediction))


def _r2(truth: NDArray, prediction: NDArray) -> Counted:
    centred = truth - truth.mean()

    def value(sums: Floats) -> float:
        n, error, linear, square = sums
        return _explained(error, square - linear**2 / n, square)

    return _sums(value, (truth - prediction) ** 2, centred, centred**2)


def _deviance(truth: NDArray, prediction: NDArray) -> Floats:
    """Poisson deviance of each row."""
    deviance: Floats = 2 * (xlogy(truth, truth / prediction) - truth + prediction)
    return deviance


def _poisson_deviance(truth: NDArray, prediction: NDArray) -> Counted:
    return _sums(_mean, _deviance(truth, prediction))


def _d2_poisson(truth: NDArray, prediction: NDArray) -> Counted | None:
    mean = float(truth.mean())
    if mean <= 0:
        return None

    def value(sums: Floats) -> float:
        # The deviance from the copies' own mean is that from `mean` less what the step saves.
        n, model, from_mean, total = sums
        ratio = total / (n * mean)
        saved = 2 * n * mean * (float(xlogy(ratio, ratio)) - ratio + 1)
        return _explained(model, from_mean - saved, from_mean)

    null = _deviance(truth, np.full(len(truth), mean))
    return _sums(value, _deviance(truth, prediction), null, truth)


def _one_hot(codes: NDArray, prediction: NDArray) -> tuple[Floats, Floats]:
    """Labels and probabilities with a column for each class, one of zeros for those unseen."""
    if (codes == prediction.shape[1]).any():
        prediction = np.column_stack([prediction, np.zeros(len(prediction))])
    return (codes[:, None] == np.arange(prediction.shape[1])).astype(np.float64), prediction


def _log_losses(codes: NDArray, prediction: NDArray) -> tuple[Floats, Floats]:
    """The log loss of each row, clipped as in scikit-learn, and the labels as ones."""
    ones, probability = _one_hot(codes, prediction)
    smallest = np.finfo(probability.dtype).eps
    own = (ones * np.clip(probability, smallest, 1 - smallest)).sum(axis=1)
    return -np.log(own), ones


def _log_loss(codes: NDArray, prediction: NDArray) -> Counted:
    return _sums(_mean, _log_losses(codes, prediction)[0])


def _d2_log_loss(codes: NDArray, prediction: NDArray) -> Counted:
    losses, ones = _log_losses(codes, prediction)

    def value(sums: Floats) -> float:
        n, model, by_class = sums[0], sums[1], sums[2:]
        null = -float(xlogy(by_class, by_class / n).sum())
        return _explained(model, null, n)

    return _sums(value, losses, ones)


def _brier(codes: NDArray, prediction: NDArray) -> Counted:
    half = 0.5 if prediction.shape[1] == 2 else 1.0
    ones, probability = _one_hot(codes, prediction)
    return _sums(_mean, half * ((probability - ones) ** 2).sum(axis=1))


def _roc_auc(codes: NDArray, prediction: NDArray) -> Counted | None:
    if prediction.shape[1] != 2 or (codes == 2).any():
        return None
    return SortedRows.of(codes == 1, prediction[:, 1]).auc


LEAN: dict[str, Lean] = {
    "roc_auc": _roc_auc,
    "log_loss": _log_loss,
    "brier": _brier,
    "d2_log_loss": _d2_log_loss,
    "accuracy": _accuracy,
    "r2": _of_numbers(_r2),
    "mse": _of_numbers(_mse),
    "rmse": _of_numbers(_rmse),
    "mae": _of_numbers(_mae),
    "poisson_deviance": _of_numbers(_poisson_deviance),
    "d2_poisson": _of_numbers(_d2_poisson),
}
