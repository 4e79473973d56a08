"""DWA: dynamic weight average, by how slowly a loss falls."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from sklearn_ple.weighting.loss_weighting import LossWeighting


class DWAWeighting(LossWeighting):
    """More weight for tasks whose loss has fallen least from one epoch to the next.

    S. Liu, E. Johns, A. J. Davison, "End-to-End Multi-Task Learning with Attention", CVPR 2019
    (arXiv 1803.10704). For K tasks in epoch t:

        w_k(t) = K softmax_k(r_k / T),   r_k = L_k(t - 1) / L_k(t - 2)

    with mean losses of epochs, and r_k = 1 until a task has two of them. An epoch in which a task
    had no loss leaves its r_k as it was. Weights sum to K. They don't depend on the scale of a
    loss; what the losses contribute does.

    Parameters
    ----------
    temperature : float, default=2.0
        T; the larger, the more alike the weights.

    Examples
    --------
    >>> weighting = DWAWeighting()
    >>> weighting.setup(["click", "watch"])
    >>> weighting.on_epoch_end([1.0, 1.0])
    >>> weighting.on_epoch_end([0.2, 1.0])
    >>> weighting.current_weights()
    tensor([0.8026, 1.1974])
    """

    weights: Tensor
    last: Tensor
    ratios: Tensor

    def __init__(self, temperature: float = 2.0) -> None:
        super().__init__()
        if not temperature > 0:
            raise ValueError(f"temperature must be positive, got {temperature}.")
        self.temperature = temperature

    def setup(self, names: Sequence[str]) -> None:
        n_tasks = len(names)
        self.register_buffer("weights", torch.ones(n_tasks))
        self.register_buffer("last", torch.zeros(n_tasks))
        self.register_buffer("ratios", torch.ones(n_tasks))

    def on_epoch_end(self, losses: Sequence[float]) -> None:
        now = torch.tensor(losses, dtype=self.last.dtype, device=self.last.device)
        present = now != 0
        both = present & (self.last != 0)
        self.ratios = torch.where(both, now / torch.where(both, self.last, 1.0), self.ratios)
        self.last = torch.where(present, now, self.last)
        self.weights = len(now) * torch.softmax(self.ratios / self.temperature, dim=0)

    def forward(self, losses: Tensor) -> Tensor:
        return (self.weights * losses).sum()

    def current_weights(self) -> Tensor:
        return self.weights

    def extra_repr(self) -> str:
        return f"temperature={self.temperature}"
