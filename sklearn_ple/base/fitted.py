"""What a fit leaves on its estimator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sklearn_ple.base.going_on import remembered
from sklearn_ple.tasks import TaskSet
from sklearn_ple.training import MultiTaskNet

if TYPE_CHECKING:
    from sklearn_ple.base.estimator import MultiTaskEstimator


def set_fitted(
    estimator: MultiTaskEstimator,
    net: MultiTaskNet,
    task_set: TaskSet,
    *,
    is_1d: bool,
    summary: pd.DataFrame,
    best_epoch: int,
) -> None:
    """Set the attributes that end in an underscore."""
    estimator.tasks_ = task_set
    estimator.n_outputs_ = len(task_set)
    estimator.target_names_in_ = np.array(task_set.names, dtype=object)
    estimator._y_is_1d_ = is_1d
    estimator.target_summary_ = summary
    estimator.__dict__.pop("calibration_", None)  # it was of the model before
    if any(task.is_classification for task in task_set):
        classes = [task.classes_ for task in task_set]
        estimator.classes_ = classes[0] if is_1d else classes
    elif hasattr(estimator, "classes_"):
        del estimator.classes_
    estimator.net_ = net
    estimator._parameters_of_fit_ = remembered(estimator)
    estimator.module_ = net.plain_module
    estimator.device_ = net.device
    estimator.history_ = history_frame(net)
    estimator.best_epoch_ = best_epoch
    estimator.callbacks_ = list(net.callbacks_)


def history_frame(net: MultiTaskNet) -> pd.DataFrame:
    """One row an epoch: losses, scores, weights, rate, seconds, what the user's callbacks wrote."""
    rows = [
        {name: value for name, value in row.items() if name != "batches"} for row in net.history
    ]
    frame = pd.DataFrame(rows)
    order = ["epoch", "train_loss", "valid_loss", "score", "lr", "seconds"]
    first = [name for name in order if name in frame]
    by_task = [name for name in frame if "/" in str(name)]
    known = {*first, *by_task, "train_batch_count"}
    of_callbacks = [name for name in frame if name not in known]
    return frame[first + by_task + of_callbacks]
