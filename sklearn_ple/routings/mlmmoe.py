"""MLMMOE: MMOE in levels, whose gates all look at the input.

        ┌─ expert 1 ─┐ gate 1(x) ── expert 1 ─┐ gate A(x) ── tower A ── ŷ_A
    x ──┤            ├                        ├
        └─ expert 2 ─┘ gate 2(x) ── expert 2 ─┘ gate B(x) ── tower B ── ŷ_B
           level 1                  level N

Figure 1h of H. Tang, J. Liu, M. Zhao, X. Gong, "Progressive Layered Extraction (PLE): A Novel
Multi-Task Learning Model for Personalized Recommendations", RecSys 2020
(doi 10.1145/3383313.3412236), which extends J. Ma et al., KDD 2018 (doi 10.1145/3219819.3220007).
Against MMOE: below the last level there is a gate for each expert of the next one, and no gate
sees anything but x, so that what experts learn does not change who reads them.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from sklearn_ple.nn import ExpertBank, Gate, GateReading, Routing, mix
from sklearn_ple.nn.levels import Widths, widths_by_level


class MLMMOERouting(Routing):
    """Levels of experts; every gate, whatever its level, is softmax(W x) of the input x.

    Expert i of level j reads the mixture that gate i made of level j - 1. Gates of one input are
    one product, so those of all levels are a single `Gate`.

    Parameters
    ----------
    in_width, n_tasks, n_levels : int
    n_experts : int
        Experts of every level.
    expert_widths : sequence of int, or sequence of such
        Layers inside one expert: the same at every level, or one such tuple a level.
    gate_bias, gate_widths, gate_temperature
        As `bias`, `widths` and `temperature` in `Gate`.
    expert_norm
        As `norm` in `ExpertBank`.
    activation, dropout
        As in `Gate` and `ExpertBank`.
    """

    def __init__(
        self,
        *,
        in_width: int,
        n_tasks: int,
        n_levels: int,
        n_experts: int,
        expert_widths: Widths,
        gate_bias: bool = False,
        gate_widths: Sequence[int] = (),
        gate_temperature: float = 1.0,
        expert_norm: bool = False,
        activation: str = "relu",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        by_level = widths_by_level(expert_widths, n_levels)
        self.experts = nn.ModuleList(
            ExpertBank(
                n_experts,
                in_width=by_level[j - 1][-1] if j > 0 else in_width,
                widths=widths,
                sources=range(n_experts) if j > 0 else None,
                activation=activation,
                dropout=dropout,
                norm=expert_norm,
            )
            for j, widths in enumerate(by_level)
        )
        self.n_readers = [n_experts] * (n_levels - 1) + [n_tasks]
        self.gate = Gate(
            [range(n_experts)] * sum(self.n_readers),
            n_experts=n_experts,
            in_width=in_width,
            bias=gate_bias,
            widths=gate_widths,
            temperature=gate_temperature,
            activation=activation,
        )
        self.out_width = by_level[-1][-1]

    def forward(self, x: Tensor) -> Tensor:
        weights = self.gate(x).split(self.n_readers, dim=1)
        for experts, level_weights in zip(self.experts, weights, strict=True):
            x = mix(level_weights, experts(x))
        return x

    def gate_readings(self, x: Tensor) -> list[GateReading]:
        """Gates by task at the last level; below it, shared ones, numbered by their reader."""
        *below, last = self.gate(x).split(self.n_readers, dim=1)
        labels = tuple((None, e) for e in range(last.shape[2]))
        readings = [
            GateReading(level, None, labels, weights[:, i], number=i)
            for level, weights in enumerate(below, start=1)
            for i in range(weights.shape[1])
        ]
        top = len(self.n_readers)
        return readings + [GateReading(top, k, labels, last[:, k]) for k in range(last.shape[1])]
