"""Opening a study for a search: a new one, or one that goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sklearn_ple.base.search_space import Space
from sklearn_ple.model_selection.budget import has_ended
from sklearn_ple.model_selection.experiment import Experiment
from sklearn_ple.model_selection.objective import SearchObjective
from sklearn_ple.model_selection.pruning import default_pruner
from sklearn_ple.model_selection.quiet import quiet
from sklearn_ple.model_selection.samplers import draw_samplers
from sklearn_ple.model_selection.storage import kept, opened

if TYPE_CHECKING:
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler
    from optuna.storages import BaseStorage
    from optuna.study import Study

FINGERPRINT = "sklearn_ple"


@dataclass(frozen=True)
class OpenStudy:
    """A study, and a sampler for each worker.

    Attributes
    ----------
    study : Study
    samplers : list of BaseSampler
    lasts : bool
        Whether its storage outlives the search.
    """

    study: Study
    samplers: list[BaseSampler]
    lasts: bool

    def lasting(self) -> Study:
        """The study, where it can be read after the search."""
        return self.study if self.lasts else kept(self.study)


@contextmanager
def open_study(
    experiment: Experiment,
    objective: SearchObjective,
    *,
    storage: str | BaseStorage | None,
    study_name: str | None,
    pruner: BasePruner | None,
    sampler: BaseSampler | None,
    n_workers: int,
    random_state: np.random.RandomState,
) -> Iterator[OpenStudy]:
    """A study for the time of a search.

    Raises
    ------
    ValueError
        If a study of this name was made for another architecture, features, metrics, folds or
        objectives, or with distributions that do not mix with those of the space.
    """
    import optuna

    shared = n_workers > 1
    with opened(storage, shared=shared) as place:
        with quiet():
            study = optuna.create_study(
                storage=place,
                study_name=study_name,
                directions=["maximize"] * len(objective.objectives),
                pruner=default_pruner(objective.max_epochs) if pruner is None else pruner,
                load_if_exists=study_name is not None,
            )
        if storage is not None:
            _check_same(study, experiment, objective)
            _check_space(study, experiment.space)
        samplers = draw_samplers(
            sampler,
            n_workers,
            n_before=len(study.get_trials(deepcopy=False)),
            random_state=random_state,
        )
        study.sampler = samplers[0]
        yield OpenStudy(study, samplers, lasts=storage is not None or not shared)


def _check_same(study: Study, experiment: Experiment, objective: SearchObjective) -> None:
    """Leave a mark in a new study; compare it in one that goes on."""
    mark = experiment.fingerprint() | {"objectives": objective.objectives}
    found = study.user_attrs.get(FINGERPRINT)
    if found is None and not any(has_ended(trial) for trial in study.get_trials(deepcopy=False)):
        study.set_user_attr(FINGERPRINT, mark)
        return
    if found != mark:
        differ = [name for name in mark if found is None or found.get(name) != mark[name]]
        raise ValueError(
            f"The study {study.study_name!r} can't go on here: its trials were made with other "
            f"{', '.join(differ)}, so they can't be compared. Take another study_name; or, if the "
            f"folds differ that should not, a splitter with a fixed random_state."
        )


def _check_space(study: Study, space: Space) -> None:
    """A study has one set of choices for a name, and one kind of range; ends of it may move."""
    from optuna.distributions import check_distribution_compatibility

    for trial in study.get_trials(deepcopy=False):
        for name, before in trial.distributions.items():
            try:
                if name in space:
                    check_distribution_compatibility(before, space[name])
            except ValueError as error:
                raise ValueError(
                    f"The study {study.study_name!r} can't go on here: {name!r} was searched in "
                    f"{before}, the space now has {space[name]}, and a study does not mix the two. "
                    f"Take another study_name, or the space as it was."
                ) from error
