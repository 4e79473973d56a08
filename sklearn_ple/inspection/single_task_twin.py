"""The single-task model that a sharing scheme is measured against."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from typing import Any

from sklearn.base import clone
from sklearn.pipeline import Pipeline

from sklearn_ple.architectures import (
    SingleTaskClassifier,
    SingleTaskEstimator,
    SingleTaskRegressor,
)
from sklearn_ple.base import MultiTaskEstimator
from sklearn_ple.base.parameters import DEFAULTS
from sklearn_ple.nn.levels import widths_by_level

TWINS: dict[str, type[SingleTaskEstimator]] = {
    "classification": SingleTaskClassifier,
    "regression": SingleTaskRegressor,
    "any": SingleTaskEstimator,
}


def matched_single_task(estimator: Any) -> Any:
    """Make the single-task twin of a multi-task estimator: equal depth, comparable widths.

    Whatever is no matter of sharing is the same: towers, encoding of the features, training,
    `random_state`. Only `weighting` is static, as nets without a common parameter need no balance.
    Each task's net has

    - the layers of one bottom, where the scheme has bottoms (`bottom_widths`, or the
      `block_widths` of a trunk);
    - a layer for every layer of experts on a row's way, where the scheme has experts
      (`expert_widths`, level after level), as wide as a task's own and the shared experts of that
      level together. A task has as many units to itself as it had a say in before, so a gain is
      not one of size.

    Parameters
    ----------
    estimator : estimator
        A multi-task estimator, or a pipeline that ends in one; it need not be fitted.

    Returns
    -------
    estimator
        Unfitted, of the same promise as the given one; in a clone of the same pipeline.

    Raises
    ------
    ValueError
        If it is no estimator of ours or its sizes have other names, so that the twin must be given.

    See Also
    --------
    mtl_gain_report : Measures schemes against their twins.

    Notes
    -----
    The nets of `SingleTaskEstimator` have no parameter in common, yet are fitted together: same
    batches, same last epoch, as in the scheme.

    Examples
    --------
    >>> from sklearn_ple import CGCRegressor
    >>> from sklearn_ple.inspection import matched_single_task
    >>> scheme = CGCRegressor(
    ...     n_shared_experts=3, n_task_experts=2, expert_widths=(20, 10), dropout=0.2
    ... )
    >>> matched_single_task(scheme)
    SingleTaskRegressor(bottom_widths=(100, 50), dropout=0.2)
    """
    if isinstance(estimator, Pipeline):
        pipeline = clone(estimator)
        name, last = pipeline.steps[-1]
        pipeline.steps[-1] = (name, matched_single_task(last))
        return pipeline
    if not isinstance(estimator, MultiTaskEstimator):
        raise ValueError(
            f"There is no single-task twin of {type(estimator).__name__}, which is no multi-task "
            f"estimator; say single_task=."
        )
    params = clone(estimator).get_params(deep=False)
    shared = {name: params[name] for name in DEFAULTS} | {"weighting": "static"}
    widths = _bottom_widths(params, type(estimator).__name__)
    # A role's constructor takes what its architecture's does, which mypy cannot see in a dict.
    return TWINS[estimator._promise](bottom_widths=widths, **shared)


def _bottom_widths(params: Mapping[str, Any], name: str) -> tuple[int, ...]:
    for bottom in ("bottom_widths", "block_widths"):
        if bottom in params:
            return tuple(params[bottom])
    if "expert_widths" not in params:
        raise ValueError(
            f"{name} has neither `bottom_widths` nor `expert_widths` to derive a single-task twin "
            f"of equal depth from; say single_task=, such as SingleTaskEstimator(bottom_widths=…)."
        )
    by_level = widths_by_level(params["expert_widths"], params.get("n_levels", 1))
    return tuple(
        _n_experts(params, level) * width
        for level, widths in enumerate(by_level)
        for width in widths
    )


def _n_experts(params: Mapping[str, Any], level: int) -> int:
    """Experts at a task's hand at one level; of the task with most, as a twin is alike for all."""
    shared, own = params.get("n_shared_experts", 0), params.get("n_task_experts", 0)
    if not isinstance(shared, Integral):
        shared = shared[level]
    if not isinstance(own, Integral):
        by_task = own if all(isinstance(each, Integral) for each in own) else own[level]
        own = max(by_task)
    return int(params.get("n_experts", 0) + shared + own) or 1
