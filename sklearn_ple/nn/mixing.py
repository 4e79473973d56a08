"""`mix`: the weighted sums that gates make of experts."""

from __future__ import annotations

import torch
from torch import Tensor

# Multiply-adds a row from which torch hands a batched product to a fast library. Below, it takes
# plain loops of its own: for a batch of 1024 a millisecond or two, where sums by hand take a half.
LEAST_PRODUCT = 400


def mix(weights: Tensor, experts: Tensor) -> Tensor:
    """Weighted sums of experts.

    Parameters
    ----------
    weights : Tensor of shape (batch, gate, expert)
    experts : Tensor of shape (batch, expert, width)

    Returns
    -------
    Tensor of shape (batch, gate, width)
    """
    if weights.device.type == "cpu" and not torch.compiler.is_exporting():
        if torch.compiler.is_compiling():
            return _mix_for_the_compiler(weights, experts)
        if weights.shape[1] * experts.shape[1] * experts.shape[2] < LEAST_PRODUCT:
            return _by_hand(weights, experts)
    return torch.bmm(weights, experts)


def _by_hand(weights: Tensor, experts: Tensor) -> Tensor:
    """Products and their sums, entry by entry."""
    return (weights.unsqueeze(-1) * experts.unsqueeze(1)).sum(2)


def _mix_for_the_compiler(weights: Tensor, experts: Tensor) -> Tensor:
    """The same as products and sums, which the compiler fuses with what stands around them.

    Given a batched product it picks memory layouts for which that product is slow. Left to itself
    it also works out the gradient of the result anew for each of its many uses; so that is stored.
    """
    mixed: Tensor = stored(_by_hand(weights, experts))
    return mixed


@torch.library.custom_op("sklearn_ple::stored", mutates_args=())
def stored(x: Tensor) -> Tensor:
    """The same, as one tensor in memory that no compiler looks into, and its gradient likewise."""
    return x.clone(memory_format=torch.contiguous_format)


@stored.register_fake
def _(x: Tensor) -> Tensor:
    return torch.empty_like(x, memory_format=torch.contiguous_format)


stored.register_autograd(lambda _, gradient: stored(gradient))
