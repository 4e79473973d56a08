"""CustomizedSharing: a bottom that all tasks share and one of the task's own, side by side.

        ┌─ bottom A ──┬── tower A ── ŷ_A
    x ──┼─ shared ────┤
        └─ bottom B ──┴── tower B ── ŷ_B

H. Tang, J. Liu, M. Zhao, X. Gong, "Progressive Layered Extraction (PLE): A Novel Multi-Task
Learning Model for Personalized Recommendations", RecSys 2020 (doi 10.1145/3383313.3412236),
figure 1c. Against CGC: no gate, a tower always reads both parts.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from sklearn_ple.nn import ExpertBank, Routing, layer_widths


class CustomizedSharingRouting(Routing):
    """[b_k(x) ; b_s(x)] for each task k, with a bottom b_s for all.

    Parameters
    ----------
    in_width, n_tasks : int
    bottom_widths : sequence of int
        Layers of each bottom.
    activation, dropout
        As in `ExpertBank`.
    """

    def __init__(
        self,
        *,
        in_width: int,
        n_tasks: int,
        bottom_widths: Sequence[int],
        activation: str = "relu",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        bottom_widths = layer_widths(bottom_widths, "bottom_widths")
        self.n_tasks = n_tasks
        self.bottoms = ExpertBank(  # the shared one last
            n_tasks + 1,
            in_width=in_width,
            widths=bottom_widths,
            activation=activation,
            dropout=dropout,
        )
        self.out_width = 2 * bottom_widths[-1]

    def forward(self, x: Tensor) -> Tensor:
        # Task by task, as bottoms write and towers read them; joined row by row they are copied.
        own, shared = self.bottoms(x).transpose(0, 1).split([self.n_tasks, 1])
        return torch.cat([own, shared.expand_as(own)], dim=2).transpose(0, 1)
