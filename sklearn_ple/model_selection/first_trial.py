"""The first trial: the estimator as it was given, so that a search starts from its defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sklearn_ple.base.fit.inputs import resolve_categorical
from sklearn_ple.base.fit.pilot import holds_out
from sklearn_ple.base.fit.sizing import Sizes, resolve_sizes
from sklearn_ple.base.member import Member, find_member
from sklearn_ple.features import read_columns
from sklearn_ple.model_selection.experiment import Experiment
from sklearn_ple.model_selection.search_space import holds
from sklearn_ple.model_selection.storable import to_storable

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import BaseTrial, FrozenTrial

LEFT_AUTO = "auto"  # user attribute of the first trial: the parameters it leaves as they are


def enqueue_first(study: Study, experiment: Experiment) -> None:
    """Queue the estimator's own values for a study that has no trial yet.

    Not for a grid: that is drawn whole, and takes nothing beside it.
    """
    from optuna.samplers import GridSampler

    if not study.get_trials(deepcopy=False) and not isinstance(study.sampler, GridSampler):
        own, left = own_values(experiment)
        study.enqueue_trial(own, user_attrs={LEFT_AUTO: left}, skip_if_exists=True)


def set_by(trial: FrozenTrial | BaseTrial, drawn: Mapping[str, Any]) -> dict[str, Any]:
    """What a trial sets of an estimator: all that was drawn but what it leaves at "auto"."""
    left = trial.user_attrs.get(LEFT_AUTO, ())
    return {name: value for name, value in drawn.items() if name not in left}


def own_values(experiment: Experiment) -> tuple[dict[str, Any], list[str]]:
    """What the space could draw of the estimator's own values, and which of them are "auto".

    Samplers learn of "auto" as what it resolves to on the rows of a fold. In a pipeline those are
    taken as they are before the first step, if that is a table.
    """
    params = experiment.estimator.get_params(deep=True)
    member = find_member(experiment.estimator)
    sizes = _sizes(experiment, member)
    own: dict[str, Any] = {}
    left: list[str] = []
    for name, distribution in experiment.space.items():
        value = params[name]
        plain = name.removeprefix(member.prefix)
        is_auto = isinstance(value, str) and value == "auto" and name == member.prefix + plain
        if is_auto:
            value = getattr(sizes, plain, value)  # "auto" where there are no sizes
        try:
            stored = to_storable(name, value)
        except ValueError:
            continue
        if holds(distribution, stored):
            own[name] = stored
            if is_auto:
                left.append(name)
    return own, left


def _sizes(experiment: Experiment, member: Member) -> Sizes | None:
    params: dict[str, Any] = member.estimator.get_params(deep=False)
    if member.prefix:  # what the steps before make of X, nobody knows yet
        shape: tuple[int, ...] = getattr(experiment.X, "shape", ())
        if len(shape) != 2:
            return None
        n_features = n_numeric = shape[1]
    else:
        columns = read_columns(experiment.X)
        n_features = len(columns.labels)
        categorical = resolve_categorical(params["categorical_features"], columns)
        n_numeric = n_features - len(categorical)
    n_rows = len(experiment.splits[0][0])
    stops = holds_out(params, n_rows)
    if stops:
        n_rows -= round(n_rows * params["validation_fraction"])
    return resolve_sizes(
        params, n_rows=n_rows, n_features=n_features, n_numeric=n_numeric, stops_early=stops
    )
