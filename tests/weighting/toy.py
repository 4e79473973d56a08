"""Quadratic losses of a few numbers, and training steps as the engine takes them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sklearn_ple.nn import lend_generator
from sklearn_ple.weighting import AGGREGATORS, WEIGHTINGS, LossWeighting

NAMES = ["click", "watch", "price"]
OF_GRADIENTS = ["pcgrad", *AGGREGATORS]
OF_LOSSES = [name for name in WEIGHTINGS if name not in OF_GRADIENTS]


def made(name: str, tasks: Sequence[str] = NAMES) -> LossWeighting:
    """A weighting that is set up, in float64, with a generator to draw from."""
    weighting = WEIGHTINGS[name]()
    weighting.setup(tasks)
    weighting.noise = torch.Generator().manual_seed(7)  # the lent one is held weakly
    lend_generator(weighting, weighting.noise)
    return weighting.double()


class Toy:
    """Losses 1/2 (a_k theta - b_k)² of five numbers theta.

    Parameters
    ----------
    weighting : LossWeighting
    tasks : sequence of int
        Which of the three losses there are.
    lr : float
        Of Adam.
    """

    def __init__(
        self, weighting: LossWeighting, tasks: Sequence[int] = (0, 1, 2), lr: float = 0.01
    ) -> None:
        generator = torch.Generator().manual_seed(3)
        self.slopes = torch.randn(3, 5, generator=generator).double()
        self.goals = torch.tensor([1.0, -2.0, 0.5]).double()
        self.tasks = list(tasks)
        self.theta = nn.Parameter(torch.tensor([0.3, -0.1, 0.2, 0.4, -0.5]).double())
        self.weighting = weighting
        self.optimizer = torch.optim.Adam([self.theta, *weighting.parameters()], lr=lr)
        self.n_epochs = 0

    def losses(self, absent: Sequence[int] = ()) -> Tensor:
        each = 0.5 * (self.slopes @ self.theta - self.goals).square()
        present = torch.tensor([k not in absent for k in range(3)])
        return torch.where(present, each, 0.0)[self.tasks]

    def gradient(self, absent: Sequence[int] = (), penalty: Tensor | None = None) -> Tensor:
        """What a step's backward pass leaves in theta."""
        self.optimizer.zero_grad()
        self.weighting.backward(self.losses(absent), penalty, [self.theta])
        assert self.theta.grad is not None
        return self.theta.grad.clone()

    def epoch(self, n_steps: int = 4, absent: Sequence[int] = ()) -> Tensor:
        """Train; the weights that are reported for the epoch."""
        self.weighting.on_epoch_begin(self.n_epochs)
        seen = []
        for _ in range(n_steps):
            seen.append(self.losses(absent).detach())
            self.gradient(absent)
            self.optimizer.step()
            with torch.no_grad():
                self.weighting.after_step(lambda: self.losses(absent))
        reported = self.weighting.current_weights().detach().clone()
        self.weighting.on_epoch_end(torch.stack(seen).mean(0).tolist())
        self.n_epochs += 1
        return reported
