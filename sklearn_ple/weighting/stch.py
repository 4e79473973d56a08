"""STCH: a smooth maximum of the losses."""

from __future__ import annotations

import torch
from torch import Tensor

from sklearn_ple.weighting.stepwise import StepwiseWeighting

_SHUT = -1e30  # whose exponential is zero in every precision, and which is no infinity


class STCHWeighting(StepwiseWeighting):
    """The smooth Tchebycheff scalarisation: mostly the task that is worst off.

    X. Lin, X. Zhang, Z. Yang, F. Liu, Z. Wang, Q. Zhang, "Smooth Tchebycheff Scalarization for
    Multi-Objective Optimization", ICML 2024 (arXiv 2402.19078):

        mu log sum_k exp(lambda_k L_k / mu),   so w_k = lambda_k softmax_k(lambda L / mu)

    over the tasks that have a loss in the batch, where lambda are the `task_weights` and the ideal
    point is zero. Losses are shares of a constant predictor's, so the worst task is the one least
    explained, and no warm-up is needed to bring them to one scale. Weights sum to 1 (before
    lambda). Rescaling a loss changes them: that is what lambda is for.

    Parameters
    ----------
    mu : float, default=0.5
        Smoothness: near zero only the worst task counts, far above one all do alike.

    Examples
    --------
    >>> import torch
    >>> weighting = STCHWeighting(mu=0.01)
    >>> weighting.setup(["click", "watch", "price"])
    >>> weighting(torch.tensor([0.25, 0.0, 1.0]))
    tensor(1.)
    """

    def __init__(self, mu: float = 0.5) -> None:
        super().__init__()
        if not mu > 0:
            raise ValueError(f"mu must be positive, got {mu}.")
        self.mu = mu

    def forward(self, losses: Tensor) -> Tensor:
        present = losses != 0
        exponents = torch.where(present, losses / self.mu, _SHUT)
        self._report(torch.softmax(exponents.detach(), dim=0), present)
        return torch.where(present.any(), self.mu * torch.logsumexp(exponents, dim=0), 0.0)

    def extra_repr(self) -> str:
        return f"mu={self.mu}"
