"""OMOE: experts and one gate that mixes them for all tasks.

        ┌─ expert 1 ─┐                         ┌─ tower A ── ŷ_A
    x ──┼─ expert 2 ─┼── gate(x) · experts ────┤
        └─ expert 3 ─┘                         └─ tower B ── ŷ_B

The mixture of experts of R. A. Jacobs, M. I. Jordan, S. J. Nowlan, G. E. Hinton, "Adaptive Mixtures
of Local Experts", Neural Computation 3 (1991, doi 10.1162/neco.1991.3.1.79) in place of a shared
bottom, as J. Ma et al. compare it with theirs in "Modeling Task Relationships in Multi-task
Learning with Multi-gate Mixture-of-Experts", KDD 2018 (doi 10.1145/3219819.3220007). Against MMOE:
which experts are used depends on the row, and not on the task.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from sklearn_ple.nn import ExpertBank, Gate, GateReading, Routing, layer_widths, mix


class OMOERouting(Routing):
    """For every task the same f(x) = sum_i g(x)_i f_i(x) with g(x) = softmax(W x).

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
        self.n_tasks = n_tasks
        self.experts = ExpertBank(
            n_experts,
            in_width=in_width,
            widths=expert_widths,
            activation=activation,
            dropout=dropout,
            norm=expert_norm,
        )
        self.gate = Gate(
            [range(n_experts)],
            n_experts=n_experts,
            in_width=in_width,
            bias=gate_bias,
            widths=gate_widths,
            temperature=gate_temperature,
            activation=activation,
        )
        self.out_width = expert_widths[-1]

    def forward(self, x: Tensor) -> Tensor:
        return mix(self.gate(x), self.experts(x)).expand(-1, self.n_tasks, -1)

    def gate_readings(self, x: Tensor) -> list[GateReading]:
        weights = self.gate(x)[:, 0]
        labels = tuple((None, e) for e in range(weights.shape[1]))
        return [GateReading(1, None, labels, weights)]
