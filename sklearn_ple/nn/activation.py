"""Activation functions by name.

They may overwrite their input, which is always the fresh output of a matrix product.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": torch.relu_,
    "silu": functional.silu,
    "gelu": functional.gelu,
    "tanh": torch.tanh_,
    "identity": lambda x: x,
}
