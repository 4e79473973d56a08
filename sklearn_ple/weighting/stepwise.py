"""`StepwiseWeighting`: weights that differ from step to step, and what of them to report."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from sklearn_ple.weighting.loss_weighting import LossWeighting


class StepwiseWeighting(LossWeighting):
    """Base of weightings that decide anew at every step.

    What they report is, for each task, the mean of its weights over the epoch's steps in which it
    had a loss: the derivative of the minimised scalar by that loss. A task without any in an epoch
    keeps what it had (1 at the start).
    """

    weight_sum: Tensor
    weight_count: Tensor
    reported: Tensor

    def setup(self, names: Sequence[str]) -> None:
        n_tasks = len(names)
        self.register_buffer("weight_sum", torch.zeros(n_tasks))
        self.register_buffer("weight_count", torch.zeros(n_tasks))
        self.register_buffer("reported", torch.ones(n_tasks))

    def on_epoch_begin(self, epoch: int) -> None:
        self.reported = self.current_weights()
        self.weight_sum = torch.zeros_like(self.weight_sum)
        self.weight_count = torch.zeros_like(self.weight_count)

    def current_weights(self) -> Tensor:
        mean = self.weight_sum / self.weight_count.clamp(min=1)
        return torch.where(self.weight_count > 0, mean, self.reported)

    @torch.no_grad()
    def _report(self, weights: Tensor, present: Tensor) -> None:
        """Take up one step's weights (task,) of the tasks that are present in it."""
        if self.training:
            self.weight_sum += torch.where(present, weights, 0.0)
            self.weight_count += present
