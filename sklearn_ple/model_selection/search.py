"""`MultiTaskSearchCV`: hyperparameters by Optuna, as a scikit-learn estimator."""

from __future__ import annotations

import copy
import time
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar, Self

import joblib
import numpy as np
import pandas as pd
from sklearn.base import _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, Interval
from sklearn.utils.metadata_routing import MetadataRouter
from sklearn.utils.validation import check_is_fitted

from sklearn_ple.model_selection.budget import Budget
from sklearn_ple.model_selection.experiment import Experiment
from sklearn_ple.model_selection.first_trial import enqueue_first
from sklearn_ple.model_selection.objective import SearchObjective
from sklearn_ple.model_selection.pareto import pareto_table
from sklearn_ple.model_selection.refit import best_row, check_refit, objectives_of
from sklearn_ple.model_selection.scoring import Measure, Scoring, read_scoring
from sklearn_ple.model_selection.search_metadata import route_search, search_router
from sklearn_ple.model_selection.search_results import read_results
from sklearn_ple.model_selection.searched import SearchedEstimator
from sklearn_ple.model_selection.storage import kept
from sklearn_ple.model_selection.studies import open_study
from sklearn_ple.model_selection.workers import TrialCallback, run_trials

if TYPE_CHECKING:
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler
    from optuna.storages import BaseStorage
    from optuna.study import Study

    from sklearn_ple.model_selection.refit import Refit


class MultiTaskSearchCV(SearchedEstimator):
    """Search an estimator's parameters with Optuna, by cross-validation.

    Tasks are decided once, on all of y, and everything is checked before the first trial. That
    trial is the estimator as it is, as far as the space holds its values, so the search starts from
    its defaults (but a grid sampler's grid); what is "auto" there stays so, for all rows too if no
    other trial is better. Hopeless trials end early: the study's pruner is asked at every epoch.
    Trials encode the rows of a fold once.

    Parameters
    ----------
    estimator : estimator
        A multi-task estimator, or a pipeline with one in it.
    space : dict, default=None
        By parameter, an Optuna distribution, a list of choices, or a single value that is tried
        alone; sizes as tuples, or as text such as "64,32". None takes the estimator's own
        `search_space()`. In a pipeline, names without a step's prefix are those of the multi-task
        estimator.
    scoring : str, callable, list, tuple, dict or None, default=None
        What is maximised: None is the estimator's own `score`; a name is "deviance_explained", a
        task with a metric of `task_scorer`, such as "income_roc_auc", or one of scikit-learn's,
        which do not take missing labels; several metrics are a list of names or a dict of scorers.
    n_trials : int or None, default=40
        Trials that the study is to have in all. Those of other workers and of an earlier search
        that is resumed count, those that died with their worker do not. None: only `timeout` ends
        the search.
    timeout : float or None, default=None
        Seconds after which no further trial begins.
    cv : int, splitter, iterable of (train, test) or None, default=None
        Number of folds, balanced in every task's labels and in which are missing; None is five.
    sampler : optuna.samplers.BaseSampler or None, default=None
        None is Optuna's TPE. Copied for each fit.
    pruner : optuna.pruners.BasePruner or None, default=None
        None ends a trial that is worse than the median of others at the same epoch, from the sixth
        trial and the sixth epoch on; `optuna.pruners.NopPruner()` lets all go on. With several
        objectives there is no pruning. What it is told: see Notes.
    storage : str, optuna.storages.BaseStorage or None, default=None
        Where trials are kept: a URL such as "sqlite:///search.db" (opened by `resilient_storage`)
        or a storage; None keeps them in memory.
    study_name : str or None, default=None
        In a storage, a study of this name goes on, if it was made for the same architecture,
        features, metrics and folds, and the space has the same choices; ends of ranges may move.
    n_jobs : int or None, default=None
        Worker processes, each with its share of the cores; None is one, in this process. More
        workers elsewhere run the same script with the same storage and study name, and best with
        another `random_state`.
    refit : bool, str or callable, default=True
        Whether to fit the best estimator on all rows. With several metrics: the name of the one to
        maximise; or a function from `cv_results_` to the best row's number, by which all are
        objectives; or False, likewise but without a best.
    random_state : int, RandomState or None, default=None
        Seeds TPE. The estimator's own `random_state` seeds its fits.
    verbose : int, default=0
        0 is silent; from 1 on Optuna logs each trial.
    callbacks : list of callable or None, default=None
        Called behind each trial, in the worker, with study and trial, as in Optuna.

    Attributes
    ----------
    study_ : optuna.study.Study
        With all trials.
    cv_results_ : dict of ndarray
        A row per finished trial, in scikit-learn's shape; beside it "trial" (its number), "state"
        and "n_epochs". Scores of folds that a trial did not get to are NaN; what the first trial
        left at "auto" is not in its "params", and masked in the columns of parameters.
    best_index_ : int
        The best trial's row. Like `best_params_` absent with several metrics and refit=False.
    best_params_ : dict
        The parameters that it set, sizes as tuples.
    best_score_ : float
        Its mean score; absent if `refit` is a function.
    best_estimator_ : estimator
        Fitted on all rows; with `refit`.
    refit_time_ : float
        Seconds of that fit.
    scorer_ : callable or dict of callable
        What was scored by.
    multimetric_ : bool
        Whether there were several metrics.
    n_splits_ : int
        Number of folds.
    classes_, tasks_, n_features_in_, feature_names_in_
        Those of `best_estimator_`.

    See Also
    --------
    optuna_objective : The same for a study of one's own.
    ParetoDisplay : Several objectives as a picture.

    Notes
    -----
    A trial that diverges, or does not fit into memory, has failed, and the search goes on. So has
    one with any other error once a trial has gone well; until then it is raised.

    Epochs are judged by the score on the rows that each fit holds out for early stopping, never by
    the test fold: the mean share of deviance explained, or that of the task in `scoring` where it
    is a single one. A trial's value at step ``f * max_epochs + e`` is the mean over folds up to f
    of the best of that score so far. Fits without held-out rows report the scores of their test
    folds instead, fold by fold.

    Examples
    --------
    >>> from sklearn_ple import SharedBottomEstimator, make_related_tasks
    >>> from sklearn_ple.model_selection import MultiTaskSearchCV
    >>> X, y = make_related_tasks(200, 6, random_state=0)
    >>> space = SharedBottomEstimator.search_space() | {"bottom_widths": [(8,), (8, 4)]}
    >>> search = MultiTaskSearchCV(
    ...     SharedBottomEstimator(max_epochs=2, random_state=0),
    ...     space,
    ...     n_trials=3,
    ...     cv=2,
    ...     random_state=0,
    ... )
    >>> search.fit(X, y).predict(X).shape
    (200, 2)
    >>> sorted(search.best_params_)[:3]
    ['bottom_widths', 'dropout', 'embedding_dim']
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "estimator": [HasMethods(["fit"])],
        "space": [Mapping, None],
        "scoring": [str, callable, list, tuple, Mapping, None],
        "n_trials": [Interval(Integral, 1, None, closed="left"), None],
        "timeout": [Interval(Real, 0, None, closed="neither"), None],
        "cv": ["cv_object"],
        "sampler": [HasMethods(["sample_relative"]), None],
        "pruner": [HasMethods(["prune"]), None],
        "storage": [str, HasMethods(["create_new_study"]), None],
        "study_name": [str, None],
        "n_jobs": [Integral, None],
        "refit": ["boolean", str, callable],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
        "callbacks": ["array-like", None],
    }

    study_: Study
    cv_results_: dict[str, Any]
    best_index_: int
    best_params_: dict[str, Any]
    best_score_: float
    refit_time_: float
    n_splits_: int

    def __init__(
        self,
        estimator: Any,
        space: Mapping[str, Any] | None = None,
        *,
        scoring: Scoring = None,
        n_trials: int | None = 40,
        timeout: float | None = None,
        cv: Any = None,
        sampler: BaseSampler | None = None,
        pruner: BasePruner | None = None,
        storage: str | BaseStorage | None = None,
        study_name: str | None = None,
        n_jobs: int | None = None,
        refit: Refit = True,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
        callbacks: Sequence[TrialCallback] | None = None,
    ) -> None:
        self.estimator = estimator
        self.space = space
        self.scoring = scoring
        self.n_trials = n_trials
        self.timeout = timeout
        self.cv = cv
        self.sampler = sampler
        self.pruner = pruner
        self.storage = storage
        self.study_name = study_name
        self.n_jobs = n_jobs
        self.refit = refit
        self.random_state = random_state
        self.verbose = verbose
        self.callbacks = callbacks

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any = None, **params: Any) -> Self:
        """Search, and fit the best estimator on all rows.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
        y : array-like or DataFrame of shape (n_samples,) or (n_samples, n_outputs)
            NaN marks a row outside the task's sample space.
        **params : dict
            For `fit` of the estimator, the scorers and the splitter, such as `sample_weight` and
            `groups`: routed where metadata routing is enabled; else `groups` are for the splitter,
            all else for `fit`, and `sample_weight` for the scorers too. What has as many rows as X
            is divided with it.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If anything about data, space, scoring, folds or study is wrong, before the first trial;
            or if no trial could be completed.

        Warns
        -----
        SparseFoldWarning
            If cv is a number, and a task or a class has no label in one of the folds.
        FitFailedWarning
            For each trial that failed (see Notes of the class).
        """
        if self.n_trials is None and self.timeout is None:
            raise ValueError("n_trials and timeout are both None: the search would never end.")
        measure = read_scoring(self.estimator, self.scoring)
        check_refit(self.refit, measure)
        fit_params, score_params, split_params = route_search(
            self, params, takes_weights=measure.takes_weights()
        )
        experiment = Experiment.check(
            self.estimator,
            X,
            y,
            space=self.space,
            measure=measure,
            cv=self.cv,
            fit_params=fit_params,
            score_params=score_params,
            split_params=split_params,
        )
        self.n_splits_ = len(experiment.splits)
        self.multimetric_ = measure.is_multimetric
        self.scorer_ = measure.scorers if measure.is_multimetric else measure.scorer
        self._search(experiment)
        self._choose(measure)
        if self.refit:
            self.best_estimator_ = experiment.make(self.best_params_)
            begin = time.perf_counter()
            self.best_estimator_.fit(X, y, **experiment.fit_params)
            self.refit_time_ = time.perf_counter() - begin
        return self

    def pareto_frame(self, *, only_front: bool = True) -> pd.DataFrame:
        """Trials between which only taste can choose: none is better in all metrics.

        Parameters
        ----------
        only_front : bool, default=True
            Whether to leave out trials that another one beats.

        Returns
        -------
        DataFrame
            Indexed by "trial": the mean score of each metric, "on_front", and a column per
            parameter.

        Raises
        ------
        NotFittedError
            Before `fit`.
        """
        check_is_fitted(self)
        metrics = list(self.scorer_) if self.multimetric_ else ["score"]
        return pareto_table(self.cv_results_, metrics, only_front=only_front)

    def get_metadata_routing(self) -> MetadataRouter:
        """Say who gets which metadata.

        Returns
        -------
        sklearn.utils.metadata_routing.MetadataRouter
        """
        measure = read_scoring(self.estimator, self.scoring)
        return search_router(self, self.estimator, measure.scorer, self.cv)

    def _search(self, experiment: Experiment) -> None:
        n_workers = joblib.effective_n_jobs(self.n_jobs)
        objective = SearchObjective(experiment, objectives_of(self.refit, experiment.measure))
        with open_study(
            experiment,
            objective,
            storage=self.storage,
            study_name=self.study_name,
            pruner=copy.deepcopy(self.pruner),
            sampler=self.sampler,
            n_workers=n_workers,
            random_state=check_random_state(self.random_state),
        ) as opened:
            self.study_ = opened.study
            enqueue_first(opened.study, experiment)
            run_trials(
                opened.study,
                objective,
                Budget(self.n_trials, self.timeout),
                samplers=opened.samplers,
                callbacks=list(self.callbacks or []),
                verbose=self.verbose,
            )
            self.study_ = opened.lasting()

    def _choose(self, measure: Measure) -> None:
        for name in (
            "best_index_",
            "best_params_",
            "best_score_",
            "best_estimator_",
            "refit_time_",
        ):
            self.__dict__.pop(name, None)  # of an earlier fit
        trials = self.study_.get_trials(deepcopy=False)
        self.cv_results_ = read_results(trials, measure.names, self.n_splits_)
        best = best_row(self.refit, measure, self.cv_results_)
        if best is None:
            return
        self.best_index_ = best
        self.best_params_ = self.cv_results_["params"][best]
        if not callable(self.refit):
            (metric,) = objectives_of(self.refit, measure)
            self.best_score_ = float(self.cv_results_[f"mean_test_{metric}"][best])

    def __getstate__(self) -> dict[str, Any]:
        """With the trials in it, so that it opens where their database is not."""
        state = super().__getstate__()
        return state | {"study_": kept(self.study_)} if "study_" in state else state
