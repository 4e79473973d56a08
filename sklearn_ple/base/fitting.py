"""`Fitting`: one run of `fit` or `partial_fit`, from checked rows to fitted attributes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from sklearn_ple.base.building import build_net
from sklearn_ple.base.checkpointing import Checkpoints
from sklearn_ple.base.encoding import prepare_rows
from sklearn_ple.base.going_on import remembered, take_up
from sklearn_ple.base.identity import identity
from sklearn_ple.base.inputs import (
    apply_class_weight,
    check_same_length,
    check_sample_weight,
    resolve_categorical,
)
from sklearn_ple.base.pilot import EARLY_STOPPING_FROM, pilot_of, wants_pilot
from sklearn_ple.base.rows import Rows
from sklearn_ple.base.sizing import Sizes, resolve_sizes
from sklearn_ple.base.split import validation_split
from sklearn_ple.base.target_summary import summarise
from sklearn_ple.features import Columns
from sklearn_ple.tasks import Targets, Task, TaskSet, read_targets, resolve_tasks
from sklearn_ple.tasks.targets import classes_by_target
from sklearn_ple.training import (
    BestWeights,
    Checkpoint,
    DivergenceError,
    DivergenceGuard,
    EpochHook,
    LearningRateSchedule,
    MultiTaskNet,
    ProgressLine,
    RandomStreams,
    Schedule,
    TensorData,
    WeightAveraging,
    dtype_of,
    resolve_device,
)

if TYPE_CHECKING:
    from sklearn_ple.base.estimator import MultiTaskEstimator

Floats = NDArray[np.float64]


class Fitting:
    """Fit an estimator to rows.

    Parameters
    ----------
    estimator : MultiTaskEstimator
    again : bool
        Whether to go on from its fitted state.
    classes : array-like or list or None
        Labels declared by `partial_fit`.
    single_epoch : bool
        One epoch, constant learning rate, no validation.
    checkpoints : Checkpoints or None
    """

    def __init__(
        self,
        estimator: MultiTaskEstimator,
        *,
        again: bool,
        classes: Any = None,
        single_epoch: bool = False,
        checkpoints: Checkpoints | None = None,
    ) -> None:
        self.estimator = estimator
        self.params: dict[str, Any] = estimator.get_params(deep=False)
        self.again = again
        self.classes = classes
        self.single_epoch = single_epoch
        self.checkpoints = checkpoints
        self.kinds: list[Task] = []
        self.random_state = check_random_state(self.params["random_state"])

    def check_rows_of(
        self, columns: Columns, y: Any, sample_weight: Any, x_name: str = "X", y_name: str = "y"
    ) -> Rows:
        """Labels and weights that belong to these columns; rows without weight are dropped."""
        targets = read_targets(y)
        check_same_length(columns.n_rows, len(targets), x_name, y_name)
        weight = check_sample_weight(sample_weight, columns.n_rows, len(targets.names))
        rows = Rows(columns, targets, weight)
        used = weight.any(axis=1)
        rows = rows if used.all() else rows.take(np.flatnonzero(used))
        return replace(rows, targets=rows.targets.hide(rows.weight == 0))

    def run(self, rows: Rows, validation: Rows | None) -> None:
        """Split, build or take up again, train, and set the fitted attributes."""
        device = resolve_device(self.params["device"], self.params["precision"])
        self._identify(rows, validation, device)
        rows = self._completed(rows)
        targets = rows.targets
        if validation is None:
            self._pilot(rows)
            rows, validation = self._split(rows)
            task_set = self._fit_tasks(rows)
        else:
            task_set = self._fit_tasks(rows)
            validation = validation.in_order_of(task_set)
            held_out = self.estimator._completed(validation.targets, task_set)
            validation = replace(validation, targets=held_out)
        n_features = len(rows.columns.labels)
        sizes = resolve_sizes(
            self.params,
            n_rows=len(rows.weight),
            n_features=n_features,
            n_numeric=n_features - len(self._categorical(rows.columns)),
        )
        if self.again:
            net = take_up(
                self.estimator, rows, sizes, device=device, random_state=self.random_state
            )
        else:
            net = build_net(
                self.estimator,
                rows,
                task_set,
                sizes,
                categorical=self._categorical(rows.columns),
                streams=RandomStreams(self.random_state, device),
                device=device,
            )
        train = self._tensors(net, rows, task_set, with_class_weight=True)
        valid = None if validation is None else self._tensors(net, validation, task_set)
        self._train(net, task_set, sizes, train, valid, targets)

    def _identify(self, rows: Rows, validation: Rows | None, device: torch.device) -> None:
        """Refuse checkpoints of another fit; draw again what the one to be resumed has drawn."""
        if self.checkpoints is None:
            return
        this = identity(self.estimator, rows, validation, device=device, again=self.again)
        self.random_state = self.checkpoints.belong_to(
            this, self.random_state, self.params["random_state"]
        )

    def _pilot(self, rows: Rows) -> None:
        """Set the number of epochs by a run on a part of the rows, where there are but few."""
        if self.again or self.single_epoch or not wants_pilot(self.params, len(rows.weight)):
            return
        pilot = pilot_of(self.estimator, self.random_state)
        if self.checkpoints is not None and self.checkpoints.pilot_epochs is not None:
            self.params["max_epochs"] = self.checkpoints.pilot_epochs
            return
        try:
            Fitting(pilot, again=False, classes=self.classes).run(rows, None)
        except DivergenceError:
            self._forget()
            raise
        self.params["max_epochs"] = pilot.best_epoch_
        if self.checkpoints is not None:
            self.checkpoints.pilot_epochs = pilot.best_epoch_

    def _split(self, rows: Rows) -> tuple[Rows, Rows | None]:
        wanted = self.params["early_stopping"]
        if wanted == "auto":
            wanted = len(rows.weight) >= EARLY_STOPPING_FROM
        if self.single_epoch or not wanted:
            return rows, None
        task_set = self._fit_tasks(rows)
        encoded = np.where(rows.weight > 0, task_set.encode(rows.targets), np.nan)
        strata = [task.strata(encoded[:, k]) for k, task in enumerate(task_set)]
        fraction = self.params["validation_fraction"]
        train, held_out = validation_split(np.column_stack(strata), fraction, self.random_state)
        return rows.take(train), rows.take(held_out)

    def _completed(self, rows: Rows) -> Rows:
        """The rows with the labels that follow from others; decides kinds, once, on all rows."""
        estimator, targets = self.estimator, rows.targets
        if self.again:
            rows = rows.in_order_of(estimator.tasks_)
            return replace(rows, targets=estimator._completed(rows.targets, estimator.tasks_))
        self.kinds = resolve_tasks(self.params["tasks"], targets, estimator._promise, self.classes)
        known = classes_by_target(self.classes, targets)
        return replace(rows, targets=estimator._complete(targets, self.kinds, known))

    def _fit_tasks(self, rows: Rows) -> TaskSet:
        if self.again:
            return self.estimator.tasks_
        return TaskSet.fit(self.kinds, rows.targets, rows.weight, self.classes)

    def _categorical(self, columns: Columns) -> list[int]:
        """Positions of the categorical columns; those of the last fit where this goes on."""
        if self.again:
            return self.estimator._features.categorical
        return resolve_categorical(self.params["categorical_features"], columns)

    def _tensors(
        self, net: MultiTaskNet, rows: Rows, task_set: TaskSet, *, with_class_weight: bool = False
    ) -> TensorData:
        dtype = dtype_of(net.precision)
        features = prepare_rows(
            net.module_.encoder.features,
            rows.columns,
            np.float64 if dtype is torch.float64 else np.float32,
        )
        encoded, weight = task_set.encode(rows.targets), rows.weight
        if with_class_weight:
            weight = apply_class_weight(self.params["class_weight"], task_set, encoded, weight)
        return TensorData.from_arrays(
            features, encoded, weight, dtype=dtype, device=torch.device(net.device)
        )

    def _train(
        self,
        net: MultiTaskNet,
        task_set: TaskSet,
        sizes: Sizes,
        train: TensorData,
        valid: TensorData | None,
        targets: Targets,
    ) -> None:
        epochs = 1 if self.single_epoch else sizes.max_epochs
        done = len(net.history)
        callbacks, best, checkpoint = self._callbacks(net, sizes, epochs, len(train))
        interrupted = None
        try:
            net.train(
                train, valid, epochs=epochs, engine_callbacks=callbacks, checkpoint=checkpoint
            )
        except KeyboardInterrupt as interrupt:
            interrupted = interrupt
        except DivergenceError:
            self._forget()
            raise
        self._set_fitted(net, task_set, targets, best.best_epoch_ or max(len(net.history), done))
        if interrupted is not None:
            raise interrupted

    def _forget(self) -> None:
        """No model is left, not even of an earlier fit."""
        if hasattr(self.estimator, "net_"):
            del self.estimator.net_

    def _callbacks(
        self, net: MultiTaskNet, sizes: Sizes, epochs: int, n_rows: int
    ) -> tuple[list[tuple[str, Any]], BestWeights, Checkpoint | None]:
        averaging = (
            WeightAveraging(sizes.weight_averaging)
            if sizes.weight_averaging is not None and not self.single_epoch
            else None
        )
        course: Schedule = "constant" if self.single_epoch else self.params["lr_schedule"]
        warm_up = 0.0 if self.single_epoch else 0.05
        n_steps = epochs * -(-n_rows // sizes.batch_size)
        schedule = LearningRateSchedule(course, n_steps, warm_up)
        best = BestWeights(self.params["patience"], averaging)
        checkpoint = None
        callbacks: list[tuple[str, Any]] = [
            ("schedule", schedule),
            ("divergence", DivergenceGuard()),
        ]
        if averaging is not None:
            callbacks.append(("averaging", averaging))
        callbacks.append(("best", best))
        if self.checkpoints is not None:
            checkpoint = self.checkpoints.callback(net, schedule, averaging, best)
            callbacks.append(("checkpoint", checkpoint))
        callbacks.append(("scikit-learn", self._scikit_learn_hook(epochs)))
        if self.params["verbose"]:
            callbacks.append(("progress", ProgressLine(type(self.estimator).__name__, epochs)))
        return callbacks, best, checkpoint

    def _scikit_learn_hook(self, epochs: int) -> EpochHook:
        """Tell scikit-learn's own callbacks (`set_callbacks`) of every epoch."""
        root = self.estimator._init_callback_context(max_subtasks=epochs)
        current: list[Any] = []

        def begin() -> None:
            context = root.subcontext(task_name="epoch")
            current.append(context.call_on_fit_task_begin(estimator=self.estimator))

        def end() -> bool:
            return bool(current.pop().call_on_fit_task_end(estimator=self.estimator))

        root.call_on_fit_task_begin(estimator=self.estimator)
        self._root_context = root
        return EpochHook(begin, end)

    def _set_fitted(
        self, net: MultiTaskNet, task_set: TaskSet, targets: Targets, best_epoch: int
    ) -> None:
        estimator = self.estimator
        estimator.tasks_ = task_set
        estimator.n_outputs_ = len(task_set)
        estimator.target_names_in_ = np.array(task_set.names, dtype=object)
        estimator._y_is_1d_ = targets.is_1d
        earlier = estimator.target_summary_ if self.again and self.single_epoch else None
        estimator.target_summary_ = summarise(task_set, targets, earlier)
        estimator.__dict__.pop("calibration_", None)  # it was of the model before
        if any(task.is_classification for task in task_set):
            classes = [task.classes_ for task in task_set]
            estimator.classes_ = classes[0] if targets.is_1d else classes
        elif hasattr(estimator, "classes_"):
            del estimator.classes_
        estimator.net_ = net
        estimator._parameters_of_fit_ = remembered(estimator)
        estimator.module_ = net.plain_module
        estimator.device_ = net.device
        estimator.history_ = history_frame(net)
        estimator.best_epoch_ = best_epoch
        estimator.callbacks_ = list(net.callbacks_)
        self._root_context.call_on_fit_task_end(estimator=estimator)


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
