"""`LossWeighting`: how the losses of K tasks become one, as a contract."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from torch import Tensor, nn


class LossWeighting(nn.Module, ABC):
    """From one loss a task to the scalar that is minimised.

    An instance given to an estimator is copied for every fit; parameters it owns are trained along
    with the network's. Losses arrive already multiplied by `task_weights`; the loss of a task
    without labels in the batch is exactly zero.
    """

    def setup(self, names: Sequence[str]) -> None:
        """Get ready for tasks of these names; called once, before training starts."""

    def on_epoch_begin(self, epoch: int) -> None:
        """Called before each epoch with the number of epochs completed so far."""

    @abstractmethod
    def forward(self, losses: Tensor) -> Tensor:
        """Losses (task,) to a scalar."""

    @abstractmethod
    def current_weights(self) -> Tensor:
        """The weight (task,) that each loss has now, for the history."""
