"""The logarithm of a loss, finite where the loss is not positive."""

from __future__ import annotations

import math

import torch
from torch import Tensor

_FLOOR = 1e-8


def floored_log(losses: Tensor) -> Tensor:
    """log L, continued below 1e-8 by its tangent.

    So neither the value nor its derivative, 1 / max(L, 1e-8), runs away as a task becomes perfect.

    Examples
    --------
    >>> import torch
    >>> floored_log(torch.tensor([1.0, 0.0]))
    tensor([  0.0000, -19.4207])
    """
    below = math.log(_FLOOR) + (losses - _FLOOR) / _FLOOR
    return torch.where(losses > _FLOOR, losses.clamp(min=_FLOOR).log(), below)


def slope_of_log(losses: Tensor) -> Tensor:
    """The derivative of `floored_log`."""
    return 1 / losses.detach().clamp(min=_FLOOR)
