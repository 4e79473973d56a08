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
from typing import Unpack

from torch import Tensor, nn

from sklearn_ple.nn import ExtractionLevel, GateReading, Routing
from sklearn_ple.nn.extraction import LevelOptions
from sklearn_ple.nn.levels import (
    Counts,
    Widths,
    experts_by_level,
    streams_that_are_read,
    widths_by_level,
)


class PLERouting(Routing):
    """Extraction levels in a row; the shared gate exists where a next level reads it (eq. 5 to 7).

    Parameters
    ----------
    in_width, n_tasks, n_levels : int
    n_shared_experts : int or sequence of int
        Shared experts of every level, or of each.
    n_task_experts : int, sequence of int, or sequence of sequences of int
        Experts of every task, of each task at every level, or of each task at each level, as
        `experts_by_level` reads them.
    expert_widths : sequence of int, or sequence of such
        Layers inside one expert: the same at every level, or one such tuple a level.
    **options
        As in `ExtractionLevel`: of gates, experts and layers.
    """

    def __init__(
        self,
        *,
        in_width: int,
        n_tasks: int,
        n_levels: int,
        n_shared_experts: int | Sequence[int],
        n_task_experts: Counts,
        expert_widths: Widths,
        **options: Unpack[LevelOptions],
    ) -> None:
        super().__init__()
        by_level = widths_by_level(expert_widths, n_levels)
        counts = experts_by_level(
            n_task_experts, n_shared_experts, n_tasks=n_tasks, n_levels=n_levels
        )
        next_reads = [*streams_that_are_read(counts)[1:], False]
        self.levels = nn.ModuleList(
            ExtractionLevel(
                n_task_experts=of_task,
                n_shared_experts=n_shared,
                in_width=by_level[j - 1][-1] if j > 0 else in_width,
                expert_widths=by_level[j],
                own_streams=j > 0,
                has_shared_gate=next_reads[j],
                **options,
            )
            for j, (of_task, n_shared) in enumerate(counts)
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
