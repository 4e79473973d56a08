"""The multi-task estimator inside whatever is searched: itself, or a step of a pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sklearn_ple.base import MultiTaskEstimator


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
    if isinstance(estimator, MultiTaskEstimator):
        return Member("", estimator)
    params = estimator.get_params(deep=True)
    found = [
        Member(f"{name}__", value)
        for name, value in params.items()
        if isinstance(value, MultiTaskEstimator)
    ]
    if len(found) != 1:
        names = [member.prefix.removesuffix("__") for member in found]
        raise ValueError(
            f"Expected one multi-task estimator, itself or within a pipeline; "
            f"{type(estimator).__name__} holds {names or 'none'}."
        )
    return found[0]
