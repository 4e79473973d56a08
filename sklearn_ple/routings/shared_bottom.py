"""SharedBottom: one bottom for all tasks, a tower each (hard parameter sharing).

    x ── bottom ─┬─ tower A ── ŷ_A
                 └─ tower B ── ŷ_B

R. Caruana, "Multitask Learning", Machine Learning 28 (1997).
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from sklearn_ple.nn import ExpertBank, Routing, layer_widths


class SharedBottomRouting(Routing):
    """One bottom that every task reads.

    Parameters
    ----------
    in_width, n_tasks : int
    bottom_widths : sequence of int
        Layers of the bottom.
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
        self.bottom = ExpertBank(
            1, in_width=in_width, widths=bottom_widths, activation=activation, dropout=dropout
        )
        self.n_tasks = n_tasks
        self.out_width = bottom_widths[-1]

    def forward(self, x: Tensor) -> Tensor:
        return self.bottom(x).expand(-1, self.n_tasks, -1)
