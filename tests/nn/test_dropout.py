"""Dropout: which share falls out, by what the rest is scaled, and whose randomness it uses."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from sklearn_ple.nn import Dropout, ExpertBank, lend_generator

SHAPE = (613, 7, 11)


def _dropout(p: float, seed: int = 0) -> Dropout:
    dropout = Dropout(p)
    dropout.generator = torch.Generator().manual_seed(seed)
    return dropout


@pytest.mark.parametrize("p", [0.01, 0.15, 0.3, 0.5, 0.9, 0.99])
def test_share_and_scale(p: float) -> None:
    """The share is p to the nearest 1/256; what stays is divided by the share that is kept."""
    used = round(p * 256) / 256
    out = _dropout(p)(torch.ones(SHAPE, dtype=torch.float64))
    kept = out[out != 0]
    assert torch.equal(kept, torch.full_like(kept, 1 / (1 - used)))
    share = 1 - len(kept) / out.numel()
    spread = (used * (1 - used) / out.numel()) ** 0.5
    assert abs(share - used) < 5 * spread
    assert abs(used - p) <= 1 / 512


@pytest.mark.parametrize("p", [0.15, 0.5])
def test_the_mean_is_kept(p: float) -> None:
    x = torch.rand(SHAPE, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    assert _dropout(p)(x).mean() == pytest.approx(x.mean().item(), rel=0.03)


@pytest.mark.parametrize("n", [1, 7, 8, 9, 63, 64, 65])
def test_any_number_of_entries(n: int) -> None:
    """Random words are cut into bytes: the last one only as far as needed."""
    x = torch.arange(1.0, n + 1)
    out = _dropout(0.5)(x)
    assert ((out == 0) | (out == 2 * x)).all()


def test_neighbours_fall_out_independently() -> None:
    out = _dropout(0.5)(torch.ones(20_000, 8)) > 0
    together = (out[:, :-1] & out[:, 1:]).double().mean(0)
    assert (together - 0.25).abs().max() < 5 * (0.25 * 0.75 / 20_000) ** 0.5


def test_the_gradient_passes_through_what_is_kept_and_scaled_alike() -> None:
    x = torch.rand(SHAPE, dtype=torch.float64).add_(0.5).requires_grad_()
    out = _dropout(0.3)(x)
    out.sum().backward()
    torch.testing.assert_close(x.grad, (out / x).detach())


def test_identity_in_evaluation_and_without_dropout() -> None:
    x = torch.randn(SHAPE)
    assert _dropout(0.5).eval()(x) is x
    assert _dropout(0.0)(x) is x


def test_the_same_generator_gives_the_same_noise() -> None:
    x = torch.ones(SHAPE)
    one, other = _dropout(0.5, seed=3), _dropout(0.5, seed=3)
    assert torch.equal(one(x), other(x))
    assert not torch.equal(one(x), _dropout(0.5, seed=3)(x))  # a second draw goes on


def test_with_a_generator_of_its_own_torchs_is_left_alone() -> None:
    before = torch.get_rng_state()
    _dropout(0.5)(torch.ones(SHAPE))
    assert torch.equal(before, torch.get_rng_state())


def test_without_one_it_draws_from_torchs() -> None:
    state = torch.get_rng_state()
    try:
        torch.manual_seed(11)
        one = Dropout(0.5)(torch.ones(SHAPE))
        torch.manual_seed(11)
        assert torch.equal(one, Dropout(0.5)(torch.ones(SHAPE)))
    finally:
        torch.set_rng_state(state)


def test_lending_a_generator_reaches_every_dropout() -> None:
    module = nn.ModuleList(
        [
            Dropout(0.2),
            nn.Sequential(ExpertBank(3, in_width=5, widths=(7,), dropout=0.4)),
        ]
    )
    generator = torch.Generator()
    dropouts = [part for part in module.modules() if isinstance(part, Dropout)]
    assert len(dropouts) == 2
    lend_generator(module, generator)
    assert all(part.generator is generator for part in dropouts)
    lend_generator(module, None)
    assert all(part.generator is None for part in dropouts)


@pytest.mark.parametrize("p", [-0.1, 1.0, 1.5, float("nan")])
def test_shares_that_make_no_sense(p: float) -> None:
    with pytest.raises(ValueError, match="dropout must lie in"):
        Dropout(p)
