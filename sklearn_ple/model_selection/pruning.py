"""Ending hopeless trials early: what a trial tells its pruner, epoch by epoch and fold by fold."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_ple.base.fit.pilot import holds_out
from sklearn_ple.base.fit.sizing import resolve_sizes
from sklearn_ple.model_selection.search_space import extremes

if TYPE_CHECKING:
    from optuna.pruners import BasePruner
    from optuna.trial import BaseTrial

    from sklearn_ple.base.member import Member
    from sklearn_ple.model_selection.experiment import Experiment


class TrialReports:
    """Intermediate values of one trial: the mean over folds so far of the best score in each.

    Epoch e of fold f is the step ``f * max_epochs + e``, so a step means the same in all trials,
    however early their fits stop, and the value there is made of the same folds. The score of an
    epoch is that on the rows which the fit itself holds out (the mean share of deviance explained,
    or that of the one task that is scored): it costs nothing, and test rows stay unseen. A fit that
    holds out none reports what its test fold is scored, when it is done.

    Parameters
    ----------
    trial : optuna.trial.Trial
    n_folds : int
    max_epochs : int
        The most that a fold can have.
    """

    def __init__(self, trial: BaseTrial, n_folds: int, max_epochs: int) -> None:
        self.trial = trial
        self.n_folds = n_folds
        self.max_epochs = max_epochs
        self.n_epochs = 0
        self._done: list[float] = []
        self._best = -math.inf

    def epoch(self, epoch: int, score: float) -> None:
        """Take the validation score of an epoch of the current fold; may end the trial."""
        self.n_epochs += 1
        self._best = max(self._best, score)
        if epoch < self.max_epochs:
            self._tell(len(self._done) * self.max_epochs + epoch, [*self._done, self._best])

    def fold(self, score: float) -> None:
        """Take the test score of the fold that is done; may end the trial if it wasn't the last."""
        self._done.append(score if self._best == -math.inf else self._best)
        self._best = -math.inf
        self._tell(len(self._done) * self.max_epochs, self._done)

    def _tell(self, step: int, values: list[float]) -> None:
        self.trial.report(float(np.mean(values)), step)
        is_over = len(self._done) == self.n_folds
        if not is_over and self.trial.should_prune():
            from optuna import TrialPruned

            raise TrialPruned(f"at step {step}")


def most_epochs(experiment: Experiment, member: Member) -> int:
    """The most epochs that a fold of any trial can have."""
    name = f"{member.prefix}max_epochs"
    n_rows = min(len(train) for train, _ in experiment.splits)
    params: dict[str, Any] = member.estimator.get_params(deep=False)
    n_kept = max(1, math.floor(n_rows * (1 - params["validation_fraction"])))
    own = params["max_epochs"]
    tried = extremes(experiment.space[name]) if name in experiment.space else [own]
    stops = holds_out(params, n_rows) or "X_val" in experiment.fit_params
    resolved = [
        resolve_sizes(
            params | {"max_epochs": each},
            n_rows=n_kept,
            n_features=1,
            n_numeric=1,
            stops_early=stops,
        )
        for each in tried
    ]
    return max(int(sizes.max_epochs) for sizes in resolved)


def default_pruner(max_epochs: int) -> BasePruner:
    """Optuna's median rule, from the sixth trial on.

    The first epochs of a fit are left alone, a fifth of them or five: there the learning rate still
    rises, and who starts slowly may end well.
    """
    from optuna.pruners import MedianPruner

    return MedianPruner(n_startup_trials=5, n_warmup_steps=min(5, max_epochs // 5))
