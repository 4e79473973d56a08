"""The multi-task estimator inside whatever is fitted to parts of the rows: itself, or a step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sklearn_ple.base.estimator import MultiTaskEstimator
from sklearn_ple.tasks import Targets, Task, resolve_tasks
from sklearn_ple.tasks.targets import classes_by_target


@dataclass(frozen=True)
class Member:
    """Where the multi-task estimator is.

    Attributes
    ----------
    prefix : str
        In front of its parameters' names: "" or, say, "net__".
    estimator : MultiTaskEstimator
    """

    prefix: str
    estimator: MultiTaskEstimator


def find_member(estimator: Any) -> Member:
    """Find the only multi-task estimator among an estimator and its parameters.

    Raises
    ------
    ValueError
        If there is none, or more than one.
    """
    found = _members(estimator)
    if len(found) != 1:
        names = [member.prefix.removesuffix("__") for member in found]
        raise ValueError(
            f"Expected one multi-task estimator, itself or within a pipeline; "
            f"{type(estimator).__name__} holds {names or 'none'}."
        )
    return found[0]


def holds_one(estimator: Any) -> bool:
    """Whether there is exactly one."""
    return len(_members(estimator)) == 1


def decide_tasks(estimator: Any, targets: Targets) -> tuple[list[Task], Targets]:
    """Set an unfitted estimator's tasks by all rows, so that no part of them is read otherwise.

    Parameters
    ----------
    estimator : estimator
        It is changed: hand over a clone.
    targets : Targets

    Returns
    -------
    kinds : list of Task
        In the order of targets.
    completed : Targets
        Labels as the estimator will see them: with those that follow from others.

    Raises
    ------
    ValueError
        As `find_member` and `resolve_tasks`; also if labels contradict each other.
    """
    member = find_member(estimator)
    inner = member.estimator
    kinds = resolve_tasks(inner.tasks, targets, inner._promise)
    by_name = dict(zip(targets.names, kinds, strict=True))
    estimator.set_params(**{f"{member.prefix}tasks": by_name})
    return kinds, inner._complete(targets, kinds, classes_by_target(None, targets))


def _members(estimator: Any) -> list[Member]:
    if isinstance(estimator, MultiTaskEstimator):
        return [Member("", estimator)]
    return [
        Member(f"{name}__", value)
        for name, value in estimator.get_params(deep=True).items()
        if isinstance(value, MultiTaskEstimator)
    ]
