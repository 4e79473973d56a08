"""Bottoms side by side and the `Stitch` between them; what cross-stitch and sluice nets share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from sklearn_ple.nn.experts import ExpertBank, layer_widths
from sklearn_ple.nn.layer import Layer


class Stitch(Layer):
    """Linear combinations of streams, the same for every row.

    Stream i becomes sum_j alpha_ij h_j. It starts with `self_share` of itself and the rest in
    equal parts from the others, so that activations keep their scale. A single stream is passed
    on, and there are no parameters.

    Weight decay would pull alpha towards silence, not towards a simpler net; it is spared.

    Parameters
    ----------
    n_streams : int
    self_share : float
        Start of alpha's diagonal.
    width : int or None
        Give every one of this many units an alpha of its own; None for one alpha in all.

    Examples
    --------
    >>> import torch
    >>> stitch = Stitch(2, self_share=0.75)
    >>> stitch(torch.tensor([[[4.0, 0.0], [0.0, 8.0]]]))
    tensor([[[3., 2.],
             [1., 6.]]], grad_fn=...)
    """

    without_decay: ClassVar[tuple[str, ...]] = ("alpha",)

    def __init__(self, n_streams: int, *, self_share: float, width: int | None = None) -> None:
        super().__init__()
        self.self_share = self_share
        size = (n_streams, n_streams)
        empty = torch.empty(size if width is None else (width, *size))
        self.alpha = nn.Parameter(empty) if n_streams > 1 else None
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        if self.alpha is not None:
            self.alpha.fill_((1 - self.self_share) / (self.alpha.shape[-1] - 1))
            self.alpha.diagonal(dim1=-2, dim2=-1).fill_(self.self_share)

    def forward(self, streams: Tensor) -> Tensor:
        """(batch, stream, width) to the same shape."""
        if self.alpha is None:
            return streams
        if self.alpha.dim() == 2:
            return torch.einsum("ij,bjh->bih", self.alpha, streams)
        return torch.bmm(self.alpha, streams.permute(2, 1, 0)).permute(2, 1, 0)


def bottoms_by_level(
    n_tasks: int,
    *,
    in_width: int,
    bottom_widths: Sequence[int],
    activation: str = "relu",
    dropout: float = 0.0,
) -> list[ExpertBank]:
    """One bottom per task, cut into levels of one layer, to put something between them.

    Each level is an `ExpertBank` of one expert per task. The first reads (batch, in_width), the
    others (batch, task, width).

    Raises
    ------
    ValueError
        If there is no level, or one has no unit.
    """
    bottom_widths = layer_widths(bottom_widths, "bottom_widths")
    return [
        ExpertBank(
            n_tasks,
            in_width=narrow,
            widths=(wide,),
            sources=None if level == 0 else range(n_tasks),
            activation=activation,
            dropout=dropout,
        )
        for level, (narrow, wide) in enumerate(
            zip([in_width, *bottom_widths[:-1]], bottom_widths, strict=True)
        )
    ]
