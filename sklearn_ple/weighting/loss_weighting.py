"""`LossWeighting`: how the losses of K tasks become one, as a contract."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar

from torch import Tensor, nn

from sklearn_ple.nn import Recorded


class LossWeighting(Recorded, ABC):
    """From one loss per task to the scalar that is minimised.

    An instance given to an estimator is copied for every fit; parameters it owns are trained along
    with the network's. Losses arrive already multiplied by `task_weights`; the loss of a task
    without labels in the batch is exactly zero, and must neither move a weight nor become NaN.

    What a method remembers from step to step belongs into parameters, buffers or torch's
    `get_extra_state`: checkpoints keep these, and nothing else.

    Where several processes share a fit, losses are those of the whole batch, and gradients of the
    network those by this process's rows, which are added up after `backward`. What looks at
    gradients has to add them up itself, as `GradientWeighting` does.

    `forward` and `current_weights` are all that most methods need. Those that look at gradients
    override `backward`, those that look at what a step did `after_step`.

    Attributes
    ----------
    one_backward : bool
        Whether a step goes back through the network once. More often a compiled one can't be.
    """

    one_backward: ClassVar[bool] = True

    def setup(self, names: Sequence[str]) -> None:
        """Get ready for tasks of these names; called once, before training starts."""

    def on_epoch_begin(self, epoch: int) -> None:
        """Called before each epoch with the number of epochs completed so far."""

    def on_epoch_end(self, losses: Sequence[float]) -> None:
        """Called after each epoch with every task's mean loss in it."""

    @abstractmethod
    def forward(self, losses: Tensor) -> Tensor:
        """Losses (task,) to a scalar."""

    @abstractmethod
    def current_weights(self) -> Tensor:
        """The weight (task,) that each loss has now, for the history."""

    def backward(
        self, losses: Tensor, penalty: Tensor | None, parameters: Sequence[nn.Parameter]
    ) -> Tensor:
        """Add the gradients of one step to the network's `parameters`.

        Parameters
        ----------
        losses : Tensor of shape (task,)
        penalty : Tensor or None
            Scalar that the architecture adds; no task's, so never weighted.
        parameters : sequence of Parameter
            All trainable ones of the network.

        Returns
        -------
        Tensor
            The scalar that was minimised.
        """
        total: Tensor = self(losses)
        if penalty is not None:
            total = total + penalty
        total.backward()
        return total

    def after_step(self, losses: Callable[[], Tensor]) -> None:
        """Called after each step of the optimiser.

        Parameters
        ----------
        losses : callable
            Gives the losses (task,) of the same batch as they are now, at the cost of a forward
            pass.
        """
