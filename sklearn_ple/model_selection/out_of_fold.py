"""Out-of-fold predictions: of every row by a model that did not see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils import indexable

from sklearn_ple.base.member import decide_tasks
from sklearn_ple.model_selection.fold_answers import FoldAnswers, fit_folds
from sklearn_ple.model_selection.folds import draw_folds
from sklearn_ple.model_selection.routing import route_params
from sklearn_ple.tasks import TaskSet, read_targets


def oof_predict_proba(
    estimator: Any,
    X: Any,
    y: Any,
    *,
    cv: Any = None,
    groups: Any = None,
    n_jobs: int | None = None,
    params: Mapping[str, Any] | None = None,
) -> NDArray | list[NDArray | None]:
    """Predict class probabilities of every row by a model that was fitted without it.

    Use this for stacking, calibration and error analysis instead of scikit-learn's
    `cross_val_predict(method="predict_proba")`, which encodes every column of y before it fits:
    NaN becomes a class, without a word, and the values of a regression become ranks.

    Parameters
    ----------
    estimator : estimator
        A multi-task estimator, alone, in a pipeline or in a search. It is cloned for each fold and
        left unfitted itself.
    X : array-like or DataFrame of shape (n_samples, n_features)
        All rows.
    y : array-like or DataFrame of shape (n_samples,) or (n_samples, n_outputs)
        Their targets. What kind each column is, is decided once, on all rows.
    cv : int, None, splitter or iterable of (train, test), default=None
        A number of folds, or None for five, are balanced in all tasks as by
        `MultiTaskStratifiedKFold`; with `groups`, as by `MultiTaskStratifiedGroupKFold`.
    groups : array-like of shape (n_samples,), default=None
        For the folds.
    n_jobs : int, default=None
        How many folds to fit at a time, as in joblib; each then has one torch thread.
    params : dict of str to object, default=None
        For `fit`, such as `sample_weight`; what has as many rows as X is divided with it. With
        metadata routing, for the splitter too.

    Returns
    -------
    ndarray of shape (n_samples, n_classes), or list of them
        One for a single target; for several, a list in order of targets with None at regressions.
        Columns are the classes of the whole y, sorted. Rows that are in no test fold are NaN.

    Raises
    ------
    ValueError
        If no task is a classification, a row is in several test folds, or a training part lacks
        what a task needs; the message names it.

    Warns
    -----
    SparseFoldWarning
        If a training part lacks a class, whose probability is 0 in that fold.

    See Also
    --------
    oof_predict_frame : Predictions and probabilities by name, regressions too.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ple import SharedBottomClassifierRegressor, oof_predict_proba
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(60, 4))
    >>> y = np.column_stack([X[:, 0] > 0, X[:, 1]])
    >>> y[::3, 0] = np.nan
    >>> net = SharedBottomClassifierRegressor(bottom_widths=(8,), max_epochs=2, random_state=0)
    >>> click, price = oof_predict_proba(net, X, y, cv=3)
    >>> click.shape, price is None
    ((60, 2), True)
    """
    answers = _answers(estimator, X, y, cv, groups, n_jobs, params)
    if not any(task.is_classification for task in answers.task_set):
        raise ValueError(
            f"None of the tasks {answers.task_set.names} is a classification, so there are no "
            f"probabilities; use oof_predict_frame."
        )
    probabilities = answers.probabilities()
    # A single target is a classification here, so it is never None.
    return probabilities[0] if answers.is_1d else probabilities  # type: ignore[return-value]


def oof_predict_frame(
    estimator: Any,
    X: Any,
    y: Any,
    *,
    cv: Any = None,
    groups: Any = None,
    n_jobs: int | None = None,
    params: Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """Predict everything, by name, of every row by a model that was fitted without it.

    Parameters
    ----------
    estimator : estimator
        A multi-task estimator, alone, in a pipeline or in a search.
    X : array-like or DataFrame of shape (n_samples, n_features)
        All rows.
    y : array-like or DataFrame of shape (n_samples,) or (n_samples, n_outputs)
        Their targets.
    cv : int, None, splitter or iterable of (train, test), default=None
        As in `oof_predict_proba`.
    groups : array-like of shape (n_samples,), default=None
        For the folds.
    n_jobs : int, default=None
        How many folds to fit at a time.
    params : dict of str to object, default=None
        For `fit`, as in `oof_predict_proba`.

    Returns
    -------
    DataFrame of n_samples rows
        The columns of `predict_frame` after a fit on all rows, with X's index where it has one.
        Rows that are in no test fold are missing values.

    Raises
    ------
    ValueError
        If a row is in several test folds, or a training part lacks what a task needs.

    Warns
    -----
    SparseFoldWarning
        If a training part lacks a class, whose probability is 0 in that fold.

    See Also
    --------
    oof_predict_proba : Probabilities as arrays.

    Examples
    --------
    >>> from sklearn_ple import PLERegressor, make_related_tasks, oof_predict_frame
    >>> X, Y = make_related_tasks(90, 4, random_state=0)
    >>> net = PLERegressor(expert_widths=(8,), max_epochs=2, random_state=0)
    >>> oof_predict_frame(net, X, Y, cv=3).shape
    (90, 2)
    """
    return _answers(estimator, X, y, cv, groups, n_jobs, params).frame()


def _answers(
    estimator: Any,
    X: Any,
    y: Any,
    cv: Any,
    groups: Any,
    n_jobs: int | None,
    params: Mapping[str, Any] | None,
) -> FoldAnswers:
    X, y = indexable(X, y)
    estimator = clone(estimator)
    targets = read_targets(y)
    kinds, completed = decide_tasks(estimator, targets)
    fit_params, split_params = route_params(estimator, cv, dict(params or {}), groups)
    splits = draw_folds(cv, X, y, split_params, targets=completed, kinds=kinds)
    seen = np.bincount(np.concatenate([test for _, test in splits]), minlength=len(targets))
    if (seen > 1).any():
        raise ValueError(
            f"{(seen > 1).sum()} rows, such as row {int(seen.argmax())}, are in several test "
            f"folds of cv={cv!r}: they would have several predictions."
        )
    task_set = TaskSet.fit(kinds, completed, np.ones((len(targets), len(kinds))))
    return FoldAnswers(
        task_set,
        splits,
        fit_folds(estimator, X, y, splits, fit_params, n_jobs=n_jobs),
        index=X.index if isinstance(X, pd.DataFrame) else pd.RangeIndex(len(targets)),
        is_1d=targets.is_1d,
    )
