"""`ExtractionLevel`: shared and task experts with gates over them; what CGC and PLE share."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any, TypedDict

from torch import Tensor, nn

from sklearn_ple.nn.experts import ExpertBank
from sklearn_ple.nn.gate import Gate, GateReading
from sklearn_ple.nn.integers import integers
from sklearn_ple.nn.mixing import mix


class LevelOptions(TypedDict, total=False):
    """Options of `ExtractionLevel` that the schemes made of it pass on."""

    gate_bias: bool
    gate_widths: Sequence[int]
    gate_temperature: float
    expert_norm: bool
    activation: str
    dropout: float


class ExtractionLevel(nn.Module):
    """One extraction network of the PLE paper (its Fig. 5 and equations 2 to 7).

    Task gates choose among the task's own and the shared experts, or among all; the shared gate,
    which exists only where a next level reads it, among all experts.

    Streams are the inputs of a level: one for each task and, last, the shared one where there is
    one. At the first level all streams are the same tensor. A gate reads its reader's stream.

    Parameters
    ----------
    n_task_experts : sequence of int
        Experts of each task.
    n_shared_experts : int
    in_width : int
        Width of what experts and gates read.
    expert_widths : sequence of int
        Width of each layer inside one expert.
    own_streams : bool
        Whether experts read streams of their own (every level but the first).
    has_shared_gate : bool
        Whether a next level reads the shared stream.
    tasks_see_all : bool
        Whether task gates choose among the other tasks' experts, too.
    gate_bias, gate_widths, gate_temperature
        As `bias`, `widths` and `temperature` in `Gate`.
    expert_norm
        As `norm` in `ExpertBank`.
    activation, dropout
        As in `Gate` and `ExpertBank`.
    """

    def __init__(
        self,
        *,
        n_task_experts: Sequence[int],
        n_shared_experts: int,
        in_width: int,
        expert_widths: Sequence[int],
        own_streams: bool,
        has_shared_gate: bool,
        tasks_see_all: bool = False,
        gate_bias: bool = False,
        gate_widths: Sequence[int] = (),
        gate_temperature: float = 1.0,
        expert_norm: bool = False,
        activation: str = "relu",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        n_tasks = len(n_task_experts)
        self.labels = _labels(n_task_experts, n_shared_experts)
        owners = [owner for owner, _ in self.labels]
        self.readers: list[int | None] = list(range(n_tasks))
        self.readers += [None] if has_shared_gate else []
        sources = [n_tasks if owner is None else owner for owner in owners]
        self.experts = ExpertBank(
            len(owners),
            in_width=in_width,
            widths=expert_widths,
            sources=sources if own_streams else None,
            activation=activation,
            dropout=dropout,
            norm=expert_norm,
        )
        self.gate = Gate(
            [
                list(range(len(owners))) if tasks_see_all else _experts_of(reader, owners)
                for reader in self.readers
            ],
            n_experts=len(owners),
            in_width=in_width,
            bias=gate_bias,
            widths=gate_widths,
            temperature=gate_temperature,
            activation=activation,
        )

    def forward(self, x: Tensor) -> Tensor:
        """(batch, in_width) or (batch, stream, in_width) to (batch, reader, width)."""
        return mix(self.gate_weights(x), self.experts(x))

    def gate_weights(self, x: Tensor) -> Tensor:
        """Weights (batch, reader, expert); without a shared gate only task streams are read."""
        return self.gate(x if x.dim() == 2 else x[:, : len(self.readers)])

    def readings(self, x: Tensor, level: int) -> list[GateReading]:
        """The gates of this level, by name."""
        weights = self.gate_weights(x)
        return [
            GateReading(
                level, reader, tuple(self.labels[e] for e in each), weights[:, g, list(each)]
            )
            for g, (reader, each) in enumerate(zip(self.readers, self.gate.candidates, strict=True))
        ]


def _labels(n_task_experts: Sequence[int], n_shared_experts: int) -> list[tuple[int | None, int]]:
    """Whose each expert is, None for all, and its number among those of this owner."""
    counts = [*enumerate(n_task_experts), (None, n_shared_experts)]
    return [(owner, j) for owner, count in counts for j in range(count)]


def _experts_of(reader: int | None, owners: Sequence[int | None]) -> list[int]:
    """What a gate may choose: a task its own and the shared experts, the shared one all."""
    return [e for e, owner in enumerate(owners) if reader is None or owner in (reader, None)]


def per_task(n_task_experts: int | Sequence[int], n_tasks: int, n_shared_experts: int) -> list[int]:
    """Experts of each task, from one number for all or one for each.

    Parameters
    ----------
    n_task_experts : int or sequence of int
    n_tasks : int
    n_shared_experts : int
        Whoever has none of its own reads these.

    Returns
    -------
    list of int

    Raises
    ------
    ValueError
        If there are not as many numbers as tasks, one is no integer or negative, or a task is left
        without any expert.
    """
    one_for_all = isinstance(n_task_experts, Integral)
    given: Any = [n_task_experts] * n_tasks if one_for_all else n_task_experts
    counts = list(integers(given, "n_task_experts"))
    if len(counts) != n_tasks:
        raise ValueError(f"n_task_experts has {len(counts)} entries for {n_tasks} tasks.")
    if min(counts) < 0 or (n_shared_experts == 0 and min(counts) == 0):
        raise ValueError(
            f"n_task_experts={n_task_experts} with n_shared_experts={n_shared_experts} leaves a "
            f"task without experts."
        )
    return counts
