"""Noise from a lent generator: its range, and compiled the same, with no gradient asked of it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from sklearn_ple.nn import Noisy, lend_generator

ROWS, WIDTH = 7, 11


class Times(Noisy):
    """Multiplies by noise, whose derivative is that noise then."""

    def forward(self, x: Tensor) -> Tensor:
        return x * self.draw_uniform(x.shape, x)


class Kept(Noisy):
    """Keeps about three entries of four."""

    def forward(self, x: Tensor) -> Tensor:
        return x * (self.draw_bytes(x) >= 64)


def _drawn(module: Noisy, *, compiled: bool) -> tuple[Tensor, Tensor]:
    """What a module makes of ones, and its derivative."""
    lend_generator(module, torch.Generator().manual_seed(3))
    x = torch.ones(ROWS, WIDTH, requires_grad=True)
    out = (torch.compile(module, backend="eager") if compiled else module)(x)
    out.sum().backward()
    return out.detach(), x.grad


@pytest.mark.parametrize("kind", [Times, Kept])
def test_compiled_or_not_the_same_noise_and_no_warning_where_the_input_has_a_gradient(
    kind,
) -> None:
    plain, slope = _drawn(kind(), compiled=False)
    torch.testing.assert_close(_drawn(kind(), compiled=True), (plain, slope), rtol=0, atol=0)
    torch.testing.assert_close(slope, plain, rtol=0, atol=0)
    assert len(plain.unique()) > 1


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_uniform_draws_exclude_both_ends_and_need_no_gradient(dtype) -> None:
    noisy = Times()
    lend_generator(noisy, torch.Generator().manual_seed(5))
    like = torch.zeros(2, dtype=dtype, requires_grad=True)
    drawn = noisy.draw_uniform((613, 13), like)
    assert drawn.dtype == dtype
    assert not drawn.requires_grad
    assert 0 < drawn.min() < 0.01
    assert 0.99 < drawn.max() < 1
    assert abs(drawn.mean() - 0.5) < 5 / (12 * drawn.numel()) ** 0.5
