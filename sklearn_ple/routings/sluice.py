"""Sluice: bottoms whose layers are cut into subspaces, mixed across tasks and across depth.

    x ─┬─ layer A, parts 1 2 ─┐         ┌─ layer A, parts 1 2 ─┐
       │                    stitch ──┬──┤                    stitch ──┐
       └─ layer B, parts 1 2 ─┘      │  └─ layer B, parts 1 2 ─┘      │
                                     └───────── every layer ──────────┴─┬─ β_A ── tower A ── ŷ_A
                                                                        └─ β_B ── tower B ── ŷ_B

S. Ruder, J. Bingel, I. Augenstein, A. Søgaard, "Latent Multi-Task Architecture Learning", AAAI 2019
(doi 10.1609/aaai.v33i01.33014822, arXiv 1705.08142). Against cross-stitch: a task may share one
part of a layer and keep another, and reads every depth.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from sklearn_ple.nn import ExpertBank, Layer, Routing, layer_widths
from sklearn_ple.nn.stitch import Stitch, bottoms_by_level
from sklearn_ple.nn.subspaces import Subspaces


class LevelMix(Layer):
    """Sum over levels l of beta_kl h_k^l, for each task k, at the width of the last level.

    A level of another width is first projected by a linear layer of each task. A single level is
    passed on, and there are no parameters. Beta is spared by weight decay.

    Parameters
    ----------
    n_tasks : int
    widths : sequence of int
        Width of each level.
    last_share : float
        Start of the last level's beta; the other levels share the rest equally.
    """

    without_decay: ClassVar[tuple[str, ...]] = ("beta",)

    def __init__(self, n_tasks: int, *, widths: Sequence[int], last_share: float) -> None:
        super().__init__()
        self.last_share = last_share
        self.projections = nn.ModuleList(
            nn.Identity()
            if width == widths[-1]
            else ExpertBank(
                n_tasks,
                in_width=width,
                widths=widths[-1:],
                sources=range(n_tasks),
                activation="identity",
            )
            for width in widths
        )
        n_levels = len(widths)
        self.beta = nn.Parameter(torch.empty(n_tasks, n_levels)) if n_levels > 1 else None
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        if self.beta is not None:
            self.beta.fill_((1 - self.last_share) / (self.beta.shape[1] - 1))
            self.beta[:, -1] = self.last_share

    def forward(self, levels: Sequence[Tensor]) -> Tensor:
        """Levels, each (batch, task, its width), to (batch, task, last width)."""
        if self.beta is None:
            return levels[-1]
        shares = self.beta.unsqueeze(-1).unbind(1)
        parts = [
            share * project(level)
            for share, project, level in zip(shares, self.projections, levels, strict=True)
        ]
        return sum(parts[1:], start=parts[0])


class SluiceLevel(nn.Module):
    """One layer of every task's bottom, and the stitch over all their subspaces.

    Parameters
    ----------
    bottom : ExpertBank
        One expert per task, of one layer.
    n_subspaces : int
    self_share : float
        As in `Stitch`.
    """

    def __init__(self, bottom: ExpertBank, *, n_subspaces: int, self_share: float) -> None:
        super().__init__()
        n_tasks, width, _ = bottom.weights[0].shape
        self.bottom = bottom
        self.subspaces = Subspaces(n_subspaces, width=width)
        self.stitch = Stitch(n_tasks * n_subspaces, self_share=self_share)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, in_width) or (batch, task, in_width) to (batch, task, width)."""
        return self.subspaces.join(self.stitch(self.subspaces.cut(self.bottom(x))))

    def overlap(self) -> Tensor:
        """Sum of ||W_g^T W_g'||_F^2 over tasks and pairs of subspaces, a scalar."""
        return self.subspaces.overlap(self.bottom.weights[0])


class SluiceRouting(Routing):
    """Blocks of all tasks stacked, h~ = alpha h after each layer; out_k = sum_l beta_kl h~_k^l.

    Parameters
    ----------
    in_width, n_tasks : int
    bottom_widths : sequence of int
        Layers of each bottom.
    n_subspaces : int
        Blocks of each layer.
    self_share, last_share : float
        Start of alpha's diagonal, and of beta at the last level; the rest is shared equally.
    orthogonality : float
        Weight of the sum of ||W_g^T W_g'||_F^2 over levels, tasks and pairs of blocks.
    activation, dropout
        As in `ExpertBank`.
    """

    def __init__(
        self,
        *,
        in_width: int,
        n_tasks: int,
        bottom_widths: Sequence[int],
        n_subspaces: int = 2,
        self_share: float = 0.9,
        last_share: float = 0.9,
        orthogonality: float = 0.0,
        activation: str = "relu",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        bottom_widths = layer_widths(bottom_widths, "bottom_widths")
        self.orthogonality = orthogonality if n_subspaces > 1 else 0.0
        bottoms = bottoms_by_level(
            n_tasks,
            in_width=in_width,
            bottom_widths=bottom_widths,
            activation=activation,
            dropout=dropout,
        )
        self.levels = nn.ModuleList(
            SluiceLevel(bottom, n_subspaces=n_subspaces, self_share=self_share)
            for bottom in bottoms
        )
        self.mix = LevelMix(n_tasks, widths=bottom_widths, last_share=last_share)
        self.out_width = bottom_widths[-1]

    def forward(self, x: Tensor) -> Tensor:
        outputs = []
        for level in self.levels:
            x = level(x)
            outputs.append(x)
        return self.mix(outputs)

    def penalty(self) -> Tensor | None:
        if self.orthogonality == 0:
            return None
        overlaps = [level.overlap() for level in self.levels if isinstance(level, SluiceLevel)]
        return self.orthogonality * torch.stack(overlaps).sum()
