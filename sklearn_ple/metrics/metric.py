"""The metrics that have a name: what each needs, which way is better, how it is computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from inspect import Parameter, signature
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics as skm
from sklearn.exceptions import UndefinedMetricWarning

from sklearn_ple.metrics.auc_by_group import gauc_of_codes
from sklearn_ple.metrics.calibration_bins import (
    abs_log_class_ratio,
    calibration_error,
    class_ratio,
)
from sklearn_ple.tasks.user_warning import warn_user

Floats = NDArray[np.float64]
MetricFunction = Callable[..., float]
ResponseMethod = Literal["predict", "predict_proba"]


@dataclass(frozen=True)
class Metric:
    """One number out of the labels and the predictions of one task.

    Attributes
    ----------
    name : str
        The name as a metric, so without "neg_".
    function : callable
        Called as `function(y_true, y_pred, sample_weight=...)`, with `groups=` too if it has a
        parameter of that name.
    response_method : {"predict", "predict_proba"}
        What `y_pred` comes from.
    greater_is_better : bool or None
        False for losses and errors; None where neither way is better.
    takes_codes : bool
        Whether `y_true` are positions in `classes` and `y_pred` is always (n, n_classes), as in
        the named metrics of probabilities; the position `n_classes` is that of all classes that
        have no column. A function of the user's gets labels, and of a binary
        task the probability of the second class only, as in scikit-learn.
    """

    name: str
    function: MetricFunction
    response_method: ResponseMethod
    greater_is_better: bool | None
    takes_codes: bool = False

    @property
    def scorer_name(self) -> str:
        """The name under which greater is better: losses are negated and say so."""
        return self.name if self.greater_is_better else f"neg_{self.name}"

    @property
    def takes_groups(self) -> bool:
        """Whether the function has a parameter `groups`."""
        return _groups_parameter(self.function) is not None

    @property
    def needs_groups(self) -> bool:
        """Whether that parameter has no default."""
        parameter = _groups_parameter(self.function)
        return parameter is not None and parameter.default is Parameter.empty


def _groups_parameter(function: MetricFunction) -> Parameter | None:
    try:
        return signature(function).parameters.get("groups")
    except ValueError:  # some functions written in C do not say
        return None


def find_metric(name: str) -> Metric:
    """The metric called `name`.

    Raises
    ------
    ValueError
        If there is none; the message lists the names.
    """
    if name in METRICS:
        return METRICS[name]
    hint = (
        "'d2' is measured against the training labels, so it is a scorer, task_scorer(task, 'd2'); "
        "from labels and predictions alone there are 'r2', 'd2_log_loss' and 'd2_poisson'. "
        if name == "d2"
        else ""
    )
    raise ValueError(
        f"Unknown metric {name!r}. {hint}The names are {sorted(METRICS)}; any other is given as a "
        f"function, such as sklearn.metrics.f1_score."
    )


def _roc_auc(y_true: NDArray, y_pred: Floats, sample_weight: Floats | None = None) -> float:
    if _has_unseen(y_true, y_pred.shape[1]):
        return np.nan
    if y_pred.shape[1] == 2:
        return skm.roc_auc_score(y_true, y_pred[:, 1], sample_weight=sample_weight)
    if _undefined_without_some_class("ROC AUC", y_true, y_pred.shape[1]):
        return np.nan
    return skm.roc_auc_score(
        y_true,
        y_pred,
        sample_weight=sample_weight,
        multi_class="ovr",
        labels=np.arange(y_pred.shape[1]),
    )


def _average_precision(
    y_true: NDArray, y_pred: Floats, sample_weight: Floats | None = None
) -> float:
    n_classes = y_pred.shape[1]
    if _has_unseen(y_true, n_classes):
        return np.nan
    if n_classes == 2:
        if not (y_true == 1).any():
            _warn_undefined("Average precision", "no label of the second class is present")
            return np.nan
        return skm.average_precision_score(y_true, y_pred[:, 1], sample_weight=sample_weight)
    if _undefined_without_some_class("Average precision", y_true, n_classes):
        return np.nan
    one_hot = y_true[:, None] == np.arange(n_classes)
    return skm.average_precision_score(one_hot, y_pred, sample_weight=sample_weight)


def _log_loss(y_true: NDArray, y_pred: Floats, sample_weight: Floats | None = None) -> float:
    y_pred, labels = _with_unseen(y_true, y_pred)
    return skm.log_loss(y_true, y_pred, sample_weight=sample_weight, labels=labels)


def _brier(y_true: NDArray, y_pred: Floats, sample_weight: Floats | None = None) -> float:
    is_binary = y_pred.shape[1] == 2
    y_pred, labels = _with_unseen(y_true, y_pred)
    return skm.brier_score_loss(
        y_true, y_pred, sample_weight=sample_weight, labels=labels, scale_by_half=is_binary
    )


def _d2_log_loss(y_true: NDArray, y_pred: Floats, sample_weight: Floats | None = None) -> float:
    if len(np.unique(y_true)) < 2:
        _warn_undefined("D2 of the log loss", "one class only is present")
        return np.nan
    y_pred, labels = _with_unseen(y_true, y_pred)
    return skm.d2_log_loss_score(y_true, y_pred, sample_weight=sample_weight, labels=labels)


def _r2(y_true: Floats, y_pred: Floats, sample_weight: Floats | None = None) -> float:
    if len(np.unique(y_true)) < 2:
        _warn_undefined("R2", "all labels are equal")
        return np.nan
    return skm.r2_score(y_true, y_pred, sample_weight=sample_weight)


def _d2_poisson(y_true: Floats, y_pred: Floats, sample_weight: Floats | None = None) -> float:
    if len(np.unique(y_true)) < 2:
        _warn_undefined("D2 of the Poisson deviance", "all labels are equal")
        return np.nan
    return skm.d2_tweedie_score(y_true, y_pred, sample_weight=sample_weight, power=1)


def _with_unseen(y_true: NDArray, y_pred: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Probabilities and the labels of their columns: zeros for unseen classes, if any is there."""
    if _has_unseen(y_true, y_pred.shape[1]):
        y_pred = np.column_stack([y_pred, np.zeros(len(y_pred))])
    return y_pred, np.arange(y_pred.shape[1])


def _has_unseen(y_true: NDArray, n_classes: int) -> bool:
    return bool((y_true == n_classes).any())


def _undefined_without_some_class(what: str, y_true: NDArray, n_classes: int) -> bool:
    present = len(np.unique(y_true))
    if present < n_classes:
        _warn_undefined(what, f"{present} of {n_classes} classes are present")
    return present < n_classes


def _warn_undefined(what: str, why: str) -> None:
    warn_user(f"{what} is not defined: {why}.", UndefinedMetricWarning)


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("roc_auc", _roc_auc, "predict_proba", True, takes_codes=True),
        Metric("average_precision", _average_precision, "predict_proba", True, takes_codes=True),
        Metric("pr_auc", _average_precision, "predict_proba", True, takes_codes=True),
        Metric("gauc", gauc_of_codes, "predict_proba", True, takes_codes=True),
        Metric("log_loss", _log_loss, "predict_proba", False, takes_codes=True),
        Metric("brier", _brier, "predict_proba", False, takes_codes=True),
        Metric("d2_log_loss", _d2_log_loss, "predict_proba", True, takes_codes=True),
        Metric("ece", calibration_error, "predict_proba", False, takes_codes=True),
        Metric(
            "ece_quantile",
            partial(calibration_error, strategy="quantile"),
            "predict_proba",
            False,
            takes_codes=True,
        ),
        Metric("calibration_ratio", class_ratio, "predict_proba", None, takes_codes=True),
        Metric(
            "abs_log_calibration_ratio",
            abs_log_class_ratio,
            "predict_proba",
            False,
            takes_codes=True,
        ),
        Metric("accuracy", skm.accuracy_score, "predict", True),
        Metric("balanced_accuracy", skm.balanced_accuracy_score, "predict", True),
        Metric("r2", _r2, "predict", True),
        Metric("mse", skm.mean_squared_error, "predict", False),
        Metric("rmse", skm.root_mean_squared_error, "predict", False),
        Metric("mae", skm.mean_absolute_error, "predict", False),
        Metric("poisson_deviance", skm.mean_poisson_deviance, "predict", False),
        Metric("d2_poisson", _d2_poisson, "predict", True),
    )
}
