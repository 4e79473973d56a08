"""Towers of unequal sizes, run as one, against a loop over tasks."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from sklearn_ple.architectures import SingleTaskRouting
from sklearn_ple.nn import Coupling, FeatureEncoder, MultiTaskModule, TowerBank, initialise

BATCH, IN_WIDTH = 7, 5


def _bank(n_raw: tuple[int, ...], widths: tuple[int, ...]) -> TowerBank:
    bank = TowerBank(n_raw, in_width=IN_WIDTH, widths=widths, activation="tanh")
    initialise(bank, torch.Generator().manual_seed(0))
    with torch.no_grad():
        bank.bias.normal_(generator=torch.Generator().manual_seed(2))
    return bank.double()


def _inputs(n_tasks: int) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(BATCH, n_tasks, IN_WIDTH, dtype=torch.float64, generator=generator)


@pytest.mark.parametrize("widths", [(), (11,), (11, 8)])
@pytest.mark.parametrize("n_raw", [(1,), (4,), (1, 1, 1), (3, 3), (1, 4, 2), (6, 1)])
def test_against_a_loop(n_raw: tuple[int, ...], widths: tuple[int, ...]) -> None:
    bank, x = _bank(n_raw, widths), _inputs(len(n_raw))
    parts, start = [], 0
    for k, n in enumerate(n_raw):
        h = x[:, k]
        if widths:
            for weight, bias in zip(bank.hidden.weights, bank.hidden.biases, strict=True):
                h = torch.tanh(h @ weight[k].T + bias[k])
        rows = slice(start, start := start + n)
        parts.append(h @ bank.weight[rows].T + bank.bias[rows])
    torch.testing.assert_close(bank(x), torch.cat(parts, dim=1), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("n_raw", [(1, 1, 1), (1, 4, 2)])
def test_a_task_reads_its_own_representation_alone(n_raw: tuple[int, ...]) -> None:
    bank, x = _bank(n_raw, (11,)), _inputs(3)
    owners = torch.repeat_interleave(torch.arange(3), torch.tensor(n_raw))
    before = bank(x)
    for k in range(3):
        other = x.clone()
        other[:, k] += 1
        moved = (bank(other) != before).all(0)
        assert torch.equal(moved, owners == k)


class _Sum(Coupling):
    """Raw output i is the sum of all up to i."""

    def forward(self, raw: Tensor) -> Tensor:
        return raw.cumsum(1)


def test_coupling_comes_last() -> None:
    bank = _bank((1, 4, 2), (11,))
    encoder = FeatureEncoder(n_numbers=IN_WIDTH).double()
    routing = SingleTaskRouting(in_width=IN_WIDTH, n_tasks=3, bottom_widths=(IN_WIDTH,)).double()
    x = _inputs(1)[:, 0]
    plain = MultiTaskModule(encoder, routing, bank)(numbers=x)
    coupled = MultiTaskModule(encoder, routing, bank, _Sum())(numbers=x)
    torch.testing.assert_close(coupled, plain.cumsum(1))
