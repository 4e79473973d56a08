"""Reading a search space: what a user wrote, as distributions by full parameter names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sklearn.base import clone

from sklearn_ple.base.member import find_member
from sklearn_ple.base.search_space import Space, choice
from sklearn_ple.model_selection.storable import from_storable, to_storable

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import BaseTrial


def read_space(space: Mapping[str, Any] | None, estimator: Any) -> Space:
    """A space for this estimator, checked.

    Parameters
    ----------
    space : dict or None
        By parameter, a distribution, a list of choices, or a single value; None takes what the
        multi-task estimator inside says itself. In a pipeline, names without a prefix are those of
        that estimator.
    estimator : estimator

    Raises
    ------
    ValueError
        If it is empty, a name is no parameter or is there twice, a choice can't be stored, or an
        end of a range or a choice is not allowed for its parameter.
    """
    member = find_member(estimator)
    given = type(member.estimator).search_space() if space is None else space
    known = estimator.get_params(deep=True)
    read: Space = {}
    for name, values in given.items():
        full = name if name in known else member.prefix + name
        if full not in known:
            raise ValueError(
                f"space names {name!r}, which is no parameter of {type(estimator).__name__}; "
                f"those are {sorted(known)}."
            )
        if full in read:
            raise ValueError(f"space names {full!r} twice: with its prefix and without.")
        read[full] = _distribution(full, values)
    if not read:
        raise ValueError("space is empty: there is nothing to search.")
    for name, distribution in read.items():
        _check_allowed(estimator, name, distribution)
    return read


def suggest(trial: BaseTrial, space: Space) -> dict[str, Any]:
    """A value for every parameter, drawn by the study's sampler."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    drawn: dict[str, Any] = {}
    for name, d in space.items():
        if isinstance(d, FloatDistribution):
            drawn[name] = trial.suggest_float(name, d.low, d.high, step=d.step, log=d.log)
        elif isinstance(d, IntDistribution):
            drawn[name] = trial.suggest_int(name, d.low, d.high, step=d.step, log=d.log)
        elif isinstance(d, CategoricalDistribution):
            drawn[name] = trial.suggest_categorical(name, d.choices)
    return drawn


def holds(distribution: BaseDistribution, value: Any) -> bool:
    """Whether a distribution could draw this value."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(distribution, CategoricalDistribution):
        return any(value == each and type(value) is type(each) for each in distribution.choices)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if isinstance(distribution, IntDistribution):
        on_grid = isinstance(value, int) and (value - distribution.low) % distribution.step == 0
        return on_grid and distribution.low <= value <= distribution.high
    assert isinstance(distribution, FloatDistribution)
    return distribution.step is None and distribution.low <= value <= distribution.high


def extremes(distribution: BaseDistribution) -> list[Any]:
    """Both ends of a range, or all choices."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(distribution, CategoricalDistribution):
        return list(distribution.choices)
    assert isinstance(distribution, FloatDistribution | IntDistribution)
    return [distribution.low, distribution.high]


def _distribution(name: str, values: Any) -> BaseDistribution:
    from optuna.distributions import BaseDistribution, CategoricalDistribution

    if isinstance(values, CategoricalDistribution):
        values = list(values.choices)
    if isinstance(values, BaseDistribution):
        return values
    choices = values if isinstance(values, list) else [values]
    if not choices:
        raise ValueError(f"space has no choice for {name!r}.")
    return choice(*(to_storable(name, each) for each in choices))


def _check_allowed(estimator: Any, name: str, distribution: BaseDistribution) -> None:
    """Set a parameter to the extremes; its owner checks it as it would at fit."""
    path = name.rpartition("__")[0]
    for value in extremes(distribution):
        candidate = clone(estimator).set_params(**from_storable({name: value}))
        owner = candidate.get_params(deep=True)[path] if path else candidate
        if hasattr(owner, "_validate_params"):
            owner._validate_params()
