"""Initial task weights: the w_k(0) of every weighting scheme."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sklearn_ple.weighting.order import check_order

TaskWeights = Literal["label_share"] | Sequence[float] | Mapping[str, float] | None


def resolve_task_weights(
    task_weights: TaskWeights, names: Sequence[str], label_share: NDArray[np.float64]
) -> NDArray[np.float64]:
    """One weight per task.

    Parameters
    ----------
    task_weights : None, "label_share", sequence or dict
        None: ones. "label_share": the share of rows that carry the task's label, over the largest
        such share, so that a rare task does not drown the others in the noise of its few labels.
        Else the weights in order, or by target name (others: 1).
    names : sequence of str
    label_share : ndarray of shape (n_tasks,)
        Weighted share of training rows in each task's sample space.

    Returns
    -------
    ndarray of shape (n_tasks,)
        In the order of `names`.

    Raises
    ------
    ValueError
        If number or names do not match, or a Series has the names in another order, or a weight is
        negative, or none is positive.
    """
    if task_weights is None:
        return np.ones(len(names))
    if isinstance(task_weights, str):
        largest = label_share.max()
        return label_share / largest if largest > 0 else np.ones(len(names))
    given: object = task_weights
    check_order("task_weights", given, names)
    if isinstance(task_weights, Mapping):
        if unknown := set(task_weights) - set(names):
            raise ValueError(f"task_weights names {sorted(unknown)}, but the tasks are {names}.")
        weights = np.array([float(task_weights.get(name, 1.0)) for name in names])
    else:
        weights = np.array(task_weights, dtype=np.float64)  # which a net may write to
    if weights.shape != (len(names),):
        raise ValueError(f"task_weights has {weights.size} entries for {len(names)} tasks {names}.")
    if not np.isfinite(weights).all() or (weights < 0).any() or not weights.any():
        raise ValueError(f"task_weights must be non-negative and not all zero, got {task_weights}.")
    return weights
