"""`SearchObjective`: one trial, from parameters that are drawn to scores of all folds."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _check_method_params

from sklearn_ple.base.fit.checkpointing import without_checkpoints
from sklearn_ple.base.fit.encoding import EncodingMemory, remembering
from sklearn_ple.base.member import find_member
from sklearn_ple.metrics import TaskScorer
from sklearn_ple.metrics.position import is_position
from sklearn_ple.metrics.unwrap import unwrap
from sklearn_ple.model_selection.experiment import Experiment
from sklearn_ple.model_selection.first_trial import set_by
from sklearn_ple.model_selection.folds import Rows
from sklearn_ple.model_selection.pruning import TrialReports, most_epochs
from sklearn_ple.model_selection.search_space import suggest
from sklearn_ple.training import EpochReport

if TYPE_CHECKING:
    from optuna.trial import BaseTrial

FOLDS_DONE, EPOCHS = "folds", "n_epochs"  # user attributes of a trial, for `read_results`

Scores = dict[str, float]


class SearchObjective:
    """Called with a trial, fits and scores every fold; made by `optuna_objective`.

    Parameters
    ----------
    experiment : Experiment
    objectives : list of str
        The metrics that are maximised.

    Attributes
    ----------
    max_epochs : int
        How many steps of intermediate values a fold has.
    """

    def __init__(self, experiment: Experiment, objectives: list[str]) -> None:
        self.experiment = experiment
        self.objectives = objectives
        self._member = find_member(experiment.estimator)
        self.max_epochs = most_epochs(experiment, self._member)
        self._memory = EncodingMemory()

    def __call__(self, trial: BaseTrial) -> float | tuple[float, ...]:
        """Mean score over the folds, or one mean for each objective.

        Raises
        ------
        TrialPruned
            If the study's pruner says so.
        ValueError
            If the study does not maximise as many objectives, or a score is NaN.
        """
        from optuna import TrialPruned

        self._check_directions(trial)
        try:
            with remembering(self._memory):
                return self._evaluate(trial)
        except TrialPruned as error:
            reason = str(error)
        # Raised anew: the first one's traceback holds on to the half-trained network.
        raise TrialPruned(reason)

    def make(self, params: Mapping[str, Any]) -> Any:
        """Make an unfitted estimator with a trial's parameters.

        Parameters
        ----------
        params : dict of str to object
            Such as `study.best_params`.

        Returns
        -------
        estimator
        """
        return self.experiment.make(params)

    def _evaluate(self, trial: BaseTrial) -> float | tuple[float, ...]:
        params = set_by(trial, suggest(trial, self.experiment.space))
        reports = (
            TrialReports(trial, len(self.experiment.splits), self.max_epochs)
            if len(self.objectives) == 1
            else None
        )
        done: list[dict[str, Any]] = []
        try:
            for fold, (train, test) in enumerate(self.experiment.splits):
                model = self._with_reports(without_checkpoints(self.make(params)), reports)
                done.append(self._fit_and_score(model, fold, train, test))
                del model
                if reports is not None:
                    reports.fold(done[-1]["scores"][self.objectives[0]])
        finally:
            n_epochs = sum(each["n_epochs"] for each in done)
            if reports is not None:
                n_epochs = max(n_epochs, reports.n_epochs)
            trial.set_user_attr(FOLDS_DONE, done)
            trial.set_user_attr(EPOCHS, n_epochs)
        means = [float(np.mean([f["scores"][name] for f in done])) for name in self.objectives]
        return means[0] if len(means) == 1 else tuple(means)

    def _with_reports(self, model: Any, reports: TrialReports | None) -> Any:
        if reports is None:
            return model
        name = f"{self._member.prefix}callbacks"
        hook = EpochReport(reports.epoch, self._score_column())
        return model.set_params(**{name: [*(model.get_params()[name] or []), hook]})

    def _score_column(self) -> str:
        """What a fit's history calls the score nearest to the objective."""
        scorer = self.experiment.measure.scorers[self.objectives[0]]
        if not isinstance(scorer, TaskScorer) or scorer.task is None:
            return "score"
        names = list(self._member.estimator.tasks)
        task = names[scorer.task] if is_position(scorer.task, len(names)) else scorer.task
        return f"score/{task}"

    def _fit_and_score(self, model: Any, fold: int, train: Rows, test: Rows) -> dict[str, Any]:
        ex = self.experiment
        fit_params = _check_method_params(ex.X, params=ex.fit_params, indices=train)
        score_params = _check_method_params(ex.X, params=ex.score_params, indices=test)
        begin = time.perf_counter()
        model.fit(_safe_indexing(ex.X, train), _safe_indexing(ex.y, train), **fit_params)
        fitted = time.perf_counter()
        found = ex.measure.scorer(
            model, _safe_indexing(ex.X, test), _safe_indexing(ex.y, test), **score_params
        )
        return {
            "scores": _checked(found if ex.measure.is_multimetric else {"score": found}, fold),
            "fit_time": fitted - begin,
            "score_time": time.perf_counter() - fitted,
            "n_epochs": len(unwrap(model)[0].history_),
        }

    def _check_directions(self, trial: BaseTrial) -> None:
        study = getattr(trial, "study", None)  # a FixedTrial has none
        wanted = ["MAXIMIZE"] * len(self.objectives)
        if study is not None and [each.name for each in study.directions] != wanted:
            raise ValueError(
                f"Scores are greater when better: make the study with directions="
                f"{[each.lower() for each in wanted]}, for {self.objectives}."
            )


def _checked(found: Mapping[str, Any], fold: int) -> Scores:
    if not isinstance(found, Mapping) or not all(np.isscalar(value) for value in found.values()):
        raise ValueError(f"A scorer must return one number; got {found!r}.")
    scores = {name: float(value) for name, value in found.items()}
    if bad := [name for name, value in scores.items() if np.isnan(value)]:
        raise ValueError(
            f"The score {bad} is NaN in fold {fold}: perhaps a task has no labels there, or only "
            f"one class."
        )
    return scores
