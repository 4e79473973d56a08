"""Schemes of bottoms as people write them: a list of streams, one per task, and loops over it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from loop_twins_parts import mlp, mlps, total
from torch import Tensor, nn
from torch.nn.functional import logsigmoid


class LoopBottoms(nn.Module):
    """A bottom per task: single tasks and, with a chain of outputs, ESMM.

    Parameters
    ----------
    in_width, n_tasks : int
    bottom_widths : sequence of int
        Layers of each bottom.
    """

    def __init__(self, *, in_width: int, n_tasks: int, bottom_widths: Sequence[int]) -> None:
        super().__init__()
        self.out_width = bottom_widths[-1]
        self.bottoms = mlps(n_tasks, in_width, bottom_widths)

    def forward(self, X: Tensor) -> list[Tensor]:
        return [bottom(X) for bottom in self.bottoms]


class LoopSharedBottom(nn.Module):
    """One bottom for all tasks; parameters as of `LoopBottoms`."""

    def __init__(self, *, in_width: int, n_tasks: int, bottom_widths: Sequence[int]) -> None:
        super().__init__()
        self.n_tasks, self.out_width = n_tasks, bottom_widths[-1]
        self.bottom = mlp(in_width, bottom_widths)

    def forward(self, X: Tensor) -> list[Tensor]:
        return [self.bottom(X)] * self.n_tasks


class LoopAsymmetricSharing(nn.Module):
    """Task k reads its own bottom plus one linear layer of those of all tasks before it."""

    def __init__(self, *, in_width: int, n_tasks: int, bottom_widths: Sequence[int]) -> None:
        super().__init__()
        self.out_width = bottom_widths[-1]
        self.bottoms = mlps(n_tasks, in_width, bottom_widths)
        width = self.out_width
        self.fuse = nn.ModuleList(
            nn.Linear(k * width, width, bias=False) for k in range(1, n_tasks)
        )

    def forward(self, X: Tensor) -> list[Tensor]:
        h = [bottom(X) for bottom in self.bottoms]
        fused = [h[k] + fuse(torch.cat(h[:k], dim=1)) for k, fuse in enumerate(self.fuse, start=1)]
        return [h[0], *fused]


class LoopCustomizedSharing(nn.Module):
    """Task k reads its own bottom beside the shared one."""

    def __init__(self, *, in_width: int, n_tasks: int, bottom_widths: Sequence[int]) -> None:
        super().__init__()
        self.out_width = 2 * bottom_widths[-1]
        self.bottoms = mlps(n_tasks, in_width, bottom_widths)
        self.shared = mlp(in_width, bottom_widths)

    def forward(self, X: Tensor) -> list[Tensor]:
        shared = self.shared(X)
        return [torch.cat([bottom(X), shared], dim=1) for bottom in self.bottoms]


def stitched(alpha: Tensor, streams: list[Tensor]) -> list[Tensor]:
    """For every stream its own linear combination of all."""
    stacked = torch.stack(streams)
    return [torch.einsum("j,jbh->bh", row, stacked) for row in alpha]


class LoopCrossStitch(nn.Module):
    """Layers of each task, and a matrix after each that mixes the tasks' streams."""

    def __init__(self, *, in_width: int, n_tasks: int, bottom_widths: Sequence[int]) -> None:
        super().__init__()
        self.out_width = bottom_widths[-1]
        self.layers = nn.ModuleList(
            mlps(n_tasks, narrow, [wide]) for narrow, wide in pairwise([in_width, *bottom_widths])
        )
        self.alphas = nn.ParameterList(
            [torch.full((n_tasks, n_tasks), 1 / n_tasks) for _ in bottom_widths]
        )

    def forward(self, X: Tensor) -> list[Tensor]:
        h = [X] * len(self.alphas[0])
        for layers, alpha in zip(self.layers, self.alphas, strict=True):
            h = stitched(alpha, [layer(x) for layer, x in zip(layers, h, strict=True)])
        return h


class LoopSluice(nn.Module):
    """Stitches over parts of layers, and a mixture of all depths, projected to the last width."""

    def __init__(
        self, *, in_width: int, n_tasks: int, bottom_widths: Sequence[int], n_subspaces: int
    ) -> None:
        super().__init__()
        self.n_subspaces = n_subspaces
        self.out_width = bottom_widths[-1]
        self.layers = nn.ModuleList(
            mlps(n_tasks, narrow, [wide]) for narrow, wide in pairwise([in_width, *bottom_widths])
        )
        n_streams = n_tasks * n_subspaces
        self.alphas = nn.ParameterList(
            [torch.full((n_streams, n_streams), 1 / n_streams) for _ in bottom_widths]
        )
        *below, last = bottom_widths
        self.projections = nn.ModuleList(
            nn.ModuleList(
                nn.Identity() if width == last else nn.Linear(width, last) for _ in range(n_tasks)
            )
            for width in [*below, last]
        )
        n_levels = len(bottom_widths)
        self.beta = nn.Parameter(torch.full((n_tasks, n_levels), 1 / n_levels))

    def forward(self, X: Tensor) -> list[Tensor]:
        h, depths = [X] * len(self.beta), []
        for layers, alpha in zip(self.layers, self.alphas, strict=True):
            outputs = [layer(x) for layer, x in zip(layers, h, strict=True)]
            parts = [part for x in outputs for part in x.chunk(self.n_subspaces, dim=1)]
            mixed = stitched(alpha, parts)
            starts = range(0, len(mixed), self.n_subspaces)
            h = [torch.cat(mixed[i : i + self.n_subspaces], dim=1) for i in starts]
            depths.append(h)
        return [
            total(
                self.beta[k, level] * self.projections[level][k](depth[k])
                for level, depth in enumerate(depths)
            )
            for k in range(len(self.beta))
        ]


class LoopMTAN(nn.Module):
    """A trunk of blocks, and for every task a mask over each block."""

    def __init__(
        self,
        *,
        in_width: int,
        n_tasks: int,
        block_widths: Sequence[int],
        attention_widths: Sequence[int],
    ) -> None:
        super().__init__()
        self.n_tasks, self.out_width = n_tasks, block_widths[-1]
        steps = list(pairwise([in_width, *block_widths]))
        self.first = nn.ModuleList(mlp(narrow, [wide]) for narrow, wide in steps)
        self.second = nn.ModuleList(mlp(width, [width]) for width in block_widths)
        self.carry = nn.ModuleList(mlp(narrow, [wide]) for narrow, wide in steps[1:])
        self.attention = nn.ModuleList(
            nn.ModuleList(
                nn.Sequential(
                    *mlp(width if j == 0 else 2 * width, attention_widths),
                    nn.Linear(attention_widths[-1], width),
                    nn.Sigmoid(),
                )
                for _ in range(n_tasks)
            )
            for j, width in enumerate(block_widths)
        )

    def forward(self, X: Tensor) -> list[Tensor]:
        attended: list[Tensor] = []
        for j, (first, second) in enumerate(zip(self.first, self.second, strict=True)):
            u = first(X)
            X = second(u)
            seen = [u] * self.n_tasks
            if j > 0:
                seen = [torch.cat([u, self.carry[j - 1](each)], dim=1) for each in attended]
            attended = [mask(x) * X for mask, x in zip(self.attention[j], seen, strict=True)]
        return attended


class LoopAITM(nn.Module):
    """A bottom per task, and from each task to the next an attention over two tokens."""

    def __init__(self, *, in_width: int, n_tasks: int, bottom_widths: Sequence[int]) -> None:
        super().__init__()
        self.out_width = bottom_widths[-1]
        self.bottoms = mlps(n_tasks, in_width, bottom_widths)
        width, steps = self.out_width, range(n_tasks - 1)
        self.hand = mlps(n_tasks - 1, width, [width])
        self.value = nn.ModuleList(nn.Linear(width, width, bias=False) for _ in steps)
        self.key = nn.ModuleList(nn.Linear(width, width, bias=False) for _ in steps)
        self.query = nn.ModuleList(nn.Linear(width, width, bias=False) for _ in steps)

    def forward(self, X: Tensor) -> list[Tensor]:
        own = [bottom(X) for bottom in self.bottoms]
        z = own[:1]
        for step, q in enumerate(own[1:]):
            tokens = torch.stack([self.hand[step](z[-1]), q], dim=1)
            key, query = self.key[step](tokens), self.query[step](tokens)
            scores = (key * query).sum(2) / math.sqrt(key.shape[2])
            weights = torch.softmax(scores, dim=1).unsqueeze(2)
            z.append((weights * self.value[step](tokens)).sum(1))
        return z


def chain_log_odds(raw: Tensor) -> Tensor:
    """From the log-odds of every step to those of having come so far."""
    outputs, reached = [raw[:, 0]], logsigmoid(raw[:, 0])
    for k in range(1, raw.shape[1]):
        reached = reached + logsigmoid(raw[:, k])
        outputs.append(reached - torch.log(-torch.expm1(reached)))
    return torch.stack(outputs, dim=1)


def rises(raw: Tensor) -> Tensor:
    """AITM's penalty on steps that are likelier than the ones before them."""
    p = torch.sigmoid(raw)
    each = [torch.relu(p[:, k] - p[:, k - 1]) for k in range(1, raw.shape[1])]
    return 0.6 * total(each).mean()
