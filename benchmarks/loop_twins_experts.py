"""Schemes of experts as people write them: one module an expert or a gate, and loops over both."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from loop_twins_parts import Widths, by_level, gates, mixture, mlps, total
from torch import Tensor, nn


class LoopOMOE(nn.Module):
    """Experts and one gate for all tasks.

    Parameters
    ----------
    in_width, n_tasks, n_experts : int
    expert_widths : sequence of int
        Layers inside one expert; of schemes in levels, one layer per level.
    """

    def __init__(
        self, *, in_width: int, n_tasks: int, n_experts: int, expert_widths: Sequence[int]
    ) -> None:
        super().__init__()
        self.out_width = expert_widths[-1]
        self.n_tasks = n_tasks
        self.experts = mlps(n_experts, in_width, expert_widths)
        self.gate = nn.Linear(in_width, n_experts, bias=False)

    def forward(self, X: Tensor) -> list[Tensor]:
        experts = torch.stack([expert(X) for expert in self.experts], dim=1)
        return [mixture(self.gate, X, experts)] * self.n_tasks


class LoopMMOE(nn.Module):
    """Experts and a gate per task; parameters as of `LoopOMOE`."""

    def __init__(
        self, *, in_width: int, n_tasks: int, n_experts: int, expert_widths: Sequence[int]
    ) -> None:
        super().__init__()
        self.out_width = expert_widths[-1]
        self.experts = mlps(n_experts, in_width, expert_widths)
        self.gates = gates(n_tasks, in_width, n_experts)

    def forward(self, X: Tensor) -> list[Tensor]:
        experts = torch.stack([expert(X) for expert in self.experts], dim=1)
        return [mixture(gate, X, experts) for gate in self.gates]


class LoopMLMMOE(nn.Module):
    """MMOE in levels, whose gates all read the input."""

    def __init__(
        self, *, in_width: int, n_tasks: int, n_levels: int, n_experts: int, expert_widths: Widths
    ) -> None:
        super().__init__()
        self.out_width = expert_widths[-1][-1]
        self.experts = nn.ModuleList(
            mlps(n_experts, narrow, widths) for narrow, widths in by_level(in_width, expert_widths)
        )
        readers = [n_experts] * (n_levels - 1) + [n_tasks]
        self.gates = nn.ModuleList(gates(n, in_width, n_experts) for n in readers)

    def forward(self, X: Tensor) -> list[Tensor]:
        streams = [X] * len(self.experts[0])
        for experts, level_gates in zip(self.experts, self.gates, strict=True):
            outputs = [expert(x) for expert, x in zip(experts, streams, strict=True)]
            stacked = torch.stack(outputs, dim=1)
            streams = [mixture(gate, X, stacked) for gate in level_gates]
        return streams


class LoopCGC(nn.Module):
    """Shared experts and experts of each task, and a gate per task over its own and the shared."""

    def __init__(
        self,
        *,
        in_width: int,
        n_tasks: int,
        n_shared_experts: int,
        n_task_experts: int,
        expert_widths: Sequence[int],
    ) -> None:
        super().__init__()
        self.out_width = expert_widths[-1]
        self.own = nn.ModuleList(
            mlps(n_task_experts, in_width, expert_widths) for _ in range(n_tasks)
        )
        self.shared = mlps(n_shared_experts, in_width, expert_widths)
        self.gates = gates(n_tasks, in_width, n_task_experts + n_shared_experts)

    def forward(self, X: Tensor) -> list[Tensor]:
        shared = [expert(X) for expert in self.shared]
        streams = []
        for gate, experts in zip(self.gates, self.own, strict=True):
            candidates = torch.stack([expert(X) for expert in experts] + shared, dim=1)
            streams.append(mixture(gate, X, candidates))
        return streams


class LoopAdaTT(nn.Module):
    """Every gate over all experts, and to each reader a linear combination of its own besides."""

    def __init__(
        self,
        *,
        in_width: int,
        n_tasks: int,
        n_levels: int,
        n_shared_experts: int,
        n_task_experts: int,
        expert_widths: Widths,
    ) -> None:
        super().__init__()
        self.out_width = expert_widths[-1][-1]
        sizes = [n_task_experts] * n_tasks + [n_shared_experts]
        readers = [n_tasks + 1] * (n_levels - 1) + [n_tasks]
        levels = by_level(in_width, expert_widths)
        self.experts = nn.ModuleList(
            nn.ModuleList(mlps(m, narrow, widths) for m in sizes) for narrow, widths in levels
        )
        self.gates = nn.ModuleList(
            gates(n, narrow, sum(sizes)) for n, (narrow, _) in zip(readers, levels, strict=True)
        )
        self.residuals = nn.ModuleList(
            nn.ParameterList([torch.full((m,), 1 / m) for m in sizes[:n]]) for n in readers
        )

    def forward(self, X: Tensor) -> list[Tensor]:
        streams = [X] * len(self.experts[0])
        for groups, level_gates, residuals in zip(
            self.experts, self.gates, self.residuals, strict=True
        ):
            outputs = [
                torch.stack([expert(x) for expert in group], dim=1)
                for group, x in zip(groups, streams, strict=True)
            ]
            everything = torch.cat(outputs, dim=1)
            streams = [
                mixture(gate, x, everything) + (share.unsqueeze(1) * own).sum(1)
                for gate, x, share, own in zip(
                    level_gates, streams, residuals, outputs, strict=False
                )
            ]
        return streams


def logistic_noise(like: Tensor) -> Tensor:
    """The logit of a uniform draw for each entry."""
    uniform = torch.rand_like(like).clamp(1e-6, 1 - 1e-6)
    return torch.log(uniform) - torch.log(1 - uniform)


class LoopSNR(nn.Module):
    """Levels of experts with a gate, drawn at each step, and a matrix on every connection."""

    def __init__(
        self, *, in_width: int, n_tasks: int, n_levels: int, n_experts: int, expert_widths: Widths
    ) -> None:
        super().__init__()
        self.out_width = expert_widths[-1][-1]
        self.experts = nn.ModuleList(
            mlps(n_experts, narrow, widths) for narrow, widths in by_level(in_width, expert_widths)
        )
        readers = [n_experts] * (n_levels - 1) + [n_tasks]
        self.log_alpha = nn.ParameterList([torch.full((n, n_experts), 3.5) for n in readers])
        self.transformations = nn.ModuleList(
            nn.ModuleList(
                nn.ModuleList(nn.Linear(width, width, bias=False) for _ in range(n_experts))
                for _ in range(n)
            )
            for n, width in zip(readers, [w[-1] for w in expert_widths], strict=True)
        )

    def drawn(self, log_alpha: Tensor) -> Tensor:
        """Hard-concrete gates; without noise at prediction."""
        if self.training:
            log_alpha = (log_alpha + logistic_noise(log_alpha)) / 0.9
        return (torch.sigmoid(log_alpha) * 1.2 - 0.1).clamp(0, 1)

    def forward(self, X: Tensor) -> list[Tensor]:
        streams = [X] * len(self.experts[0])
        for experts, log_alpha, matrices in zip(
            self.experts, self.log_alpha, self.transformations, strict=True
        ):
            z = self.drawn(log_alpha)
            u = [expert(x) for expert, x in zip(experts, streams, strict=True)]
            streams = [
                total(z[i, j] * matrix(u[j]) for j, matrix in enumerate(row))
                for i, row in enumerate(matrices)
            ]
        return streams

    def penalty(self, raw: Tensor) -> Tensor:
        """A thousandth of the number of gates that a draw is expected to leave open."""
        shift = 0.9 * math.log(0.1 / 1.1)
        return 1e-3 * total(torch.sigmoid(each - shift).sum() for each in self.log_alpha)


class LoopGumbel(nn.Module):
    """Every task uses a binary choice of experts a level, drawn at each step, and their mean."""

    def __init__(
        self, *, in_width: int, n_tasks: int, n_levels: int, n_experts: int, expert_widths: Widths
    ) -> None:
        super().__init__()
        self.out_width = expert_widths[-1][-1]
        self.experts = nn.ModuleList(
            mlps(n_experts, narrow, widths) for narrow, widths in by_level(in_width, expert_widths)
        )
        self.logits = nn.ParameterList(
            [torch.full((n_tasks, n_experts), 3.5) for _ in range(n_levels)]
        )

    def drawn(self, logits: Tensor) -> Tensor:
        """Zeros and ones, with the gradient of a sigmoid in training."""
        if not self.training:
            return (logits > 0).to(logits.dtype)
        noisy = logits + logistic_noise(logits)
        soft = torch.sigmoid(noisy)
        return (noisy > 0).to(soft.dtype) + (soft - soft.detach())

    def forward(self, X: Tensor) -> list[Tensor]:
        streams: list[Tensor] = []
        for level, (experts, logits) in enumerate(zip(self.experts, self.logits, strict=True)):
            used = self.drawn(logits)
            shares = used / used.sum(1, keepdim=True).clamp(min=1)
            if level == 0:  # all tasks read the input
                outputs = [torch.stack([expert(X) for expert in experts], dim=1)] * len(shares)
            else:
                outputs = [torch.stack([expert(x) for expert in experts], dim=1) for x in streams]
            streams = [
                (share.unsqueeze(1) * each).sum(1)
                for share, each in zip(shares, outputs, strict=True)
            ]
        return streams
