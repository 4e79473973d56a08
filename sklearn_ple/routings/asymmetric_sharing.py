"""AsymmetricSharing: a bottom per task, and towers that read other tasks' bottoms too, as one says.

    x ─┬─ bottom A ─┬───────── tower A ── ŷ_A        A reads {A}
       │            └──┐
       └─ bottom B ── fuse ─── tower B ── ŷ_B        B reads {A, B}

H. Tang, J. Liu, M. Zhao, X. Gong, "Progressive Layered Extraction (PLE): A Novel Multi-Task
Learning Model for Personalized Recommendations", RecSys 2020 (doi 10.1145/3383313.3412236),
figure 1b. Against hard sharing: who learns from whom is given, and need not be mutual.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral
from typing import Any, Literal

import torch
from torch import Tensor, nn

from sklearn_ple.nn import ExpertBank, Layer, Routing, layer_widths
from sklearn_ple.nn.layer import provisional, uniform_

TaskId = str | int
Relations = Mapping[TaskId, Iterable[TaskId]] | Sequence[Iterable[TaskId]] | None
Fusion = Literal["concat", "sum", "mean"]


class Projections(Layer):
    """h_k + sum_j W_kj h_j: a square matrix for each bottom that a task reads besides its own.

    Parameters
    ----------
    others : sequence of (sequence of int)
        For each task, whose bottoms it reads besides its own; at least one task does.
    width : int
    """

    shares: Tensor  # for each matrix, the share of variance that it starts with

    def __init__(self, others: Sequence[Sequence[int]], width: int) -> None:
        super().__init__()
        self.others = [tuple(each) for each in others]
        self.counts = [len(each) for each in others]
        shares = [1 / n for n in self.counts for _ in range(n)]
        self.weight = nn.Parameter(torch.empty(len(shares), width, width))
        self.register_buffer("shares", torch.tensor(shares), persistent=False)
        self.reset_parameters(provisional())

    @torch.no_grad()
    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        uniform_(self.weight, 1.0, generator)
        self.weight.mul_((3 * self.shares / self.weight.shape[2]).sqrt()[:, None, None])

    def forward(self, bottoms: Tensor) -> Tensor:
        """(task, batch, width) to the same shape.

        A loop, for tasks read different numbers of bottoms: one product of all, with zeros where
        nothing is read, multiplies twice as much as needed, and one of pairs stores every pair.
        """
        h = bottoms.unbind(0)
        fused = []
        weights = self.weight.split(self.counts)
        for own, others, weight in zip(h, self.others, weights, strict=True):
            if others:
                read = torch.cat([h[j] for j in others], dim=1)
                own = torch.addmm(own, read, weight.transpose(0, 1).flatten(1).t())
            fused.append(own)
        return torch.stack(fused)


class AsymmetricSharingRouting(Routing):
    """A bottom per task, h_j = b_j(x); h_k is fused with the h_j of all tasks j that k reads.

    The sum or the mean of them, or h_k + sum_j W_kj h_j ("concat", see the estimator). A task that
    reads its own bottom alone gets that, however the others fuse.

    Parameters
    ----------
    in_width, n_tasks : int
    bottom_widths : sequence of int
        Layers of each bottom.
    relations : dict, list or None
        As in `AsymmetricSharingEstimator`.
    fusion : {"concat", "sum", "mean"}
    target_names : sequence of str or None
        What tasks may be called in `relations`; without them they are known by position only.
    activation, dropout
        As in `ExpertBank`.

    Attributes
    ----------
    reads : tuple of (tuple of int)
        For each task, the positions of the tasks whose bottoms it reads.
    """

    matrix: Tensor  # (task, bottom): 1 where the task reads it, else 0

    def __init__(
        self,
        *,
        in_width: int,
        n_tasks: int,
        bottom_widths: Sequence[int],
        relations: Relations = None,
        fusion: Fusion = "concat",
        target_names: Sequence[str] | None = None,
        activation: str = "relu",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        bottom_widths = layer_widths(bottom_widths, "bottom_widths")
        self.reads = resolve_relations(relations, n_tasks, target_names)
        self.bottoms = ExpertBank(
            n_tasks,
            in_width=in_width,
            widths=bottom_widths,
            activation=activation,
            dropout=dropout,
        )
        self.out_width = bottom_widths[-1]
        self.fusion = fusion
        others = [[j for j in each if j != k] for k, each in enumerate(self.reads)]
        self.alone = not any(others)
        concat = fusion == "concat" and not self.alone
        self.projections = Projections(others, self.out_width) if concat else None
        matrix = torch.tensor([[float(j in each) for j in range(n_tasks)] for each in self.reads])
        self.register_buffer("matrix", matrix, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        own = self.bottoms(x)
        if self.alone:
            return own
        h = own.transpose(0, 1)
        if self.projections is not None:
            fused: Tensor = self.projections(h)
            return fused.transpose(0, 1)
        matrix = self.matrix
        if self.fusion == "mean":
            matrix = matrix / matrix.sum(1, keepdim=True)
        return (matrix @ h.flatten(1)).view_as(h).transpose(0, 1)


def resolve_relations(
    relations: Relations, n_tasks: int, target_names: Sequence[str] | None = None
) -> tuple[tuple[int, ...], ...]:
    """For each task the positions of those whose bottoms it reads, in order, its own included.

    Raises
    ------
    ValueError
        If a list has not one entry per task, an entry is no list, or a task is unknown or given
        twice.
    """
    names = list(target_names) if target_names is not None else []
    if relations is None:
        return tuple(tuple(range(k + 1)) for k in range(n_tasks))
    if isinstance(relations, Mapping):
        readers = [_position(task, n_tasks, names) for task in relations]
        entries = list(relations.values())
        if len(set(readers)) < len(readers):
            raise ValueError(f"relations names a task twice: {list(relations)}.")
    else:
        readers, entries = list(range(n_tasks)), list(relations)
        if len(entries) != n_tasks:
            raise ValueError(f"relations has {len(entries)} entries for {n_tasks} tasks.")
    reads = [{k} for k in range(n_tasks)]
    for k, entry in zip(readers, entries, strict=True):
        if isinstance(entry, str) or not isinstance(entry, Iterable):
            raise ValueError(
                f"Each entry of relations must be a list of tasks, got {entry!r}; for a single "
                f"one write [{entry!r}]."
            )
        reads[k] |= {_position(task, n_tasks, names) for task in entry}
    return tuple(tuple(sorted(each)) for each in reads)


def _position(task: Any, n_tasks: int, names: Sequence[str]) -> int:
    """Where a task stands, by its name or its position."""
    if isinstance(task, str) and task in names:
        return names.index(task)
    is_position = not isinstance(task, bool) and isinstance(task, Integral)
    if is_position and 0 <= task < n_tasks:
        return int(task)
    known = f"{list(names)} or their positions" if names else "the positions"
    raise ValueError(
        f"relations names the task {task!r}, but tasks are {known} 0 to {n_tasks - 1}."
    )
