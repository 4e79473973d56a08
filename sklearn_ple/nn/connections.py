"""`Connections`: which experts are read by whom, drawn in training and settled at prediction."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import ClassVar

import torch
from torch import Tensor, nn

from sklearn_ple.nn.gate import GateReading
from sklearn_ple.nn.layer import Layer
from sklearn_ple.nn.noise import Noisy


class Connections(Noisy, Layer):
    """A learned matrix (reader, expert) that no input has a say in.

    Every connection has one logit. While training, each step draws the matrix anew, from logits
    under logistic noise; otherwise the logits alone decide. A subclass says how, by `drawn` and
    `settled`. A reader of a single expert is always connected, and has no logit.

    The parameter holds logits / `rate`, so that under Adam, whose steps do not depend on a
    gradient's size, logits learn `rate` times as fast as weights. Weight decay spares it: it would
    draw logits to even odds.

    Parameters
    ----------
    n_readers, n_experts : int
    start : float
        Where all logits start; 0 is even odds.
    rate : float
        How many times as fast as weights logits learn.
    """

    without_decay: ClassVar[tuple[str, ...]] = ("scaled",)
    connected: Tensor

    def __init__(self, n_readers: int, n_experts: int, *, start: float, rate: float) -> None:
        super().__init__()
        self.start, self.rate = start, rate
        self.scaled = nn.Parameter(torch.empty(n_readers, n_experts)) if n_experts > 1 else None
        self.register_buffer("connected", torch.ones(n_readers, n_experts), persistent=False)
        self.reset_parameters()

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        if self.scaled is not None:
            nn.init.constant_(self.scaled, self.start / self.rate)

    @property
    def logits(self) -> Tensor | None:
        """One (reader, expert), or None where there is nothing to choose."""
        return None if self.scaled is None else self.scaled * self.rate

    @abstractmethod
    def drawn(self, logits: Tensor, noise: Tensor) -> Tensor:
        """Logits and standard logistic noise, each (reader, expert), to the matrix of a step."""

    @abstractmethod
    def settled(self, logits: Tensor) -> Tensor:
        """Logits to the matrix (reader, expert) that predictions use."""

    def forward(self) -> Tensor:
        """The matrix (reader, expert), a fresh one in training."""
        logits = self.logits
        if logits is None or not self.training:
            return self.at_prediction()
        # Detached, since no gradient comes back from noise, which a compiler has to be shown.
        uniform = self.draw_uniform(logits.shape, logits.detach())
        return self.drawn(logits, uniform.log() - (-uniform).log1p())

    def at_prediction(self) -> Tensor:
        """The matrix (reader, expert) that predictions use."""
        logits = self.logits
        return self.connected if logits is None else self.settled(logits)

    def shares(self) -> Tensor:
        """`at_prediction` with rows that sum to one; a reader of nothing has zeros."""
        matrix = self.at_prediction()
        total = matrix.sum(1, keepdim=True)
        return matrix / torch.where(total > 0, total, 1.0)

    def readings(self, level: int, n_rows: int, *, by_tasks: bool) -> list[GateReading]:
        """The shares of every reader, as gates that are alike in all rows.

        Parameters
        ----------
        level : int
            Counted from 1.
        n_rows : int
        by_tasks : bool
            Whether readers are the tasks, and not the experts of the next level.
        """
        labels = tuple((None, e) for e in range(self.connected.shape[1]))
        return [
            GateReading(
                level,
                i if by_tasks else None,
                labels,
                shares.expand(n_rows, -1),
                number=None if by_tasks else i,
            )
            for i, shares in enumerate(self.shares())
        ]


class HardConcrete(Connections):
    """Gates z in [0, 1] with a share of their probability at both ends (Louizos et al., 2018).

    In training z = clip(s (zeta - gamma) + gamma, 0, 1) with s = sigmoid((noise + log_alpha) /
    beta), where noise is logistic; at prediction s = sigmoid(log_alpha).

    Parameters
    ----------
    n_readers, n_experts : int
    start, rate : float
        Of log_alpha, the logits; as in `Connections`.
    beta : float
        Temperature.
    gamma, zeta : float
        Ends of the stretched interval, below 0 and above 1.
    """

    def __init__(
        self,
        n_readers: int,
        n_experts: int,
        *,
        start: float,
        rate: float,
        beta: float,
        gamma: float,
        zeta: float,
    ) -> None:
        super().__init__(n_readers, n_experts, start=start, rate=rate)
        self.beta, self.gamma, self.zeta = beta, gamma, zeta

    def drawn(self, logits: Tensor, noise: Tensor) -> Tensor:
        return self._clipped((noise + logits) / self.beta)

    def settled(self, logits: Tensor) -> Tensor:
        return self._clipped(logits)

    def _clipped(self, logits: Tensor) -> Tensor:
        stretched = torch.sigmoid(logits) * (self.zeta - self.gamma) + self.gamma
        return stretched.clamp(0, 1)

    def expected_open(self) -> Tensor | None:
        """The expected number of gates that a draw leaves above zero; None without logits."""
        logits = self.logits
        if logits is None:
            return None
        return torch.sigmoid(logits - self.beta * math.log(-self.gamma / self.zeta)).sum()


class GumbelSigmoid(Connections):
    """Binary connections that learn by a straight-through estimate (Jang et al., ICLR 2017).

    In training a connection is 1 where logit + noise > 0, that is with the probability
    sigmoid(logit), and its gradient is that of sigmoid((logit + noise) / temperature). At
    prediction it is 1 where its logit is above 0.

    Parameters
    ----------
    n_readers, n_experts : int
    start, rate : float
        As in `Connections`.
    temperature : float
        Of the gradient; what is drawn does not depend on it.
    """

    def __init__(
        self, n_readers: int, n_experts: int, *, start: float, rate: float, temperature: float
    ) -> None:
        super().__init__(n_readers, n_experts, start=start, rate=rate)
        self.temperature = temperature

    def drawn(self, logits: Tensor, noise: Tensor) -> Tensor:
        noisy = logits + noise
        soft = torch.sigmoid(noisy / self.temperature)
        return (noisy > 0).to(soft.dtype) + (soft - soft.detach())

    def settled(self, logits: Tensor) -> Tensor:
        return (logits > 0).to(logits.dtype)

    def odds(self) -> Tensor | None:
        """The probability that a draw connects, (reader, expert); None without logits."""
        logits = self.logits
        return None if logits is None else torch.sigmoid(logits)
