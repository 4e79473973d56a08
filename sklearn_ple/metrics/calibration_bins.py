"""How far predicted probabilities lie from observed frequencies, for codes of classes."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import UndefinedMetricWarning

from sklearn_ple.tasks.user_warning import warn_user

Floats = NDArray[np.float64]
Strategy = Literal["uniform", "quantile"]
N_BINS = 15
ROUNDING = 1e-9  # a share of weight this little below a bin's edge lies on it


def calibration_error(
    y_true: NDArray,
    y_pred: Floats,
    sample_weight: Floats | None = None,
    *,
    n_bins: int = N_BINS,
    strategy: Strategy = "uniform",
) -> float:
    """Expected calibration error of codes (n,) and probabilities (n, n_classes).

    The mean over classes of one-against-the-rest errors; for two classes they are equal, up to
    probabilities on a bin's edge, so the second class alone. Labels that are no class, code
    `n_classes`, add the share by which their own class was predicted too rarely.
    """
    if not ((y_pred >= 0) & (y_pred <= 1)).all():
        raise ValueError("Probabilities must lie between 0 and 1.")
    weight = np.ones(len(y_true)) if sample_weight is None else sample_weight
    n_classes = y_pred.shape[1]
    unseen = float(np.average(y_true == n_classes, weights=weight))
    if n_classes == 2 and unseen == 0:
        return _one_against_rest(y_true == 1, y_pred[:, 1], weight, n_bins, strategy)
    errors = [
        _one_against_rest(y_true == k, y_pred[:, k], weight, n_bins, strategy)
        for k in range(n_classes)
    ]
    return (sum(errors) + unseen) / n_classes


def _one_against_rest(
    is_class: NDArray[np.bool_], p: Floats, weight: Floats, n_bins: int, strategy: Strategy
) -> float:
    uniform = strategy == "uniform"
    bins = _equal_widths(p, n_bins) if uniform else equal_weights(p, weight, n_bins)
    gaps = np.bincount(bins, weight * (is_class - p))
    return float(np.abs(gaps).sum() / weight.sum())


def _equal_widths(p: Floats, n_bins: int) -> NDArray[np.intp]:
    """Bins that are open below and closed above, the first one closed on both sides."""
    return np.searchsorted(np.linspace(0, 1, n_bins + 1)[1:-1], p, side="left")


def equal_weights(p: Floats, weight: Floats, n_bins: int) -> NDArray[np.intp]:
    """Bins of about equal weight; equal probabilities share one, in whatever order rows come."""
    _, level = np.unique(p, return_inverse=True)
    held = np.bincount(level, weight).astype(np.float64)
    middle = (np.cumsum(held) - held / 2) / held.sum()
    return np.minimum(middle * n_bins + ROUNDING, n_bins - 1).astype(np.intp)[level]


def total_ratio(actual: Floats, predicted: Floats, weight: Floats | None = None) -> float:
    """Sum predicted over sum observed; NaN, with a warning, if nothing was observed."""
    weight = np.ones(len(actual)) if weight is None else weight
    total = float(weight @ actual)
    if total <= 0:
        warn_user(
            "The calibration ratio is not defined: the observed total is not positive.",
            UndefinedMetricWarning,
        )
        return np.nan
    return float(weight @ predicted) / total


def class_ratio(y_true: NDArray, y_pred: Floats, sample_weight: Floats | None = None) -> float:
    """Mean probability of the second of two classes over its share."""
    if y_pred.shape[1] != 2:
        raise ValueError(
            f"With {y_pred.shape[1]} classes there is a calibration ratio for each and none for "
            f"all, as their mean hides what they are off; 'abs_log_calibration_ratio' has one."
        )
    return total_ratio((y_true == 1).astype(np.float64), y_pred[:, 1], sample_weight)


def abs_log_class_ratio(
    y_true: NDArray, y_pred: Floats, sample_weight: Floats | None = None
) -> float:
    """Absolute log of the ratio: of the second of two classes, else the mean over classes."""
    n_classes = y_pred.shape[1]
    chosen = [1] if n_classes == 2 else range(n_classes)
    ratios = [
        total_ratio((y_true == k).astype(np.float64), y_pred[:, k], sample_weight) for k in chosen
    ]
    with np.errstate(divide="ignore"):  # nothing predicted is infinitely far off
        return float(np.mean(np.abs(np.log(ratios))))
