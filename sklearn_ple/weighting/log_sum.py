"""The sum of the losses' logarithms."""

from __future__ import annotations

import torch
from torch import Tensor

from sklearn_ple.weighting.logarithm import floored_log, slope_of_log
from sklearn_ple.weighting.stepwise import StepwiseWeighting


class LogSumWeighting(StepwiseWeighting):
    """Sum of logarithms: K times the logarithm of the geometric mean.

        sum_k log L_k,   so w_k = 1 / L_k

    over the tasks that have a loss in the batch. Up to a factor of 1/2 it is what uncertainty
    weighting comes to where its variances are always the best ones. Losses must not be negative.
    Rescaling one changes no gradient, so `task_weights` other than zero have no effect. Weights
    stay below 1e8, however perfect a task.

    References
    ----------
    B. Lin et al., "Dual-Balancing for Multi-Task Learning", 2023 (arXiv 2308.12029), whose
    loss-scale balancing it is.

    Examples
    --------
    >>> import torch
    >>> weighting = LogSumWeighting()
    >>> weighting.setup(["click", "watch", "price"])
    >>> weighting(torch.tensor([0.25, 0.0, 1.0]))
    tensor(-1.3863)
    """

    def forward(self, losses: Tensor) -> Tensor:
        present = losses != 0
        self._report(slope_of_log(losses), present)
        return torch.where(present, floored_log(losses), 0.0).sum()
