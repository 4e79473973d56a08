"""The engine's callbacks of one fit, in the order in which they are told of things."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn_ple.base.fit.sizing import Sizes
from sklearn_ple.training import (
    BestWeights,
    DivergenceGuard,
    EpochHook,
    LearningRateSchedule,
    MultiTaskNet,
    ProgressLine,
    Schedule,
    WeightAveraging,
)

if TYPE_CHECKING:
    from sklearn_ple.base.estimator import MultiTaskEstimator
    from sklearn_ple.base.fit.fitting import Fitting


class EngineCallbacks:
    """What a fit's parameters ask for around steps and epochs.

    Parameters
    ----------
    fitting : Fitting
    net : MultiTaskNet
    sizes : Sizes
    epochs, n_rows : int
        How long training may last, and on how many rows.

    Attributes
    ----------
    named : list of (str, Callback)
    best : BestWeights
    checkpoint : Checkpoint or None
    """

    def __init__(
        self, fitting: Fitting, net: MultiTaskNet, sizes: Sizes, *, epochs: int, n_rows: int
    ) -> None:
        averaging = (
            WeightAveraging(sizes.weight_averaging)
            if sizes.weight_averaging is not None and not fitting.single_epoch
            else None
        )
        course: Schedule = "constant" if fitting.single_epoch else fitting.params["lr_schedule"]
        warm_up = 0.0 if fitting.single_epoch else 0.05
        n_steps = epochs * -(-n_rows // sizes.batch_size)
        schedule = LearningRateSchedule(course, n_steps, warm_up)
        self.best = BestWeights(fitting.params["patience"], averaging)
        self.checkpoint = None
        self.named: list[tuple[str, Any]] = [
            ("schedule", schedule),
            ("divergence", DivergenceGuard()),
        ]
        if averaging is not None:
            self.named.append(("averaging", averaging))
        self.named.append(("best", self.best))
        if fitting.checkpoints is not None:
            self.checkpoint = fitting.checkpoints.callback(net, schedule, averaging, self.best)
            self.named.append(("checkpoint", self.checkpoint))
        self._root = fitting.estimator._init_callback_context(max_subtasks=epochs)
        self.named.append(("scikit-learn", self._scikit_learn_hook(fitting.estimator)))
        if fitting.params["verbose"] and (fitting.group is None or fitting.group.is_first):
            label = type(fitting.estimator).__name__
            self.named.append(("progress", ProgressLine(label, epochs)))

    def end(self, estimator: MultiTaskEstimator) -> None:
        """Tell scikit-learn's own callbacks that the fit is over."""
        self._root.call_on_fit_task_end(estimator=estimator)

    def _scikit_learn_hook(self, estimator: MultiTaskEstimator) -> EpochHook:
        """Tell scikit-learn's own callbacks (`set_callbacks`) of every epoch."""
        root, current = self._root, []

        def begin() -> None:
            context = root.subcontext(task_name="epoch")
            current.append(context.call_on_fit_task_begin(estimator=estimator))

        def end() -> bool:
            return bool(current.pop().call_on_fit_task_end(estimator=estimator))

        root.call_on_fit_task_begin(estimator=estimator)
        return EpochHook(begin, end)
