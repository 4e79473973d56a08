"""`mix` is one weighted sum, however few multiply-adds it takes."""

from __future__ import annotations

from math import prod

import pytest
import torch
from torch import Tensor

from sklearn_ple.nn import mix
from sklearn_ple.nn.mixing import LEAST_PRODUCT

BATCH = 7
SIZES = {  # gates, experts, width
    "one gate of two experts": (1, 2, 11),
    "below the threshold": (3, 7, 19),
    "at the threshold": (4, 5, 20),
    "above the threshold": (3, 2, 67),
    "one of each": (1, 1, 1),
}
over_sizes = pytest.mark.parametrize("sizes", SIZES.values(), ids=SIZES)


def _inputs(sizes: tuple[int, int, int], *, by_expert: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Weights, experts (laid out row by row or expert by expert) and a gradient."""
    n_gates, n_experts, width = sizes
    generator = torch.Generator().manual_seed(0)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, dtype=torch.float64, generator=generator)

    experts = draw(BATCH, n_experts, width)
    if by_expert:
        experts = experts.transpose(0, 1).contiguous().transpose(0, 1)
    weights = draw(BATCH, n_gates, n_experts).requires_grad_()
    return weights, experts.requires_grad_(), draw(BATCH, n_gates, width)


def test_the_sizes_lie_on_both_sides_of_the_threshold() -> None:
    names = ("below", "at", "above")
    below, at, above = (prod(SIZES[f"{name} the threshold"]) for name in names)
    assert (below, at, above) == (LEAST_PRODUCT - 1, LEAST_PRODUCT, LEAST_PRODUCT + 2)


@pytest.mark.parametrize("by_expert", [False, True])
@over_sizes
def test_it_is_the_sum_written_out(sizes: tuple[int, int, int], by_expert: bool) -> None:
    weights, experts, _ = _inputs(sizes, by_expert=by_expert)
    expected = torch.einsum("bge,bew->bgw", weights, experts)
    torch.testing.assert_close(mix(weights, experts), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("by_expert", [False, True])
@over_sizes
def test_its_gradients_are_those_of_the_sum(sizes: tuple[int, int, int], by_expert: bool) -> None:
    """d/dw_ge = sum over units of G_g f_e, and d/df_e = sum over gates of w_ge G_g."""
    weights, experts, gradient = _inputs(sizes, by_expert=by_expert)
    mix(weights, experts).backward(gradient)
    pairs = [
        (weights.grad, torch.einsum("bgw,bew->bge", gradient, experts.detach())),
        (experts.grad, torch.einsum("bge,bgw->bew", weights.detach(), gradient)),
    ]
    for got, expected in pairs:
        torch.testing.assert_close(got, expected, rtol=0, atol=1e-12)


@over_sizes
def test_gates_that_are_the_same_for_all_rows(sizes: tuple[int, int, int]) -> None:
    """Their weights are one tensor, expanded, and its gradient is the sum over rows."""
    weights, experts, gradient = _inputs(sizes, by_expert=False)
    one = weights.detach()[0].requires_grad_()
    mix(one.expand(BATCH, -1, -1), experts).backward(gradient)
    expected = torch.einsum("bgw,bew->ge", gradient, experts.detach())
    torch.testing.assert_close(one.grad, expected, rtol=0, atol=1e-12)
