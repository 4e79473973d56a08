"""Units in blocks and back."""

from __future__ import annotations

import pytest
import torch

from sklearn_ple.nn.subspaces import Subspaces

SIZES = [(1, 5), (2, 6), (2, 7), (3, 7), (3, 11), (5, 5), (4, 30)]
BATCH, N_TASKS = 7, 3


def _layers(width: int) -> torch.Tensor:
    return torch.randn(BATCH, N_TASKS, width, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("n", "width"), SIZES)
def test_blocks_in_a_row_task_by_task(n: int, width: int) -> None:
    """As `tensor_split` cuts, the shorter ones ending in a zero."""
    layers = _layers(width)
    blocks = Subspaces(n, width=width).cut(layers)
    assert blocks.shape == (BATCH, N_TASKS * n, -(-width // n))
    for k in range(N_TASKS):
        for g, expected in enumerate(layers[:, k].tensor_split(n, dim=-1)):
            got = blocks[:, k * n + g]
            assert torch.equal(got[:, : expected.shape[1]], expected)
            assert not got[:, expected.shape[1] :].any()


@pytest.mark.parametrize(("n", "width"), SIZES)
def test_joining_undoes_cutting(n: int, width: int) -> None:
    subspaces, layers = Subspaces(n, width=width), _layers(width)
    assert torch.equal(subspaces.join(subspaces.cut(layers)), layers)


@pytest.mark.parametrize(("n", "width"), SIZES)
def test_what_fills_up_is_never_read(n: int, width: int) -> None:
    subspaces = Subspaces(n, width=width)
    blocks = subspaces.cut(_layers(width))
    filler = subspaces.cut(torch.ones(BATCH, N_TASKS, width)) == 0
    assert torch.equal(subspaces.join(blocks.masked_fill(filler, 9.0)), subspaces.join(blocks))
