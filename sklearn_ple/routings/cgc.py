"""CGC: customized gate control, shared experts and experts of each task.

        ┌─ experts of A ─┐
        │                ├─ gate A(x) ── tower A ── ŷ_A
    x ──┼─ shared ───────┤
        │                ├─ gate B(x) ── tower B ── ŷ_B
        └─ experts of B ─┘

H. Tang, J. Liu, M. Zhao, X. Gong, "Progressive Layered Extraction (PLE): A Novel Multi-Task
Learning Model for Personalized Recommendations", RecSys 2020 (doi 10.1145/3383313.3412236),
section 4.1. Against MMOE: a task's own experts are out of the other tasks' reach.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from torch import Tensor

from sklearn_ple.nn import ExtractionLevel, GateReading, Routing, layer_widths, per_task
from sklearn_ple.nn.extraction import LevelOptions


class CGCRouting(Routing):
    """One extraction level with task gates only (equations 2 to 4).

    Parameters
    ----------
    in_width, n_tasks : int
    n_shared_experts : int
    n_task_experts : int or sequence of int
        Experts of every task, or of each.
    expert_widths : sequence of int
        Layers inside one expert.
    **options
        As in `ExtractionLevel`: of gates, experts and layers.
    """

    def __init__(
        self,
        *,
        in_width: int,
        n_tasks: int,
        n_shared_experts: int,
        n_task_experts: int | Sequence[int],
        expert_widths: Sequence[int],
        **options: Unpack[LevelOptions],
    ) -> None:
        super().__init__()
        expert_widths = layer_widths(expert_widths, "expert_widths")
        self.level = ExtractionLevel(
            n_task_experts=per_task(n_task_experts, n_tasks, n_shared_experts),
            n_shared_experts=n_shared_experts,
            in_width=in_width,
            expert_widths=expert_widths,
            own_streams=False,
            has_shared_gate=False,
            **options,
        )
        self.out_width = expert_widths[-1]

    def forward(self, x: Tensor) -> Tensor:
        return self.level(x)

    def gate_readings(self, x: Tensor) -> list[GateReading]:
        return self.level.readings(x, level=1)
