"""SingleTask: one network per task, nothing shared; the yardstick of every sharing scheme.

    x ─┬─ encoding A ── bottom A ── tower A ── ŷ_A
       └─ encoding B ── bottom B ── tower B ── ŷ_B

Tang et al. (RecSys 2020) measure multi-task gain against it. The nets are fitted together, in one
batched product a layer, and have no parameter in common.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from torch import Tensor

from sklearn_ple.nn import ExpertBank, Routing, layer_widths


class SingleTaskRouting(Routing):
    """One bottom per task, over an encoding of its own.

    Parameters
    ----------
    in_width, n_tasks : int
    bottom_widths : sequence of int
        Layers of each bottom.
    activation, dropout
        As in `ExpertBank`.
    """

    own_encodings: ClassVar[bool] = True

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
        self.bottoms = ExpertBank(
            n_tasks,
            in_width=in_width,
            widths=bottom_widths,
            sources=range(n_tasks),
            activation=activation,
            dropout=dropout,
        )
        self.out_width = bottom_widths[-1]

    def forward(self, x: Tensor) -> Tensor:
        return self.bottoms(x)
