"""Do predictions mean what they say? Calibration by bins and in the large."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sklearn_ple.metrics.calibration_bins import (
    N_BINS,
    Strategy,
    calibration_error,
    class_ratio,
    total_ratio,
)
from sklearn_ple.metrics.masked import score_target
from sklearn_ple.metrics.metric import Metric


def expected_calibration_error(
    y_true: Any,
    y_prob: ArrayLike,
    *,
    n_bins: int = N_BINS,
    strategy: Strategy = "uniform",
    classes: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
) -> float:
    r"""Mean distance of predicted probabilities from observed frequencies, bin by bin.

    .. math:: \mathrm{ECE} = \sum_b \frac{n_b}{n} |\bar{y}_b - \bar{p}_b|

    where

    - b runs over bins of the probability of the second class;
    - :math:`n_b` is the number of labelled rows in it, or the sum of their weights;
    - :math:`\bar{y}_b` is the share of the second class there, :math:`\bar{p}_b` the mean
      probability.

    With three classes and more it is the mean over classes of one class against the rest, not the
    error of the most likely class alone. The error of finitely many rows is above zero for a
    perfect model too, more so with more bins: compare at equal `n_bins` and numbers of rows.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Labels, with NaN or None where there is none.
    y_prob : array-like of shape (n,) or (n, n_classes)
        Probabilities, of the second class alone or of each.
    n_bins : int, default=15
        How many bins.
    strategy : {"uniform", "quantile"}, default="uniform"
        Bins of equal width, closed above; or of about equal weight, where equal probabilities are
        always in one bin. The latter suits rare events, whose probabilities are all near zero.
    classes : array-like of shape (n_classes,), default=None
        The class of each column. None takes the labels present, or 0 and 1.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weights; one of 2 is worth the row twice.

    Returns
    -------
    float
        From 0, the best, to 1. NaN, with an `UndefinedMetricWarning`, if no row is left.

    Raises
    ------
    ValueError
        If a probability is not between 0 and 1, `n_bins` is not positive, `strategy` is another
        word, lengths differ, a weight is negative or NaN, or the labels do not fit `classes`.

    See Also
    --------
    calibration_ratio : Whether all of them together are too high.

    Notes
    -----
    The metrics "ece" and "ece_quantile" of `masked_score` and `task_scorer` have 15 bins. For
    others, give `task_scorer` this function with its arguments set by `functools.partial`,
    `response_method="predict_proba"` and `greater_is_better=False`.

    References
    ----------
    Naeini, Cooper and Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian
    Binning", AAAI 2015. Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural
    Networks", ICML 2017. Kull, Perello Nieto, Kängsepp, Silva Filho, Song and Flach, "Beyond
    temperature scaling", NeurIPS 2019, for several classes.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ple.metrics import expected_calibration_error
    >>> clicked = np.array([0, 0, 1, 1, np.nan])
    >>> round(expected_calibration_error(clicked, [0.1, 0.3, 0.7, 0.9, 0.5], n_bins=2), 6)
    0.2
    """
    if n_bins < 1:
        raise ValueError(f"n_bins must be at least 1, got {n_bins}.")
    if strategy not in ("uniform", "quantile"):
        raise ValueError(f"strategy must be 'uniform' or 'quantile', got {strategy!r}.")
    function = partial(calibration_error, n_bins=n_bins, strategy=strategy)
    return score_target(
        Metric("ece", function, "predict_proba", False, takes_codes=True),
        y_true,
        y_prob,
        classes=classes,
        sample_weight=sample_weight,
    )


def calibration_ratio(
    y_true: Any,
    y_pred: ArrayLike,
    *,
    classes: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
) -> float:
    r"""Predicted over actual: how far predictions are too high, all together.

    .. math:: \frac{\sum_i w_i \hat{y}_i}{\sum_i w_i y_i}

    over the rows that have a label and a positive weight. 1 is best, above 1 is too high.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Labels, with NaN or None where there is none: 0 and 1 (or booleans), counts or amounts; any
        two labels if `classes` names them.
    y_pred : array-like of shape (n,), or (n, 2) with `classes`
        Probabilities of the second class, or predicted numbers.
    classes : array-like of shape (2,), default=None
        The two labels, the positive one last. None adds up the labels as numbers.
    sample_weight : array-like of shape (n,), default=None
        Non-negative weights.

    Returns
    -------
    float
        NaN, with an `UndefinedMetricWarning`, if the labels' total is not positive or no row is
        left.

    Raises
    ------
    ValueError
        If labels are text and `classes` is None, lengths differ, a weight is negative or NaN, or
        the labels do not fit `classes`.

    See Also
    --------
    expected_calibration_error : Bin by bin, where errors do not cancel.

    Notes
    -----
    Neither a high nor a low ratio is good, so no scorer is made of the name "calibration_ratio";
    a search should maximise `task_scorer(task, "neg_abs_log_calibration_ratio")`, for which
    half and double are equally bad. To have the ratio in a report of cross-validation, give
    `task_scorer` this function.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ple.metrics import calibration_ratio
    >>> calibration_ratio(np.array([0, 1, np.nan, 1]), [0.25, 0.5, 0.9, 0.75])
    0.75
    """
    takes_codes = classes is not None
    function = class_ratio if takes_codes else _ratio_of_numbers
    return score_target(
        Metric("calibration_ratio", function, "predict", None, takes_codes=takes_codes),
        y_true,
        y_pred,
        classes=classes,
        sample_weight=sample_weight,
    )


def _ratio_of_numbers(y_true: Any, y_pred: Any, sample_weight: Any = None) -> float:
    if y_true.dtype.kind not in "biuf":
        raise ValueError(
            f"Labels such as {y_true.tolist()[0]!r} can't be added up; say classes=, the positive "
            f"one last."
        )
    if y_pred.ndim != 1:
        raise ValueError(
            f"y_pred must be of shape (n,), got {y_pred.shape}; or say classes=, the positive one "
            f"last."
        )
    return total_ratio(y_true.astype(np.float64), y_pred.astype(np.float64), sample_weight)
