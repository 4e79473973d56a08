"""`optuna_objective`: a multi-task estimator's cross-validated score, for a study of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sklearn_ple.model_selection.experiment import Experiment
from sklearn_ple.model_selection.objective import SearchObjective
from sklearn_ple.model_selection.scoring import Scoring, read_scoring


def optuna_objective(
    estimator: Any,
    X: Any,
    y: Any,
    *,
    space: Mapping[str, Any] | None = None,
    scoring: Scoring = None,
    cv: Any = None,
    groups: Any = None,
    sample_weight: Any = None,
) -> SearchObjective:
    """Make an objective for a study of one's own.

    It draws parameters from a space, cross-validates the estimator with them, and, where there is
    one objective, tells the study's pruner of every epoch (see Notes). Everything is checked here,
    so that a mistake does not show up in a trial.

    Parameters
    ----------
    estimator : estimator
        A multi-task estimator, or a pipeline with one in it.
    X : array-like or DataFrame of shape (n_samples, n_features)
    y : array-like or DataFrame of shape (n_samples,) or (n_samples, n_outputs)
        NaN marks a row outside a task's sample space.
    space : dict, default=None
        As in `MultiTaskSearchCV`.
    scoring : str, callable, list, tuple, dict or None, default=None
        As in `MultiTaskSearchCV`; several metrics are several objectives.
    cv : int, splitter, iterable or None, default=None
        As in `MultiTaskSearchCV`.
    groups : array-like of shape (n_samples,), default=None
        For the splitter.
    sample_weight : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
        For `fit` of a bare estimator, and for scorers that take weights.

    Returns
    -------
    SearchObjective
        For `study.optimize`, where the study maximises. Its `make(params)` gives the unfitted
        estimator of a trial.

    Raises
    ------
    ValueError
        If anything about data, space, scoring or folds is wrong.

    See Also
    --------
    MultiTaskSearchCV : With a study of its own, and a fitted estimator at the end.

    Notes
    -----
    A trial's intermediate value at step ``f * max_epochs + e``, in epoch e of fold f, is the mean
    over the folds so far of the best score on the rows that each fit holds out for early stopping.
    Trials of one thread, or of several in one process, encode the rows of a fold once.

    Examples
    --------
    >>> import optuna
    >>> from sklearn_ple import SharedBottomEstimator, make_related_tasks
    >>> from sklearn_ple.model_selection import optuna_objective
    >>> X, y = make_related_tasks(200, 6, random_state=0)
    >>> objective = optuna_objective(
    ...     SharedBottomEstimator(max_epochs=2, random_state=0),
    ...     X,
    ...     y,
    ...     space={"lr": [0.001, 0.01], "bottom_widths": [(8,), (8, 4)]},
    ...     cv=2,
    ... )
    >>> optuna.logging.set_verbosity(optuna.logging.ERROR)
    >>> study = optuna.create_study(direction="maximize")
    >>> study.optimize(objective, n_trials=2)
    >>> model = objective.make(study.best_params).fit(X, y)
    """
    measure = read_scoring(estimator, scoring)
    weights = {} if sample_weight is None else {"sample_weight": sample_weight}
    experiment = Experiment.check(
        estimator,
        X,
        y,
        space=space,
        measure=measure,
        cv=cv,
        fit_params=weights,
        score_params=weights if measure.takes_weights() else {},
        split_params={"groups": groups},
    )
    return SearchObjective(experiment, measure.names)
