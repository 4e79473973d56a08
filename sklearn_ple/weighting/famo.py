"""FAMO: weights that even out how fast the losses fall, from one more forward pass per step."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from sklearn_ple.weighting.logarithm import floored_log, slope_of_log
from sklearn_ple.weighting.stepwise import StepwiseWeighting

_BETA1, _BETA2, _EPS = 0.9, 0.999, 1e-8
_SHUT = -1e30  # whose exponential is zero in every precision, and which is no infinity


class FAMOWeighting(StepwiseWeighting):
    """Fast adaptive multitask optimisation: all losses are to fall at the same relative rate.

    B. Liu, Y. Feng, P. Stone, Q. Liu, "FAMO: Fast Adaptive Multitask Optimization", NeurIPS 2023
    (arXiv 2306.03792), algorithm 1. With z = softmax(xi), a step minimises

        c sum_k z_k log L_k,   c = 1 / sum_k (z_k / L_k),   so w_k = c z_k / L_k

    and is followed by a step of Adam on xi along

        J' (log L before - log L after) + decay xi,   J = d z / d xi

    on the same batch, so that tasks which gained most lose weight. z is taken over the tasks that
    have a loss in the batch; the others' xi stay. Weights sum to 1, losses must not be negative,
    and rescaling one leaves the direction of the gradient, and xi, as they were, so `task_weights`
    do not favour any task. It costs one forward pass per step, which is a sixth to a third of it.

    Parameters
    ----------
    lr : float, default=0.025
        Step of Adam on xi.
    decay : float, default=0.001
        Pull of xi towards zero, that is, of z towards 1 / K.

    Attributes
    ----------
    logits : Tensor of shape (task,)
        xi.

    Examples
    --------
    >>> import torch
    >>> weighting = FAMOWeighting(lr=0.1)
    >>> weighting.setup(["click", "watch"])
    >>> weighting(torch.tensor([0.5, 0.5]))
    tensor(-0.3466)
    >>> weighting.after_step(lambda: torch.tensor([0.4, 0.5]))
    >>> weighting.logits
    tensor([-0.1000,  0.1000])
    """

    logits: Tensor
    moment: Tensor
    square: Tensor
    n_steps: Tensor
    before: Tensor

    def __init__(self, *, lr: float = 0.025, decay: float = 0.001) -> None:
        super().__init__()
        if not lr > 0 or not decay >= 0:
            raise ValueError(f"lr must be positive and decay not negative, got {lr} and {decay}.")
        self.lr = lr
        self.decay = decay

    def setup(self, names: Sequence[str]) -> None:
        super().setup(names)
        for name in ("logits", "moment", "square", "n_steps", "before"):
            self.register_buffer(name, torch.zeros(len(names)))

    def forward(self, losses: Tensor) -> Tensor:
        present = losses != 0
        weights = self._shares(present) * slope_of_log(losses)
        total = weights.sum()
        c = torch.where(total > 0, 1 / total, 0.0)
        self._report(c * weights, present)
        if self.training:
            self.before = losses.detach()
        logs = torch.where(present, floored_log(losses), 0.0)
        return c * (self._shares(present) * logs).sum()

    def _shares(self, present: Tensor) -> Tensor:
        """z (task,), zero where a task is not present."""
        return torch.softmax(torch.where(present, self.logits, _SHUT), dim=0) * present

    @torch.no_grad()
    def after_step(self, losses: Callable[[], Tensor]) -> None:
        now = losses()
        present = (self.before != 0) & (now != 0)
        drop = torch.where(present, floored_log(self.before) - floored_log(now), 0.0)
        z = self._shares(present)
        self._adam(z * (drop - (z * drop).sum()) + self.decay * self.logits, present)

    def _adam(self, gradient: Tensor, present: Tensor) -> None:
        """One step of Adam on the logits of the tasks that are present."""
        self.n_steps = self.n_steps + present
        t = self.n_steps.clamp(min=1)
        moment = torch.lerp(gradient, self.moment, _BETA1)
        square = torch.lerp(gradient.square(), self.square, _BETA2)
        size = (square / (1 - _BETA2**t)).sqrt() + _EPS
        step = self.lr * moment / (1 - _BETA1**t) / size
        self.moment = torch.where(present, moment, self.moment)
        self.square = torch.where(present, square, self.square)
        self.logits = torch.where(present, self.logits - step, self.logits)

    def extra_repr(self) -> str:
        return f"lr={self.lr}, decay={self.decay}"
