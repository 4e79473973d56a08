"""AdaTT: every task chooses among the experts of all tasks, and is given its own besides.

         ┌ experts A ┐ gate A + own ─┐     ┌ experts A ┐ gate A + own ── tower A ── ŷ_A
    x ───┼ shared ───┤ gate s + own ─┼─ … ─┼ shared ───┤
         └ experts B ┘ gate B + own ─┘     └ experts B ┘ gate B + own ── tower B ── ŷ_B
            level 1                           level N

D. Li, Z. Zhang, S. Yuan, M. Gao, W. Zhang, C. Yang, X. Liu, J. Yang, "AdaTT: Adaptive Task-to-Task
Fusion Network for Multitask Learning in Recommendations", KDD 2023 (doi 10.1145/3580305.3599769,
arXiv 2304.04959). Against PLE: a task's gate sees the other tasks' experts directly, and a residual
keeps the task's own experts in whatever the gate says.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Unpack

import torch
from torch import Tensor, nn

from sklearn_ple.nn import ExtractionLevel, GateReading, Layer, Routing, mix, per_task
from sklearn_ple.nn.extraction import LevelOptions
from sklearn_ple.nn.layer import provisional, uniform_
from sklearn_ple.nn.levels import Widths, widths_by_level


class OwnExperts(Layer):
    """What readers are given of their own experts besides what gates choose, a matrix.

    A reader with several experts of its own learns a weight for each; the weight of a single one
    is 1, and that of other readers' experts 0. No input has a say in it.

    Parameters
    ----------
    owned : sequence of sequence of int
        For each reader, its own experts.
    n_experts : int
        Experts in all.
    """

    fixed: Tensor
    slots: Tensor
    bounds: Tensor

    def __init__(self, owned: Sequence[Sequence[int]], *, n_experts: int) -> None:
        super().__init__()
        fixed, slots, bounds = torch.zeros(len(owned), n_experts), [], []
        for r, own in enumerate(owned):
            if len(own) == 1:
                fixed[r, own[0]] = 1.0
            else:
                slots += [r * n_experts + e for e in own]
                bounds += [1 / math.sqrt(len(own)) for _ in own]
        self.register_buffer("fixed", fixed, persistent=False)
        self.register_buffer("slots", torch.tensor(slots, dtype=torch.int64), persistent=False)
        self.register_buffer("bounds", torch.tensor(bounds), persistent=False)
        # A vector, so that weight decay, which is for matrices, leaves it alone.
        self.weight = nn.Parameter(torch.empty(len(slots))) if slots else None
        self.reset_parameters(provisional())

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        if self.weight is not None:
            uniform_(self.weight, 1.0, generator)
            with torch.no_grad():
                self.weight.mul_(self.bounds)

    def forward(self) -> Tensor:
        """The matrix (reader, expert)."""
        if self.weight is None:
            return self.fixed
        return self.fixed.flatten().index_copy(0, self.slots, self.weight).view_as(self.fixed)


class AdaTTRouting(Routing):
    """Gates over all experts, plus each reader's own: z_k = (softmax(W_k z_k) + v_k) · experts.

    Level by level; v_k is zero off k's own experts. Below the last level the shared experts have
    such a gate and residual, too.

    Parameters
    ----------
    in_width, n_tasks, n_levels : int
    n_shared_experts : int
        Shared experts of every level.
    n_task_experts : int or sequence of int
        Experts of every task, or of each, at every level.
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
        n_shared_experts: int,
        n_task_experts: int | Sequence[int],
        expert_widths: Widths,
        **options: Unpack[LevelOptions],
    ) -> None:
        super().__init__()
        by_level = widths_by_level(expert_widths, n_levels)
        counts = per_task(n_task_experts, n_tasks, n_shared_experts)
        levels = [
            ExtractionLevel(
                n_task_experts=counts,
                n_shared_experts=n_shared_experts,
                in_width=by_level[j - 1][-1] if j > 0 else in_width,
                expert_widths=widths,
                own_streams=j > 0,
                has_shared_gate=n_shared_experts > 0 and j < n_levels - 1,
                tasks_see_all=True,
                **options,
            )
            for j, widths in enumerate(by_level)
        ]
        self.levels = nn.ModuleList(levels)
        self.own = nn.ModuleList(
            OwnExperts(
                [
                    [e for e, label in enumerate(level.labels) if label[0] == r]
                    for r in level.readers
                ],
                n_experts=len(level.labels),
            )
            for level in levels
        )
        self.out_width = by_level[-1][-1]

    def forward(self, x: Tensor) -> Tensor:
        for level, own in self._parts:
            x = mix(level.gate_weights(x) + own(), level.experts(x))
        return x

    def gate_readings(self, x: Tensor) -> list[GateReading]:
        """The gates alone, which sum to one; every reader is given its own experts besides."""
        readings: list[GateReading] = []
        for j, (level, own) in enumerate(self._parts, start=1):
            for reading in level.readings(x, level=j):
                besides = tuple(label for label in level.labels if label[0] == reading.gate)
                readings.append(replace(reading, besides=besides))
            x = mix(level.gate_weights(x) + own(), level.experts(x))
        return readings

    @property
    def _parts(self) -> list[tuple[ExtractionLevel, OwnExperts]]:
        pairs = zip(self.levels, self.own, strict=True)
        return [
            (level, own)
            for level, own in pairs
            if isinstance(level, ExtractionLevel) and isinstance(own, OwnExperts)
        ]
