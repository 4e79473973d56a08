"""RLW: random weights, drawn at every step."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from sklearn_ple.nn import Noisy
from sklearn_ple.weighting.stepwise import StepwiseWeighting


class RLWWeighting(StepwiseWeighting, Noisy):
    """Weights drawn anew at every step: the baseline that a cleverer weighting has to beat.

    B. Lin, F. Ye, Y. Zhang, I. W. Tsang, "Reasonable Effectiveness of Random Weighting: A Litmus
    Test for Multi-Task Learning", TMLR 2022 (arXiv 2111.10603):

        w = softmax(z),   z_k ~ N(0, 1)

    Weights sum to 1 and don't depend on the losses. Out of training they are all 1 / K.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ple.nn import lend_generator
    >>> weighting = RLWWeighting()
    >>> weighting.setup(["click", "watch"])
    >>> lend_generator(weighting, torch.Generator().manual_seed(0))
    >>> bool(0.25 < weighting(torch.tensor([0.25, 0.5])) < 0.5)
    True
    """

    def forward(self, losses: Tensor) -> Tensor:
        if not self.training:
            return losses.mean()
        uniform = self.draw_uniform(losses.shape, losses.detach())
        weights = torch.softmax(math.sqrt(2) * torch.erfinv(2 * uniform - 1), dim=0)
        self._report(weights, losses != 0)
        return (weights * losses).sum()
