"""The geometric mean of the losses."""

from __future__ import annotations

import torch
from torch import Tensor

from sklearn_ple.weighting.logarithm import floored_log, slope_of_log
from sklearn_ple.weighting.stepwise import StepwiseWeighting


class GeometricMeanWeighting(StepwiseWeighting):
    """The geometric mean instead of the sum: every task counts by its relative progress.

    S. Chennupati, G. Sistu, S. Yogamani, S. A. Rawashdeh, "MultiNet++: Multi-Stream Feature
    Aggregation and Geometric Loss Strategy for Multi-Task Learning", CVPR Workshops 2019
    (arXiv 1904.08492):

        (prod_k L_k) ** (1 / K),   so w_k = (prod_j L_j) ** (1 / K) / (K L_k)

    over the K tasks that have a loss in the batch. Losses must not be negative. Rescaling one by c
    scales the whole gradient by c ** (1 / K) and leaves its direction as it was, so `task_weights`
    do not favour any task.

    Examples
    --------
    >>> import torch
    >>> weighting = GeometricMeanWeighting()
    >>> weighting.setup(["click", "watch", "price"])
    >>> weighting(torch.tensor([0.25, 0.0, 1.0]))
    tensor(0.5000)
    """

    def forward(self, losses: Tensor) -> Tensor:
        present = losses != 0
        n_present = present.sum().clamp(min=1)
        mean_log = torch.where(present, floored_log(losses), 0.0).sum() / n_present
        mean = mean_log.exp() * present.any()
        self._report(mean * slope_of_log(losses) / n_present, present)
        return mean
