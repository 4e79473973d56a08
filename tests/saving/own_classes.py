"""A user's own estimator, routing, task, loss weighting and optimiser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from sklearn_ple import LossWeighting, Regression
from sklearn_ple.base import MultiTaskEstimator
from sklearn_ple.nn import Routing


class PlainRouting(Routing):
    """What every task reads is the encoding itself, scaled by a number."""

    def __init__(self, in_width: int, n_tasks: int, *, scale: float) -> None:
        super().__init__()
        self.n_tasks, self.scale, self.out_width = n_tasks, scale, in_width

    def forward(self, x: Tensor) -> Tensor:
        return (x * self.scale)[:, None].expand(-1, self.n_tasks, -1)


class PlainEstimator(MultiTaskEstimator):
    """Towers alone."""

    def __init__(self, *, scale: float = 0.5, **shared) -> None:
        self.scale = scale
        super().__init__(**shared)

    def _make_routing(self, *, in_width: int, n_tasks: int, dropout: float) -> Routing:
        return PlainRouting(in_width, n_tasks, scale=self.scale)


@dataclass
class Logged(Regression):
    """A positive number, learned as its logarithm."""

    kind: ClassVar[str] = "logged"
    base: float = 2.0

    def encode(self, column):
        logged = np.log(np.asarray(column, dtype=float)) / np.log(self.base)
        return super().encode(logged)

    def fit_labels(self, labels, weight) -> None:
        super().fit_labels(np.log(np.asarray(labels, dtype=float)) / np.log(self.base), weight)

    def decode(self, activated):
        return self.base ** super().decode(activated)


class Counting(LossWeighting):
    """The sum, times a number that grows by each epoch."""

    def __init__(self, growth: float) -> None:
        super().__init__()
        self.growth = growth
        self.register_buffer("factor", torch.ones(()))

    def on_epoch_end(self, losses) -> None:
        self.factor *= self.growth

    def forward(self, losses: Tensor) -> Tensor:
        return (losses * self.factor).sum()

    def current_weights(self) -> Tensor:
        return self.factor.expand(3)


class Descent(torch.optim.SGD):
    """Gradient descent under another name."""


OWN = {each.__name__: each for each in (PlainEstimator, PlainRouting, Logged, Counting, Descent)}
