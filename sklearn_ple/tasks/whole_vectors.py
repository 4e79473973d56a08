"""Rows filled up to whole vectors, so that what becomes of a row does not depend on its place."""

from __future__ import annotations

import torch
from torch import Tensor

WHOLE_VECTORS = 64


def filled_up(rows: Tensor) -> Tensor:
    """Rows (n, …), followed by rows of zeros up to a multiple of 64.

    On a CPU torch computes whole vectors in one way and the few numbers that are left in another,
    which may differ in the last bit. (`pad` of torch 2.7 takes no tensor of width 0.)
    """
    lacking = -len(rows) % WHOLE_VECTORS
    return torch.cat([rows, rows.new_zeros(lacking, *rows.shape[1:])]) if lacking else rows
