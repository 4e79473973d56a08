"""SNR: levels of experts, each connected to each of the next level by a gate that may close.

        ┌─ expert ─┐           ┌─ expert ─┐         ┌─ tower A ── ŷ_A
    x ──┼─ expert ─┼── z · W ──┼─ expert ─┼─ z · W ─┤
        └─ expert ─┘           └─ expert ─┘         └─ tower B ── ŷ_B
           level 1    each to     level 2   each to
                       each                   each

J. Ma, Z. Zhao, J. Chen, A. Li, L. Hong, E. Chi, "SNR: Sub-Network Routing for Flexible Parameter
Sharing in Multi-Task Learning", AAAI 2019 (doi 10.1609/aaai.v33i01.3301216), whose sub-networks
are called experts here. The gates are hard-concrete: C. Louizos, M. Welling, D. P. Kingma,
"Learning Sparse Neural Networks through L0 Regularization", ICLR 2018 (arXiv 1712.01312).
Against MMOE: gates lie between all levels, do not depend on the row, and can be exactly zero.

Interpretations: W is square and has no bias; sums are not divided by the number of open gates;
log alpha starts nearly open and learns faster than weights, where otherwise it would hardly move.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from sklearn_ple.nn import ExpertBank, GateReading, Layer, Routing, mix
from sklearn_ple.nn.connections import HardConcrete
from sklearn_ple.nn.layer import provisional, uniform_
from sklearn_ple.nn.levels import Widths, widths_by_level

Connection = Literal["trans", "aver"]


class Transformations(Layer):
    """v_i = sum_j z_ij W_ij u_j: a square matrix on every connection, as one product.

    Parameters
    ----------
    n_readers, n_experts, width : int
    """

    def __init__(self, n_readers: int, n_experts: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(n_readers, width, n_experts, width))
        self.reset_parameters(provisional())

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        _, _, n_experts, width = self.weight.shape
        uniform_(self.weight, math.sqrt(3 / (n_experts * width)), generator)

    def forward(self, gates: Tensor, experts: Tensor) -> Tensor:
        """Gates (reader, expert), experts (batch, expert, width) to (batch, reader, width)."""
        n_readers, width, n_experts, _ = self.weight.shape
        joint = (gates[:, None, :, None] * self.weight).view(-1, n_experts * width)
        return functional.linear(experts.flatten(1), joint).view(-1, n_readers, width)


class SNRRouting(Routing):
    """Experts in levels; what the next level and the towers read is gated, u to v.

    v_i = sum_j z_ij W_ij u_j ("trans") or v_i = sum_j z_ij u_j ("aver"), with z of one step for
    all rows.

    Parameters
    ----------
    in_width, n_tasks, n_levels : int
    n_experts : int
        Experts of every level.
    expert_widths : sequence of int, or sequence of such
        Layers inside one expert: the same at every level, or one such tuple a level.
    connection : {"trans", "aver"}
    l0 : float
        Weight of the expected number of open gates in the loss.
    start, rate, beta, gamma, zeta : float
        As in `HardConcrete`.
    activation, dropout
        As in `ExpertBank`.
    """

    def __init__(
        self,
        *,
        in_width: int,
        n_tasks: int,
        n_levels: int,
        n_experts: int,
        expert_widths: Widths,
        connection: Connection = "trans",
        l0: float = 0.0,
        start: float = 3.5,
        rate: float = 1.0,
        beta: float = 0.9,
        gamma: float = -0.1,
        zeta: float = 1.1,
        activation: str = "relu",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.l0 = l0
        by_level = widths_by_level(expert_widths, n_levels)
        readers = [n_experts] * (n_levels - 1) + [n_tasks]
        self.experts = nn.ModuleList(
            ExpertBank(
                n_experts,
                in_width=by_level[j - 1][-1] if j > 0 else in_width,
                widths=widths,
                sources=range(n_experts) if j > 0 else None,
                activation=activation,
                dropout=dropout,
            )
            for j, widths in enumerate(by_level)
        )
        self.gates = nn.ModuleList(
            HardConcrete(n, n_experts, start=start, rate=rate, beta=beta, gamma=gamma, zeta=zeta)
            for n in readers
        )
        self.transformations = nn.ModuleList(
            Transformations(n, n_experts, widths[-1])
            for n, widths in zip(readers, by_level, strict=True)
            if connection == "trans"
        )
        self.out_width = by_level[-1][-1]

    def forward(self, x: Tensor) -> Tensor:
        for j, (experts, gates) in enumerate(zip(self.experts, self.gates, strict=True)):
            u, z = experts(x), gates()
            if self.transformations:
                x = self.transformations[j](z, u)
            else:
                x = mix(z.expand(len(u), -1, -1), u)
        return x

    def penalty(self) -> Tensor | None:
        if self.l0 == 0:
            return None
        counts = [gates.expected_open() for gates in self._gates]
        given = [count for count in counts if count is not None]
        return self.l0 * sum(given[1:], start=given[0]) if given else None

    def connections(self) -> list[Tensor]:
        """The gates z that predictions use, (reader, expert) for every level.

        Readers are the experts of the next level and, after the last, the tasks.
        """
        return [gates.at_prediction().detach() for gates in self._gates]

    def gate_readings(self, x: Tensor) -> list[GateReading]:
        """What is read of each expert, as shares of one: z is no softmax, see `connections`.

        Gates by task at the last level; below it, shared ones, numbered by their reader.
        """
        readings: list[GateReading] = []
        top = len(self._gates)
        for level, gates in enumerate(self._gates, start=1):
            readings += gates.readings(level, len(x), by_tasks=level == top)
        return readings

    @property
    def _gates(self) -> list[HardConcrete]:
        return [gates for gates in self.gates if isinstance(gates, HardConcrete)]
