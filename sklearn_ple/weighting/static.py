"""Static weighting: the plain sum."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from sklearn_ple.weighting.loss_weighting import LossWeighting


class StaticWeighting(LossWeighting):
    """Every task keeps the weight that `task_weights` gives it.

    Examples
    --------
    >>> import torch
    >>> weighting = StaticWeighting()
    >>> weighting.setup(["click", "watch"])
    >>> weighting(torch.tensor([0.25, 0.5]))
    tensor(0.7500)
    """

    n_tasks = 0

    def setup(self, names: Sequence[str]) -> None:
        self.n_tasks = len(names)

    def forward(self, losses: Tensor) -> Tensor:
        return losses.sum()

    def current_weights(self) -> Tensor:
        return torch.ones(self.n_tasks)
