"""PLE: progressive layered extraction, CGC in levels.

         ┌ experts A ┐ gate A ─┐        ┌ experts A ┐ gate A ── tower A ── ŷ_A
         │           │         │        │           │
    x ───┼ shared ───┤ gate s ─┼── … ───┼ shared ───┤
         │           │         │        │           │
         └ experts B ┘ gate B ─┘        └ experts B ┘ gate B ── tower B ── ŷ_B
            level 1                        level N

H. Tang, J. Liu, M. Zhao, X. Gong, "Progressive Layered Extraction (PLE): A Novel Multi-Task
Learning Model for Personalized Recommendations", RecSys 2020 (doi 10.1145/3383313.3412236),
section 4.2. Against CGC: below the last level a shared gate reads all experts, so that tasks part
level by level.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any, ClassVar, Unpack

from sklearn.utils._param_validation import Interval
from torch import Tensor, nn

from sklearn_ple.base import (
    ClassifierRegressorRole,
    ClassifierRole,
    MultiTaskEstimator,
    RegressorRole,
    SharedParameters,
)
from sklearn_ple.nn import ExtractionLevel, GateReading, Routing, per_task

Widths = Sequence[int] | Sequence[Sequence[int]]


class PLERouting(Routing):
    """Extraction levels in a row; the shared gate exists where a next level reads it (eq. 5 to 7).

    Parameters
    ----------
    in_width, n_tasks, n_levels : int
    n_shared_experts : int
        Shared experts of every level.
    n_task_experts : int or sequence of int
        Experts of every task, or of each, at every level.
    expert_widths : sequence of int, or sequence of such
        Layers inside one expert: the same at every level, or one such tuple a level.
    gate_bias, activation, dropout
        As in `ExtractionLevel`.
    """

    def __init__(
        self,
        *,
        in_width: int,
        n_tasks: int,
        n_levels: int,
        n_shared_experts: int,
        n_task_experts: int | Sequence[int],
        expert_widths: Widths,
        gate_bias: bool = False,
        activation: str = "relu",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        by_level = widths_by_level(expert_widths, n_levels)
        in_widths = [in_width, *(widths[-1] for widths in by_level[:-1])]
        self.levels = nn.ModuleList(
            ExtractionLevel(
                n_task_experts=per_task(n_task_experts, n_tasks, n_shared_experts),
                n_shared_experts=n_shared_experts,
                in_width=width,
                expert_widths=widths,
                own_streams=j > 0,
                has_shared_gate=n_shared_experts > 0 and j < n_levels - 1,
                gate_bias=gate_bias,
                activation=activation,
                dropout=dropout,
            )
            for j, (width, widths) in enumerate(zip(in_widths, by_level, strict=True))
        )
        self.out_width = by_level[-1][-1]

    def forward(self, x: Tensor) -> Tensor:
        for level in self.levels:
            x = level(x)
        return x

    def gate_readings(self, x: Tensor) -> list[GateReading]:
        readings: list[GateReading] = []
        for j, level in enumerate(self.levels, start=1):
            assert isinstance(level, ExtractionLevel)
            readings += level.readings(x, level=j)
            x = level(x)
        return readings


def widths_by_level(expert_widths: Widths, n_levels: int) -> list[tuple[int, ...]]:
    """One tuple of layer widths a level, from one for all or one for each."""
    # mypy does not narrow a union of sequences by what `all` finds in them.
    if all(isinstance(width, Integral) for width in expert_widths):
        return [tuple(int(width) for width in expert_widths)] * n_levels  # type: ignore[arg-type]
    if len(expert_widths) != n_levels:
        raise ValueError(
            f"expert_widths has {len(expert_widths)} tuples for n_levels={n_levels} levels."
        )
    return [tuple(widths) for widths in expert_widths]  # type: ignore[arg-type]


class PLEEstimator(MultiTaskEstimator):
    """Progressive layered extraction: levels of shared and task experts, parted by gates.

    Parameters
    ----------
    n_levels : int, default=2
        Extraction levels; one is CGC.
    n_shared_experts : int, default=4
        Experts that every task may use, at every level.
    n_task_experts : int or sequence of int, default=1
        Experts of every task, or of each task in order, at every level.
    expert_widths : tuple of int or list of tuples, default=(64,)
        Layers inside one expert; a list of such tuples gives one a level.
    gate_bias : bool, default=False
        Whether gates have a bias; the paper's have none.

    References
    ----------
    H. Tang, J. Liu, M. Zhao, X. Gong, "Progressive Layered Extraction (PLE)", RecSys 2020
    (doi 10.1145/3383313.3412236), equations 2 to 7.

    Examples
    --------
    >>> from sklearn_ple import PLEClassifierRegressor, make_related_tasks
    >>> X, Y = make_related_tasks(200, 6, kinds=["binary", "regression"], random_state=0)
    >>> model = PLEClassifierRegressor(max_epochs=2, random_state=0).fit(X, Y)
    >>> [task.kind for task in model.tasks_]
    ['binary', 'regression']
    >>> model.predict(X).shape
    (200, 2)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_levels": [Interval(Integral, 1, None, closed="left")],
        "n_shared_experts": [Interval(Integral, 0, None, closed="left")],
        "n_task_experts": [Interval(Integral, 0, None, closed="left"), "array-like"],
        "expert_widths": ["array-like", list],
        "gate_bias": ["boolean"],
    }

    def __init__(
        self,
        *,
        n_levels: int = 2,
        n_shared_experts: int = 4,
        n_task_experts: int | Sequence[int] = 1,
        expert_widths: Widths = (64,),
        gate_bias: bool = False,
        **shared: Unpack[SharedParameters],
    ) -> None:
        self.n_levels = n_levels
        self.n_shared_experts = n_shared_experts
        self.n_task_experts = n_task_experts
        self.expert_widths = expert_widths
        self.gate_bias = gate_bias
        super().__init__(**shared)

    def _make_routing(self, *, in_width: int, n_tasks: int, dropout: float) -> Routing:
        return PLERouting(
            in_width=in_width,
            n_tasks=n_tasks,
            n_levels=self.n_levels,
            n_shared_experts=self.n_shared_experts,
            n_task_experts=self.n_task_experts,
            expert_widths=self.expert_widths,
            gate_bias=self.gate_bias,
            activation=self.activation,
            dropout=dropout,
        )


class PLEClassifier(ClassifierRole, PLEEstimator):
    pass


class PLERegressor(RegressorRole, PLEEstimator):
    pass


class PLEClassifierRegressor(ClassifierRegressorRole, PLEEstimator):
    pass
