"""`Budget`: whether there is room for another trial, whoever made the others."""

from __future__ import annotations

import time
import warnings
from datetime import datetime
from typing import TYPE_CHECKING

from sklearn_ple.model_selection.storage import has_heartbeat

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import FrozenTrial, Trial

ERROR = "error"  # the user attribute of a trial that failed by itself, and not with its worker
POLL_SECONDS = 0.5


class Budget:
    """Trials and seconds that a search may take.

    Trials are counted in the study, so that workers anywhere, and an interrupted search that is
    started again, share one number. One that failed by itself counts, one that died with its
    worker does not.

    Parameters
    ----------
    n_trials : int or None
        Trials that the study may have in all.
    timeout : float or None
        Seconds from now.
    """

    def __init__(self, n_trials: int | None, timeout: float | None) -> None:
        self.n_trials = n_trials
        self.begin = datetime.now()
        self.deadline = None if timeout is None else time.time() + timeout

    def __call__(self, study: Study, trial: FrozenTrial) -> None:
        """Stop the study behind the last trial: a callback of `Study.optimize`."""
        if not self.has_room(study):
            study.stop()

    def seconds_left(self) -> float | None:
        """Until the deadline; None without one."""
        return None if self.deadline is None else self.deadline - time.time()

    def is_over(self) -> bool:
        """Whether the seconds are spent."""
        return self.deadline is not None and time.time() >= self.deadline

    def has_room(self, study: Study) -> bool:
        """Whether another trial should begin.

        Where others are at the last ones, and it would be noticed if they died, wait for the end:
        then all workers see the same trials.
        """
        while not self.is_over():
            if self.n_trials is None:
                return True
            _fail_dead_trials(study)
            trials = study.get_trials(deepcopy=False)
            if sum(has_ended(trial) for trial in trials) >= self.n_trials:
                return False
            if sum(self._counts(study, trial) for trial in trials) < self.n_trials:
                return True
            if not has_heartbeat(study):
                return False
            time.sleep(POLL_SECONDS)
        return False

    def is_surplus(self, trial: Trial) -> bool:
        """Whether a trial began when others had taken the last room at the same moment."""
        if self.n_trials is None:
            return False
        trials = trial.study.get_trials(deepcopy=False)
        before = [each for each in trials if each.number < trial.number]
        return sum(self._counts(trial.study, each) for each in before) >= self.n_trials

    def _counts(self, study: Study, trial: FrozenTrial) -> bool:
        """Whether a trial has ended or will; old ones that no heartbeat watches are dead."""
        if trial.state.name != "RUNNING":
            return has_ended(trial)
        started = trial.datetime_start
        return has_heartbeat(study) or (started is not None and started >= self.begin)


def has_ended(trial: FrozenTrial) -> bool:
    """Whether a trial is over, for good or for a reason of its own."""
    failed = trial.state.name == "FAIL" and ERROR in trial.user_attrs
    return failed or trial.state.name in ("COMPLETE", "PRUNED")


def _fail_dead_trials(study: Study) -> None:
    """Have trials of dead workers tried again."""
    from optuna.exceptions import ExperimentalWarning
    from optuna.storages import fail_stale_trials

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        fail_stale_trials(study)
