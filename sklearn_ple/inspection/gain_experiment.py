"""Which tasks does a sharing scheme help, and which does it hurt? The seesaw, measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils import check_consistent_length, check_random_state

from sklearn_ple.base.member import decide_tasks, holds_one
from sklearn_ple.inspection.gain_fits import Contest, fit_pairs, has_seed
from sklearn_ple.inspection.gain_report import MTLGainReport
from sklearn_ple.inspection.gain_scoring import Scoring, gain_scorers, kinds_of
from sklearn_ple.inspection.gain_splits import draw_rows, make_splits, pairings
from sklearn_ple.inspection.gain_tables import draws_table, pairs_table
from sklearn_ple.inspection.single_task_twin import matched_single_task
from sklearn_ple.metrics.gain_verdicts import Family, check_family
from sklearn_ple.metrics.row_bootstrap import check_draws
from sklearn_ple.tasks import Targets, read_targets


def mtl_gain_report(
    estimators: Any,
    X: Any,
    y: Any,
    *,
    single_task: Any = "matched",
    cv: Any = 5,
    seeds: int | Sequence[int] = 1,
    scoring: Scoring = None,
    groups: Any = None,
    alpha: float = 0.05,
    family: Family = "report",
    n_bootstrap: int = 500,
    n_jobs: int | None = None,
    progress: bool = True,
    random_state: int | np.random.RandomState | None = None,
) -> MTLGainReport:
    """Measure what sharing gains or costs each task, with intervals and a verdict.

    Every scheme and its single-task twin are fitted on the same rows with the same seeds; each
    task's gain is the difference of its metric on rows held out, positive where sharing is better
    (equation 11 of the PLE paper). A scheme that improves some tasks and hurts others shows the
    seesaw phenomenon.

    Parameters
    ----------
    estimators : estimator, list of estimators, or dict of str to estimator
        The schemes to measure, unfitted, alone or as the last step of a pipeline. In a list each
        is called by its class.
    X : array-like or DataFrame of shape (n_samples, n_features)
        All rows.
    y : array-like or DataFrame of shape (n_samples,) or (n_samples, n_outputs)
        Their targets, of any mix of kinds, which are decided once, on all rows; NaN outside a
        task's sample space.
    single_task : "matched", estimator, or dict of str to estimator, default="matched"
        What to compare with: of each scheme what `matched_single_task` makes of it; or one model
        for all; or one by scheme. It may be any multi-output estimator.
    cv : int, None, splitter, or iterable of (train, test), default=5
        How rows are held out. A number of folds, stratified on all tasks' labels, the missing ones
        included; or None for one split, a fifth held out likewise. `[(train, test)]` is one split
        of your own.
    seeds : int or list of int, default=1
        How many seeds, or which, each split is repeated with; both models of a pair have the same.
    scoring : str, callable, TaskScorer, or dict of them by task name, default=None
        The metric of all tasks, or of each, as in `task_scorer`. Tasks left out have "roc_auc" if
        binary, "d2_log_loss" with more classes, "d2_poisson" for counts and "r2" otherwise.
    groups : array-like of shape (n_samples,), default=None
        For splitters that heed groups.
    alpha : float, default=0.05
        Tolerated chance of a false verdict.
    family : {"report", "scheme"}, default="report"
        What shares that chance: all tasks of all schemes, or the tasks of each scheme.
    n_bootstrap : int, default=500
        How often the test rows are drawn anew, with replacement, for the interval over rows; 0 for
        none. The usual metrics make light work of it (`bootstrap_gain` says which); a function of
        your own is called as often for each task of each fit.
    n_jobs : int, default=None
        How many models to fit at a time, as in joblib; each then has one torch thread.
    progress : bool, default=True
        Whether to show a progress bar.
    random_state : int, RandomState or None, default=None
        For the folds, for the draws of rows, and for the seeds where their number is given.

    Returns
    -------
    MTLGainReport
        Printed, it tells the verdicts; its tables hold all the numbers.

    Raises
    ------
    ValueError
        If there is a single pair of fits: one gain says nothing about chance. Also if names do not
        match, no twin can be derived, or a number is out of range.

    See Also
    --------
    gain_verdicts : The statistics of pairs, and what they assume.
    bootstrap_gain : That of the rows, for one pair.
    MTLGainReport : Which interval covers what, and how to read them together.
    MTLGainDisplay : Gains and intervals of each task as a picture.
    SeesawDisplay : One task's gain against another's.

    Notes
    -----
    With one split and several seeds the verdict is about the chance of training: whether another
    test set may tell otherwise is what the interval over rows is for. With folds the verdict is
    about the chance of the rows as well, and its intervals are wider. Two pairs can be computed
    with; five or more have some power.

    Each draw of rows judges both models of every pair by the same rows. Its gain is the mean over
    pairs; so seeds of one split, judged by the same rows, do not narrow the interval, and folds do.

    References
    ----------
    Tang, Liu, Zhao and Gong, "Progressive Layered Extraction (PLE)", RecSys 2020, section 3 and
    equation 11.

    Examples
    --------
    >>> from sklearn_ple import PLERegressor, SharedBottomRegressor, make_related_tasks
    >>> from sklearn_ple.inspection import mtl_gain_report
    >>> X, Y = make_related_tasks(150, 4, random_state=0)
    >>> small = {"max_epochs": 2, "random_state": 0}
    >>> report = mtl_gain_report(
    ...     {
    ...         "PLE": PLERegressor(expert_widths=(8,), **small),
    ...         "bottom": SharedBottomRegressor(bottom_widths=(16,), **small),
    ...     },
    ...     X,
    ...     Y,
    ...     cv=3,
    ...     scoring="rmse",
    ...     progress=False,
    ...     random_state=0,
    ... )
    >>> report.schemes[["scheme", "seesaw"]]
       scheme  seesaw
    0     PLE   False
    1  bottom   False
    """
    check_family(alpha, family)
    check_draws(n_bootstrap, alpha, least=0)
    check_consistent_length(X, y)
    targets = read_targets(y)
    schemes = _named(estimators)
    twins = _twins(single_task, schemes)
    scorers = gain_scorers(schemes, targets, scoring)
    generator = check_random_state(random_state)
    kinds = kinds_of(next(iter(schemes.values())), targets)
    splits = make_splits(cv, X, y, groups, targets=targets, kinds=kinds, random_state=generator)
    pairs_of_fits = pairings(splits, seeds, generator)
    if len(splits) == 1:
        _check_seeds_matter(schemes, twins)
    contest = Contest.of(_decided(schemes, targets), _decided(twins, targets))
    draws = draw_rows(splits, n_bootstrap, generator)
    judged = fit_pairs(
        contest, pairs_of_fits, X, y, scorers, draws, n_jobs=n_jobs, progress=progress
    )
    return MTLGainReport.from_pairs(
        pairs_table(contest, pairs_of_fits, judged, scorers),
        twins=twins,
        alpha=alpha,
        family=family,
        draws=draws_table(contest, pairs_of_fits, judged) if n_bootstrap else None,
    )


def _named(estimators: Any) -> dict[str, Any]:
    if isinstance(estimators, Mapping):
        named = {str(name): estimator for name, estimator in estimators.items()}
    else:
        each = list(estimators) if _is_list(estimators) else [estimators]
        named = {type(estimator).__name__: estimator for estimator in each}
        if len(named) < len(each):
            raise ValueError(
                f"Estimators of one class need names: give a dict instead of "
                f"{[type(estimator).__name__ for estimator in each]}."
            )
    if not named:
        raise ValueError("estimators is empty.")
    return named


def _is_list(estimators: Any) -> bool:
    """A pipeline is iterable too, over its steps."""
    return isinstance(estimators, Iterable) and not hasattr(estimators, "fit")


def _twins(single_task: Any, schemes: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(single_task, str):
        if single_task != "matched":
            raise ValueError(f"single_task={single_task!r}; the only word is 'matched'.")
        return {scheme: matched_single_task(estimator) for scheme, estimator in schemes.items()}
    if not isinstance(single_task, Mapping):
        return dict.fromkeys(schemes, single_task)
    if set(single_task) != set(schemes):
        raise ValueError(f"single_task is of {list(single_task)}, the schemes are {list(schemes)}.")
    return {scheme: single_task[scheme] for scheme in schemes}


def _decided(models: Mapping[str, Any], targets: Targets) -> dict[str, Any]:
    """Clones that take every target for what it is in all rows, whatever a fold has of it.

    Models without a multi-task estimator of ours decide for themselves.
    """
    clones = {id(model): clone(model) for model in models.values()}  # one model may serve several
    for model in clones.values():
        if holds_one(model):
            decide_tasks(model, targets)
    return {name: clones[id(model)] for name, model in models.items()}


def _check_seeds_matter(schemes: Mapping[str, Any], twins: Mapping[str, Any]) -> None:
    for scheme, estimator in schemes.items():
        if not (has_seed(estimator) or has_seed(twins[scheme])):
            raise ValueError(
                f"Neither {scheme!r} nor its single-task model has a random_state, so that on one "
                f"split all seeds give the same fits, which would pass for certainty; take "
                f"several folds."
            )
