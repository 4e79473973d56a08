"""What the loop twins are made of: plain layers, one gate's mixture, and a tower per task."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from functools import reduce

import torch
from torch import Tensor, nn

Widths = Sequence[Sequence[int]]  # of the layers in an expert, for every level
Penalty = Callable[[Tensor], Tensor | None]


def mlp(in_width: int, widths: Sequence[int]) -> nn.Sequential:
    """Linear layers with ReLU after each."""
    layers: list[nn.Module] = []
    for width in widths:
        layers += [nn.Linear(in_width, width), nn.ReLU()]
        in_width = width
    return nn.Sequential(*layers)


def by_level(in_width: int, expert_widths: Widths) -> list[tuple[int, Sequence[int]]]:
    """For every level, what its experts read and the widths of their layers."""
    return list(zip([in_width, *(w[-1] for w in expert_widths)], expert_widths, strict=False))


def mlps(n: int, in_width: int, widths: Sequence[int]) -> nn.ModuleList:
    """As many of them side by side."""
    return nn.ModuleList(mlp(in_width, widths) for _ in range(n))


def gates(n: int, in_width: int, n_experts: int) -> nn.ModuleList:
    """Linear layers without bias, whose softmax weighs experts."""
    return nn.ModuleList(nn.Linear(in_width, n_experts, bias=False) for _ in range(n))


def mixture(gate: nn.Module, X: Tensor, experts: Tensor) -> Tensor:
    """What one gate that reads X makes of experts (batch, expert, width): (batch, width)."""
    weights = torch.softmax(gate(X), dim=1).unsqueeze(2)
    return (weights * experts).sum(1)


def total(parts: Iterable[Tensor]) -> Tensor:
    """Their sum; Python's own would begin by adding one to 0."""
    return reduce(operator.add, parts)


def unchanged(raw: Tensor) -> Tensor:
    """Raw outputs of tasks that do not depend on each other."""
    return raw


def nothing(raw: Tensor) -> None:
    """No penalty."""


class LoopNet(nn.Module):
    """A trunk that gives a list of streams, one per task, and a tower for each.

    Parameters
    ----------
    trunk : nn.Module
        From (batch, features) to a list of (batch, out_width), one per task; it says `out_width`.
    n_tasks, tower_width : int
    couple : callable
        From the towers' outputs (batch, task) to those that the loss reads.
    penalty : callable
        What the outputs add to the loss, a scalar or None.
    """

    def __init__(
        self,
        trunk: nn.Module,
        *,
        n_tasks: int,
        tower_width: int,
        couple: Callable[[Tensor], Tensor] = unchanged,
        penalty: Penalty = nothing,
    ) -> None:
        super().__init__()
        self.trunk = trunk
        self.towers = nn.ModuleList(
            nn.Sequential(*mlp(trunk.out_width, [tower_width]), nn.Linear(tower_width, 1))
            for _ in range(n_tasks)
        )
        self.couple, self.penalty = couple, penalty

    def forward(self, X: Tensor) -> Tensor:
        streams = self.trunk(X)
        parts = [tower(h) for tower, h in zip(self.towers, streams, strict=True)]
        return self.couple(torch.cat(parts, dim=1))
