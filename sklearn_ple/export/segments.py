"""`Segments`: between which knots a value lies, and how far; `KnotRows.locate` in torch."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from sklearn_ple.export.search import SortedColumns
from sklearn_ple.features.knots import KnotRows


class Segments(nn.Module):
    """Rows at which the bins of values start, and fractions of these bins.

    Parameters
    ----------
    knots : list of ndarray
        Ascending knots of each column.

    Attributes
    ----------
    first : Tensor of shape (column,)
        The row of each column's first knot.

    Examples
    --------
    >>> import numpy as np, torch
    >>> segments = Segments([np.array([0.0, 1.0]), np.array([0.0, 2.0, 10.0])])
    >>> rows, fractions = segments(torch.tensor([[0.5, 4.0]], dtype=torch.float64))
    >>> rows.tolist(), fractions.tolist()
    ([[0, 3]], [[0.5, 0.25]])
    """

    first: Tensor
    last: Tensor
    bins: Tensor

    def __init__(self, knots: list[NDArray]) -> None:
        super().__init__()
        laid_out = KnotRows.of(knots)
        self.sorted = SortedColumns(knots)
        bins = np.column_stack([laid_out.left, laid_out.width, laid_out.low, laid_out.high])
        self.register_buffer("bins", torch.from_numpy(bins))
        self.register_buffer("first", torch.from_numpy(laid_out.first))
        self.register_buffer("last", torch.from_numpy(laid_out.last))

    def forward(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Values (n, column) in float64 to rows and fractions, alike."""
        rows = self.sorted.at_most(values) + (self.first - 1)
        rows = torch.minimum(torch.maximum(rows, self.first), self.last)
        left, width, low, high = functional.embedding(rows, self.bins).unbind(-1)
        return rows, torch.minimum(torch.maximum((values - left) / width, low), high)
