"""`Subspaces`: the units of a layer in blocks, as sluice networks share them."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Subspaces(nn.Module):
    """Cuts a layer's units into blocks in a row, and joins them again.

    Where the width is no multiple of the number of blocks, the first are longer by a unit and the
    others filled up with a zero, which is no parameter and never read.

    Parameters
    ----------
    n_subspaces, width : int

    Raises
    ------
    ValueError
        If there are more subspaces than units.

    Examples
    --------
    >>> import torch
    >>> subspaces = Subspaces(2, width=3)
    >>> subspaces.cut(torch.tensor([[1.0, 2.0, 3.0]]))
    tensor([[1., 2.],
            [3., 0.]])
    """

    slots: Tensor | None

    def __init__(self, n_subspaces: int, *, width: int) -> None:
        super().__init__()
        if n_subspaces > width:
            raise ValueError(f"A layer of {width} units has no {n_subspaces} subspaces.")
        self.n_subspaces = n_subspaces
        sizes = [width // n_subspaces + (g < width % n_subspaces) for g in range(n_subspaces)]
        self.block_width = sizes[0]
        slots = [g * sizes[0] + unit for g, size in enumerate(sizes) for unit in range(size)]
        tidy = len(set(sizes)) == 1
        self.register_buffer("slots", None if tidy else torch.tensor(slots), persistent=False)

    def cut(self, layers: Tensor) -> Tensor:
        """(…, task, width) to (…, task * subspace, block width)."""
        *rows, n_tasks, _ = layers.shape
        if self.slots is not None:
            spread = layers.new_zeros(*rows, n_tasks, self.n_subspaces * self.block_width)
            layers = spread.index_copy(-1, self.slots, layers)
        return layers.reshape(*rows, n_tasks * self.n_subspaces, self.block_width)

    def join(self, blocks: Tensor) -> Tensor:
        """The way back."""
        *rows, n_blocks, block_width = blocks.shape
        layers = blocks.reshape(*rows, n_blocks // self.n_subspaces, self.n_subspaces * block_width)
        return layers if self.slots is None else layers.index_select(-1, self.slots)

    def overlap(self, weight: Tensor) -> Tensor:
        """Sum of ||W_g^T W_g'||_F^2 over tasks and pairs of blocks; weight (task, width, in)."""
        n_tasks = len(weight)
        blocks = self.cut(weight.permute(2, 0, 1)).permute(1, 2, 0)
        # ||W_g^T W_g'||^2 is the inner product of W_g W_g^T and W_g' W_g'^T.
        grams = torch.bmm(blocks, blocks.transpose(1, 2)).view(n_tasks, self.n_subspaces, -1)
        return torch.bmm(grams, grams.transpose(1, 2)).triu(1).sum()
