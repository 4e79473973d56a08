"""Running the trials of a study, in this process or in several."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import joblib
import torch
from sklearn.exceptions import FitFailedWarning
from sklearn.utils.parallel import Parallel, delayed

from sklearn_ple.model_selection.budget import ERROR, Budget
from sklearn_ple.model_selection.objective import SearchObjective
from sklearn_ple.model_selection.quiet import quiet
from sklearn_ple.tasks.user_warning import warn_user
from sklearn_ple.training import DivergenceError
from sklearn_ple.training.threads import torch_threads

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler
    from optuna.study import Study
    from optuna.trial import FrozenTrial, Trial

TrialCallback = Callable[["Study", "FrozenTrial"], None]
OF_THE_TRIAL = DivergenceError, torch.OutOfMemoryError


class TrialError(Exception):
    """A trial that failed by itself; the search goes on."""


class SurplusTrialError(Exception):
    """A trial for which there was no room any more."""


def run_trials(
    study: Study,
    objective: SearchObjective,
    budget: Budget,
    *,
    samplers: Sequence[BaseSampler],
    callbacks: Sequence[TrialCallback],
    verbose: int,
) -> None:
    """Run trials until the budget is spent.

    Parameters
    ----------
    study : Study
        With more than one worker, in a storage that processes can share.
    objective : SearchObjective
    budget : Budget
    samplers : sequence of BaseSampler
        One for each worker. A single worker is this process, with the threads it has; several are
        processes, each with its share of the cores.
    callbacks : sequence of callable
        Called behind every trial, in the worker, with study and trial.
    verbose : int
        0 is silent, from 1 on Optuna logs every trial.
    """
    if len(samplers) == 1:
        _work(study, objective, budget, callbacks, verbose, n_threads=None)
        return
    share = max(1, joblib.cpu_count() // len(samplers))
    Parallel(n_jobs=len(samplers), backend="loky")(
        delayed(_work)(
            _with_sampler(study, sampler), objective, budget, callbacks, verbose, n_threads=share
        )
        for sampler in samplers
    )


def _work(
    study: Study,
    objective: SearchObjective,
    budget: Budget,
    callbacks: Sequence[TrialCallback],
    verbose: int,
    *,
    n_threads: int | None,
) -> None:
    with torch_threads(n_threads), quiet(verbose):
        while budget.has_room(study):
            try:
                study.optimize(
                    _Guarded(objective, budget),
                    n_trials=None,
                    timeout=budget.seconds_left(),
                    catch=(TrialError, SurplusTrialError),
                    callbacks=[*callbacks, budget],
                )
            except ValueError as error:
                # SQLite locks no rows: two workers may take one queued trial at the same moment.
                # Whoever ends it second has nothing to tell, and goes on.
                if not str(error).startswith("Cannot tell a "):
                    raise
            else:
                return


class _Guarded:
    """An objective with a policy for errors.

    One that a trial is to blame for (its loss diverged, it did not fit into memory) is that trial's
    failure; so is any other once a trial has gone well. Before that it is most likely a mistake
    that all trials share, and ends the search.
    """

    def __init__(self, objective: SearchObjective, budget: Budget) -> None:
        self.objective = objective
        self.budget = budget

    def __call__(self, trial: Trial) -> float | tuple[float, ...]:
        from optuna import TrialPruned

        if self.budget.is_surplus(trial):
            raise SurplusTrialError
        try:
            return self.objective(trial)
        except TrialPruned:
            raise
        except Exception as error:
            if not isinstance(error, OF_THE_TRIAL) and not _some_went_well(trial.study):
                raise
            message = f"{type(error).__name__}: {error}"
        trial.set_user_attr(ERROR, message)
        warn_user(f"Trial {trial.number} failed: {message}", FitFailedWarning)
        raise TrialError(message)


def _some_went_well(study: Study) -> bool:
    states = [trial.state.name for trial in study.get_trials(deepcopy=False)]
    return "COMPLETE" in states or "PRUNED" in states


def _with_sampler(study: Study, sampler: BaseSampler) -> Study:
    other = copy.copy(study)
    other.sampler = sampler
    return other
