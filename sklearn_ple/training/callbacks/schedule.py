"""`LearningRateSchedule`: warm-up and decay, step by step."""

from __future__ import annotations

import math
from typing import Any, Literal

from skorch import NeuralNet
from skorch.callbacks import Callback, LRScheduler
from torch.optim.lr_scheduler import LambdaLR

from sklearn_ple.tasks.user_warning import warn_user

Schedule = Literal["cosine", "linear", "constant"]


class LearningRateSchedule(Callback):
    """Scale the learning rate at every step: up over a warm-up, then along a curve.

    Parameters
    ----------
    schedule : {"cosine", "linear", "constant"}
        Half a cosine to zero, a line to zero, or no decay: then the rate is left alone after the
        warm-up, for a schedule of the user's.
    n_steps : int
        Steps in all.
    warm_up : float
        Share of them in which the rate rises from near zero.
    """

    def __init__(self, schedule: Schedule, n_steps: int, warm_up: float = 0.05) -> None:
        self.schedule = schedule
        self.n_steps = n_steps
        self.warm_up = warm_up

    def factor(self, step: int) -> float:
        """What the learning rate is multiplied by at a step counted from 0."""
        rising = self.warm_up * self.n_steps
        if step < rising:
            return (step + 1) / (rising + 1)
        done = min(1.0, (step - rising) / max(1.0, self.n_steps - rising))
        if self.schedule == "cosine":
            return (1 + math.cos(math.pi * done)) / 2
        return 1 - done if self.schedule == "linear" else 1.0

    def on_train_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        others = [callback for _, callback in net.callbacks_ if isinstance(callback, LRScheduler)]
        if others and self.schedule != "constant":
            warn_user(
                f"lr_schedule={self.schedule!r} sets the learning rate at every step, over what "
                f"the callback {type(others[0]).__name__} sets; say lr_schedule='constant'.",
                UserWarning,
            )
        for group in net.optimizer_.param_groups:
            group["lr"] = group.setdefault("initial_lr", group["lr"])
        self._scheduler = LambdaLR(net.optimizer_, self.factor)

    def on_batch_end(self, net: NeuralNet, training: bool = False, **kwargs: Any) -> None:
        is_rising = self._scheduler.last_epoch < self.warm_up * self.n_steps
        if training and (is_rising or self.schedule != "constant"):
            self._scheduler.step()

    def state_dict(self) -> dict[str, Any]:
        """The number of steps taken, while training lasts; the optimiser keeps the rates."""
        return {"steps": self._scheduler.last_epoch}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a state, once training has begun."""
        self._scheduler.last_epoch = state["steps"]

    def on_train_end(self, net: NeuralNet, **kwargs: Any) -> None:
        del self._scheduler
