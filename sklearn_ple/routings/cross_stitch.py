"""CrossStitch: one bottom per task, and linear combinations of them after every layer.

    x ─┬─ layer A ─┐        ┌─ layer A ─┐        ┌─ tower A ── ŷ_A
       │         stitch ─ … ┤         stitch ────┤
       └─ layer B ─┘        └─ layer B ─┘        └─ tower B ── ŷ_B

I. Misra, A. Shrivastava, A. Gupta, M. Hebert, "Cross-stitch Networks for Multi-task Learning",
CVPR 2016 (doi 10.1109/CVPR.2016.433, arXiv 1604.03539). Against a shared bottom: how much tasks
share, at each depth, is learned.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from sklearn_ple.nn import Routing, layer_widths
from sklearn_ple.nn.stitch import Stitch, bottoms_by_level


class CrossStitchRouting(Routing):
    """After each layer h~_k = sum_j alpha_kj h_j, with h_k the activations of task k's bottom.

    Parameters
    ----------
    in_width, n_tasks : int
    bottom_widths : sequence of int
        Layers of each bottom; a stitch follows every one.
    self_share : float
        Start of every alpha_kk; the other entries of a row share the rest equally.
    per_unit : bool
        Whether each unit of a layer has an alpha of its own.
    activation, dropout
        As in `ExpertBank`.
    """

    def __init__(
        self,
        *,
        in_width: int,
        n_tasks: int,
        bottom_widths: Sequence[int],
        self_share: float = 0.9,
        per_unit: bool = False,
        activation: str = "relu",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        bottom_widths = layer_widths(bottom_widths, "bottom_widths")
        bottoms = bottoms_by_level(
            n_tasks,
            in_width=in_width,
            bottom_widths=bottom_widths,
            activation=activation,
            dropout=dropout,
        )
        self.bottoms = nn.ModuleList(bottoms)
        self.stitches = nn.ModuleList(
            Stitch(n_tasks, self_share=self_share, width=width if per_unit else None)
            for width in bottom_widths
        )
        self.out_width = bottom_widths[-1]

    def forward(self, x: Tensor) -> Tensor:
        for bottom, stitch in zip(self.bottoms, self.stitches, strict=True):
            x = stitch(bottom(x))
        return x
