"""`SortedColumns`: where values lie among sorted numbers, in operators that every runtime has."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

_ONE_STAGE = 32
_Comparison = Callable[[Tensor, Tensor], Tensor]


class SortedColumns(nn.Module):
    """Counts, for each value of a column, that column's sorted numbers up to the value.

    ONNX has no binary search. Comparing with all numbers costs as many comparisons as there are
    numbers; here a value is compared with the first number of each block, and then with those of
    one block, which is about twice the square root.

    Parameters
    ----------
    columns : sequence of ndarray
        Sorted numbers, one array per column.

    Examples
    --------
    >>> import numpy as np, torch
    >>> columns = SortedColumns([np.array([1.0, 2.0, 2.0, 5.0])])
    >>> values = torch.tensor([[2.0], [7.0]], dtype=torch.float64)
    >>> columns.at_most(values).tolist(), columns.below(values).tolist()
    ([[3], [4]], [[1], [4]])
    """

    heads: Tensor
    blocks: Tensor
    offsets: Tensor

    def __init__(self, columns: Sequence[NDArray]) -> None:
        super().__init__()
        longest = max(len(each) for each in columns)
        self.n_blocks = 1 if longest <= _ONE_STAGE else round(math.sqrt(longest))
        self.block = -(-longest // self.n_blocks)
        size = (len(columns), self.n_blocks * self.block)
        padded = torch.full(size, torch.inf, dtype=torch.float64)
        for row, each in zip(padded, columns, strict=True):
            row[: len(each)] = torch.from_numpy(each)
        blocks = padded.view(len(columns), self.n_blocks, self.block)
        self.register_buffer("heads", blocks[..., 0].contiguous())
        self.register_buffer("blocks", blocks.reshape(-1, self.block))
        self.register_buffer("offsets", torch.arange(len(columns)) * self.n_blocks)

    def at_most(self, values: Tensor) -> Tensor:
        """How many numbers are not above each value (n, column); none are for NaN."""
        return self._count(values, torch.le)

    def below(self, values: Tensor) -> Tensor:
        """How many numbers are below each value (n, column)."""
        return self._count(values, torch.lt)

    def _count(self, values: Tensor, holds: _Comparison) -> Tensor:
        each = values.unsqueeze(-1)
        if self.n_blocks == 1:
            return holds(self.blocks, each).sum(-1)
        block = (holds(self.heads, each).sum(-1) - 1).clamp(min=0)
        within = functional.embedding(block + self.offsets, self.blocks)
        return block * self.block + holds(within, each).sum(-1)
