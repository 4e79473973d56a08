"""`TowerBank`: one tower per task, from its representation to its raw outputs."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sklearn_ple.nn.experts import ExpertBank, layer_widths
from sklearn_ple.nn.layer import Layer, provisional, uniform_
from sklearn_ple.nn.recorded import Recorded


class TowerBank(Recorded, Layer):
    """Towers of equal hidden widths whose last layers may differ in size.

    Parameters
    ----------
    n_raw : sequence of int
        Raw outputs of each task.
    in_width : int
    widths : sequence of int
        Hidden layers of each tower; may be empty.
    activation, dropout
        As in `ExpertBank`.
    """

    slots: Tensor

    def __init__(
        self,
        n_raw: Sequence[int],
        *,
        in_width: int,
        widths: Sequence[int] = (),
        activation: str = "relu",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        widths = layer_widths(widths, "tower_widths", may_be_empty=True)
        n_tasks = len(n_raw)
        self.hidden = (
            ExpertBank(
                n_tasks,
                in_width=in_width,
                widths=widths,
                sources=range(n_tasks),
                activation=activation,
                dropout=dropout,
            )
            if widths
            else nn.Identity()
        )
        self.n_tasks, self.n_slots = n_tasks, max(n_raw)
        slots = [k * self.n_slots + j for k, n in enumerate(n_raw) for j in range(n)]
        self.register_buffer("slots", torch.tensor(slots), persistent=False)
        self._full = len(slots) == n_tasks * self.n_slots
        self.weight = nn.Parameter(torch.empty(len(slots), [in_width, *widths][-1]))
        self.bias = nn.Parameter(torch.empty(len(slots)))
        self.reset_parameters(provisional())

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        uniform_(self.weight, 0.1 / math.sqrt(self.weight.shape[1]), generator)
        nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, task, in_width) to the raw outputs of all tasks, (batch, n_raw)."""
        h = self.hidden(x).transpose(0, 1)
        weight: Tensor = self.weight
        if not self._full:
            spread = weight.new_zeros(self.n_tasks * self.n_slots, weight.shape[1])
            weight = spread.index_copy(0, self.slots, weight)
        raw = torch.bmm(h, weight.view(self.n_tasks, self.n_slots, -1).transpose(1, 2))
        raw = raw.transpose(0, 1).flatten(1)
        return (raw if self._full else raw.index_select(1, self.slots)) + self.bias
