"""MMOE: experts that all tasks share, and a gate per task that mixes them.

                 ┌─ expert 1 ─┐
    x ───────────┼─ expert 2 ─┼──┬─ gate A(x) · experts ── tower A ── ŷ_A
                 └─ expert 3 ─┘  └─ gate B(x) · experts ── tower B ── ŷ_B

J. Ma, Z. Zhao, X. Yi, J. Chen, L. Hong, E. Chi, "Modeling Task Relationships in Multi-task Learning
with Multi-gate Mixture-of-Experts", KDD 2018 (doi 10.1145/3219819.3220007).
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from sklearn_ple.nn import ExpertBank, Gate, GateReading, Routing, layer_widths, mix


class MMOERouting(Routing):
    """For each task k, f^k(x) = sum_i g^k(x)_i f_i(x) with g^k(x) = softmax(W^k x).

    Parameters
    ----------
    in_width, n_tasks, n_experts : int
    expert_widths : sequence of int
        Layers inside one expert.
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
        n_experts: int,
        expert_widths: Sequence[int],
        gate_bias: bool = False,
        gate_widths: Sequence[int] = (),
        gate_temperature: float = 1.0,
        expert_norm: bool = False,
        activation: str = "relu",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        expert_widths = layer_widths(expert_widths, "expert_widths")
        self.experts = ExpertBank(
            n_experts,
            in_width=in_width,
            widths=expert_widths,
            activation=activation,
            dropout=dropout,
            norm=expert_norm,
        )
        self.gate = Gate(
            [range(n_experts)] * n_tasks,
            n_experts=n_experts,
            in_width=in_width,
            bias=gate_bias,
            widths=gate_widths,
            temperature=gate_temperature,
            activation=activation,
        )
        self.out_width = expert_widths[-1]

    def forward(self, x: Tensor) -> Tensor:
        return mix(self.gate(x), self.experts(x))

    def gate_readings(self, x: Tensor) -> list[GateReading]:
        weights = self.gate(x)
        labels = tuple((None, e) for e in range(weights.shape[2]))
        return [GateReading(1, k, labels, weights[:, k]) for k in range(weights.shape[1])]
