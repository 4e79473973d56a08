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
from numbers import Integral, Real
from typing import Any, ClassVar, Unpack

from sklearn.utils._param_validation import Interval
from torch import Tensor

from sklearn_ple.base import MultiTaskEstimator, SharedParameters
from sklearn_ple.base.search_space import EXPERTS, Space, choice, whole
from sklearn_ple.nn import ExpertBank, Gate, GateReading, Routing, mix


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


class OMOEEstimator(MultiTaskEstimator):
    """One-gate mixture of experts: shared experts and one gate, whose mixture all tasks read.

    Parameters
    ----------
    n_experts : int, default=6
        Experts, all shared.
    expert_widths : tuple of int, default=(128, 64)
        Layers inside one expert.
    gate_bias : bool, default=False
        Whether the gate has a bias; the paper's has none.
    gate_widths : tuple of int, default=()
        Hidden layers of the gate, without dropout; the paper's has none.
    gate_temperature : float, default=1.0
        What the gate's logits are divided by before the softmax; above 1 weights are more even.
    expert_norm : bool, default=False
        Whether what an expert puts out is normalised before its last activation, so that all
        experts put out numbers of one size: HoME's idea (arXiv 2408.05430), but over the units of
        the expert instead of rows of a batch. A prediction depends on its own row alone.

    References
    ----------
    R. A. Jacobs, M. I. Jordan, S. J. Nowlan, G. E. Hinton, "Adaptive Mixtures of Local Experts",
    Neural Computation 3 (1991, doi 10.1162/neco.1991.3.1.79).
    J. Ma et al., "Modeling Task Relationships in Multi-task Learning with Multi-gate
    Mixture-of-Experts", KDD 2018 (doi 10.1145/3219819.3220007).

    Examples
    --------
    >>> from sklearn_ple import make_related_tasks
    >>> from sklearn_ple.architectures.omoe import OMOEEstimator
    >>> X, Y = make_related_tasks(200, 6, random_state=0)
    >>> OMOEEstimator(max_epochs=2, random_state=0).fit(X, Y).predict(X).shape
    (200, 2)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_experts": [Interval(Integral, 1, None, closed="left")],
        "expert_widths": ["array-like"],
        "gate_bias": ["boolean"],
        "gate_widths": ["array-like"],
        "gate_temperature": [Interval(Real, 0, None, closed="neither")],
        "expert_norm": ["boolean"],
    }

    def __init__(
        self,
        *,
        n_experts: int = 6,
        expert_widths: Sequence[int] = (128, 64),
        gate_bias: bool = False,
        gate_widths: Sequence[int] = (),
        gate_temperature: float = 1.0,
        expert_norm: bool = False,
        **shared: Unpack[SharedParameters],
    ) -> None:
        self.n_experts = n_experts
        self.expert_widths = expert_widths
        self.gate_bias = gate_bias
        self.gate_widths = gate_widths
        self.gate_temperature = gate_temperature
        self.expert_norm = expert_norm
        super().__init__(**shared)

    @classmethod
    def _own_search_space(cls) -> Space:
        return {
            "n_experts": whole(2, 10),
            "expert_widths": choice(*EXPERTS),
            "expert_norm": choice(False, True),
        }

    def _make_routing(self, *, in_width: int, n_tasks: int, dropout: float) -> Routing:
        return OMOERouting(
            in_width=in_width,
            n_tasks=n_tasks,
            n_experts=self.n_experts,
            expert_widths=self.expert_widths,
            gate_bias=self.gate_bias,
            gate_widths=self.gate_widths,
            gate_temperature=self.gate_temperature,
            expert_norm=self.expert_norm,
            activation=self.activation,
            dropout=dropout,
        )
