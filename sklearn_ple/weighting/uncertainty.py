"""Uncertainty weighting: a learnt noise level for every task."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from sklearn_ple.weighting.loss_weighting import LossWeighting


class UncertaintyWeighting(LossWeighting):
    """Weights that are trained, as the inverse of a task's noise.

    A. Kendall, Y. Gal, R. Cipolla, "Multi-Task Learning Using Uncertainty to Weigh Losses for Scene
    Geometry and Semantics", CVPR 2018 (arXiv 1705.07115), with s_k = log sigma_k ** 2 trained
    along with the network, from 0 on and without weight decay:

        sum_k 1/2 exp(-s_k) L_k + 1/2 s_k

    The paper leaves out the first 1/2 at classifications. That moves the best s_k by log 2 and the
    weight there not at all, which is 1 / (2 L_k) either way; here one formula serves all kinds. As
    losses are shares of a constant predictor's, s_k = 0 is also the best value to start from.

    Rescaling a loss shifts the s_k that is approached and leaves its gradients there as they were.
    A task without a loss in a batch keeps its s_k, whatever the optimiser's momentum.

    Attributes
    ----------
    log_variances : Parameter of shape (task,)
        s_k.

    Examples
    --------
    >>> import torch
    >>> weighting = UncertaintyWeighting()
    >>> weighting.setup(["click", "watch"])
    >>> weighting(torch.tensor([0.5, 0.25])).item()
    0.375
    >>> weighting.current_weights()
    tensor([0.5000, 0.5000])
    """

    present: Tensor
    held: Tensor

    def setup(self, names: Sequence[str]) -> None:
        n_tasks = len(names)
        self.log_variances = nn.Parameter(torch.zeros(n_tasks))
        self.register_buffer("present", torch.ones(n_tasks, dtype=torch.bool), persistent=False)
        self.register_buffer("held", torch.zeros(n_tasks), persistent=False)

    def forward(self, losses: Tensor) -> Tensor:
        present = losses != 0
        if self.training:
            self.present, self.held = present, self.log_variances.detach().clone()
        each = torch.exp(-self.log_variances) * losses + self.log_variances
        return 0.5 * torch.where(present, each, 0.0).sum()

    @torch.no_grad()
    def after_step(self, losses: Callable[[], Tensor]) -> None:
        self.log_variances.copy_(torch.where(self.present, self.log_variances, self.held))

    def current_weights(self) -> Tensor:
        return 0.5 * torch.exp(-self.log_variances.detach())
