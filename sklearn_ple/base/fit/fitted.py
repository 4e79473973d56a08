"""What a fit leaves on its estimator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sklearn_ple.base.fit.going_on import remembered
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
    """Set the attributes that end in an underscore: all at once, or, if interrupted, none."""
    found: dict[str, Any] = {
        "tasks_": task_set,
        "n_outputs_": len(task_set),
        "target_names_in_": np.array(task_set.names, dtype=object),
        "_y_is_1d_": is_1d,
        "target_summary_": summary,
        "net_": net,
        "_parameters_of_fit_": remembered(estimator),
        "module_": net.plain_module,
        "device_": net.device,
        "history_": history_frame(net),
        "best_epoch_": best_epoch,
        "callbacks_": list(net.callbacks_),
    }
    if any(task.is_classification for task in task_set):
        classes = [task.classes_ for task in task_set]
        found["classes_"] = classes[0] if is_1d else classes
    earlier = {"calibration_", "classes_"}  # of the model before
    kept = {name: value for name, value in vars(estimator).items() if name not in earlier}
    estimator.__dict__ = kept | found


@contextmanager
def columns_of_fit(estimator: MultiTaskEstimator) -> Iterator[None]:
    """Names and number of X's columns, set while it is read, go back if the fit does not succeed.

    A model must not answer for columns that it was not trained on.
    """
    state = vars(estimator)
    net, names = state.get("net_"), ("n_features_in_", "feature_names_in_")
    before = {name: state[name] for name in names if name in state}
    try:
        yield
    except BaseException:
        if vars(estimator).get("net_") is net:
            kept = {name: value for name, value in vars(estimator).items() if name not in names}
            estimator.__dict__ = kept | before
        raise


def history_frame(net: MultiTaskNet) -> pd.DataFrame:
    """One row per epoch: losses, scores, weights, rate, seconds, what users' callbacks wrote."""
    rows = [
        {name: value for name, value in row.items() if name != "batches"} for row in net.history
    ]
    frame = pd.DataFrame(rows)
    order = ["epoch", "train_loss", "valid_loss", "score", "lr", "seconds"]
    first = [name for name in order if name in frame]
    by_task = [name for name in frame if "/" in str(name)]
    known = {*first, *by_task, "train_batch_count", "train_loss_best", "valid_loss_best"}
    of_callbacks = [name for name in frame if name not in known]
    return frame[first + by_task + of_callbacks]
