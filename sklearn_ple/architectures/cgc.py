"""CGC: customized gate control, shared experts and experts of each task.

Drawing, paper and routing: `sklearn_ple/routings/cgc.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar, Unpack

from sklearn.utils._param_validation import Interval

from sklearn_ple.base import (
    ClassifierRegressorRole,
    ClassifierRole,
    MultiTaskEstimator,
    RegressorRole,
    SharedParameters,
)
from sklearn_ple.base.search_space import EXPERTS, Space, choice, whole
from sklearn_ple.nn import Routing
from sklearn_ple.routings.cgc import CGCRouting


class CGCEstimator(MultiTaskEstimator):
    """Customized gate control: each task mixes its own and the shared experts.

    Parameters
    ----------
    n_shared_experts : int, default=4
        Experts that every task may use.
    n_task_experts : int or sequence of int, default=1
        Experts of every task, or of each task in order.
    expert_widths : tuple of int, default=(128, 64)
        Layers inside one expert.
    gate_bias : bool, default=False
        Whether gates have a bias; the paper's have none.
    gate_widths : tuple of int, default=()
        Hidden layers of every gate, without dropout; the paper's have none.
    gate_temperature : float, default=1.0
        What gates' logits are divided by before the softmax; above 1 weights are more even.
    expert_norm : bool, default=False
        Whether what an expert puts out is normalised before its last activation, so that all
        experts put out numbers of one size: HoME's idea (arXiv 2408.05430), but over the units of
        the expert instead of rows of a batch. A prediction depends on its own row alone.

    References
    ----------
    H. Tang, J. Liu, M. Zhao, X. Gong, "Progressive Layered Extraction (PLE)", RecSys 2020
    (doi 10.1145/3383313.3412236), equations 2 to 4.

    Examples
    --------
    >>> from sklearn_ple import CGCEstimator, make_related_tasks
    >>> X, Y = make_related_tasks(200, 6, random_state=0)
    >>> CGCEstimator(max_epochs=2, random_state=0).fit(X, Y).predict(X).shape
    (200, 2)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_shared_experts": [Interval(Integral, 0, None, closed="left")],
        "n_task_experts": [Interval(Integral, 0, None, closed="left"), "array-like"],
        "expert_widths": ["array-like"],
        "gate_bias": ["boolean"],
        "gate_widths": ["array-like"],
        "gate_temperature": [Interval(Real, 0, None, closed="neither")],
        "expert_norm": ["boolean"],
    }

    def __init__(
        self,
        *,
        n_shared_experts: int = 4,
        n_task_experts: int | Sequence[int] = 1,
        expert_widths: Sequence[int] = (128, 64),
        gate_bias: bool = False,
        gate_widths: Sequence[int] = (),
        gate_temperature: float = 1.0,
        expert_norm: bool = False,
        **shared: Unpack[SharedParameters],
    ) -> None:
        self.n_shared_experts = n_shared_experts
        self.n_task_experts = n_task_experts
        self.expert_widths = expert_widths
        self.gate_bias = gate_bias
        self.gate_widths = gate_widths
        self.gate_temperature = gate_temperature
        self.expert_norm = expert_norm
        super().__init__(**shared)

    @classmethod
    def _own_search_space(cls) -> Space:
        return {
            "n_shared_experts": whole(1, 8),
            "n_task_experts": whole(1, 4),
            "expert_widths": choice(*EXPERTS),
            "expert_norm": choice(False, True),
        }

    def _make_routing(self, *, in_width: int, n_tasks: int, dropout: float) -> Routing:
        return CGCRouting(
            in_width=in_width,
            n_tasks=n_tasks,
            n_shared_experts=self.n_shared_experts,
            n_task_experts=self.n_task_experts,
            expert_widths=self.expert_widths,
            gate_bias=self.gate_bias,
            gate_widths=self.gate_widths,
            gate_temperature=self.gate_temperature,
            expert_norm=self.expert_norm,
            activation=self.activation,
            dropout=dropout,
        )


class CGCClassifier(ClassifierRole, CGCEstimator):
    pass


class CGCRegressor(RegressorRole, CGCEstimator):
    pass


class CGCClassifierRegressor(ClassifierRegressorRole, CGCEstimator):
    pass
