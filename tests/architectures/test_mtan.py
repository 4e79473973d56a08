"""MTAN: masks between 0 and 1 over a trunk that no mask changes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from drawn import BATCH, IN_WIDTH, N_TASKS, draw, n_parameters, rows, towers
from torch import Tensor

from sklearn_ple import make_related_tasks
from sklearn_ple.architectures import SharedBottomRouting
from sklearn_ple.architectures.mtan import MTANEstimator
from sklearn_ple.routings.mtan import MTANRouting

SEEDS = range(8)
N_RAW = (1, 3, 2)
BLOCKS, ATTENTION = (11, 8, 6), (9, 4)


def _sizes(seed: int) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
    """Tasks, blocks and hidden layers of masks, all different from each other."""
    rng = np.random.default_rng(seed)
    widths = [n for n in rng.permutation(np.arange(6, 25)).tolist() if n != IN_WIDTH]
    n_blocks, n_hidden = 1 + seed % 3, 1 + seed % 2
    return 1 + seed % 4, tuple(widths[:n_blocks]), tuple(widths[3 : 3 + n_hidden])


def _routing(seed: int) -> MTANRouting:
    n_tasks, blocks, attention = _sizes(seed)
    return draw(
        MTANRouting, n_tasks=n_tasks, block_widths=blocks, attention_widths=attention, seed=seed
    )


def _three_blocks() -> MTANRouting:
    return draw(MTANRouting, block_widths=BLOCKS, attention_widths=ATTENTION)


def _trunk(routing: MTANRouting) -> SharedBottomRouting:
    """A shared bottom with the trunk's layers: two of every block's width."""
    layers = [bank for pair in zip(routing.first, routing.second, strict=True) for bank in pair]
    widths = tuple(bank.weights[0].shape[1] for bank in layers)
    shared = draw(SharedBottomRouting, n_tasks=routing.n_tasks, bottom_widths=widths, seed=99)
    with torch.no_grad():
        for j, bank in enumerate(layers):
            shared.bottom.weights[j].copy_(bank.weights[0])
            shared.bottom.biases[j].copy_(bank.biases[0])
    return shared


@torch.no_grad()
def _fix_masks(routing: MTANRouting, logit: float, block: int | None = None) -> None:
    """Masks that are sigmoid(logit), of one block or all, whatever the row."""
    blocks = range(len(routing.attention)) if block is None else [block]
    for j in blocks:
        routing.attention[j].weight.zero_()
        routing.attention[j].bias.fill_(logit)


@pytest.mark.parametrize("seed", SEEDS)
def test_masks_lie_between_0_and_1_and_differ_by_row_task_and_unit(seed: int) -> None:
    routing = _routing(seed)
    n_tasks, blocks, _ = _sizes(seed)
    masks = routing.masks(3 * rows())
    assert [tuple(mask.shape) for mask in masks] == [(BATCH, n_tasks, w) for w in blocks]
    for mask in masks:
        assert (mask > 0).all()
        assert (mask < 1).all()
        assert len(torch.unique(mask)) == mask.numel()


@pytest.mark.parametrize("seed", SEEDS)
def test_masks_of_one_are_hard_sharing(seed: int) -> None:
    routing, x = _routing(seed), rows()
    _fix_masks(routing, 50.0)
    assert all((mask == 1).all() for mask in routing.masks(x))
    torch.testing.assert_close(routing(x), _trunk(routing)(x), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_task_reads_the_trunk_through_its_last_mask(seed: int) -> None:
    """Whatever the masks below: no mask changes what later blocks of the trunk are given."""
    routing, x = _routing(seed), rows()
    expected = routing.masks(x)[-1] * _trunk(routing)(x)
    torch.testing.assert_close(routing(x), expected, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("logit", [-50.0, -1.3, 0.0])
def test_constant_masks_scale_the_trunk(logit: float) -> None:
    routing, x = _three_blocks(), rows()
    _fix_masks(routing, logit)
    share = 1 / (1 + np.exp(-logit))
    torch.testing.assert_close(routing(x), share * _trunk(routing)(x), rtol=1e-12, atol=1e-20)


def _set_own_part(routing: MTANRouting, block: int) -> None:
    """Make a block's masks blind to what the masks below let through, the second half."""
    first = routing.attention[block].hidden.weights[0]
    with torch.no_grad():
        first[..., first.shape[2] // 2 :] = 0


@pytest.mark.parametrize("block", [1, 2])
def test_masks_below_speak_through_the_next_masks_alone(block: int) -> None:
    routing, x = _three_blocks(), rows()
    before = routing.masks(x)
    _fix_masks(routing, 0.7, block=block - 1)
    assert not torch.isclose(routing.masks(x)[block], before[block]).any()

    routing = _three_blocks()
    _set_own_part(routing, block)
    before = routing.masks(x)
    _fix_masks(routing, 0.7, block=block - 1)
    torch.testing.assert_close(routing.masks(x)[block], before[block], rtol=0, atol=0)


def _gradients(routing: MTANRouting, task: int) -> dict[str, Tensor]:
    raw = towers(routing, N_RAW)(routing(rows())).split(N_RAW, dim=1)
    raw[task].square().mean().backward()
    return {name: parameter.grad for name, parameter in routing.named_parameters()}


@pytest.mark.parametrize("task", range(N_TASKS))
def test_a_loss_moves_the_trunk_and_the_tasks_own_masks(task: int) -> None:
    for name, gradient in _gradients(_three_blocks(), task).items():
        if name.startswith("attention"):
            moved = gradient.flatten(1).abs().amax(1) > 0
            assert moved.tolist() == [k == task for k in range(N_TASKS)], name
        else:
            assert (gradient != 0).all(), name


@pytest.mark.parametrize("seed", SEEDS)
def test_every_weight_moves(seed: int) -> None:
    routing = _routing(seed)
    n_raw = tuple(range(1, _sizes(seed)[0] + 1))
    towers(routing, n_raw)(routing(rows(n=31))).square().mean().backward()
    for name, parameter in routing.named_parameters():
        assert (parameter.grad != 0).all(), name


def test_the_order_of_tasks_does_not_matter() -> None:
    routing, x, order = _three_blocks(), rows(), [2, 0, 1]
    before = routing(x)
    with torch.no_grad():
        for parameter in routing.attention.parameters():
            parameter.copy_(parameter[order].clone())
    torch.testing.assert_close(routing(x), before[:, order], rtol=1e-13, atol=1e-13)


def test_a_row_is_masked_by_itself() -> None:
    routing, x = _three_blocks(), rows()
    alone = torch.cat([routing(row[None]) for row in x])
    torch.testing.assert_close(routing(x), alone, rtol=1e-12, atol=1e-12)


def _chain(in_width: int, widths: tuple[int, ...]) -> int:
    ins = [in_width, *widths[:-1]]
    return sum((n + 1) * wide for n, wide in zip(ins, widths, strict=True))


@pytest.mark.parametrize("seed", SEEDS)
def test_number_of_parameters(seed: int) -> None:
    """The trunk's 2 L layers, L - 1 layers f, and K masks a block, that read w units, then 2 w."""
    n_tasks, blocks, attention = _sizes(seed)
    doubled = tuple(width for width in blocks for _ in range(2))
    carried = sum((n + 1) * wide for n, wide in pairwise(blocks))
    masks = sum(
        _chain(width if j == 0 else 2 * width, (*attention, width))
        for j, width in enumerate(blocks)
    )
    expected = _chain(IN_WIDTH, doubled) + carried + n_tasks * masks
    assert n_parameters(_routing(seed)) == expected


@pytest.mark.parametrize("sizes", [((), (4,)), ((6, 0), (4,)), ((6,), ()), ((6,), (0,))])
def test_layers_of_nothing(sizes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    with pytest.raises(ValueError, match="at least one"):
        draw(MTANRouting, block_widths=sizes[0], attention_widths=sizes[1])


def test_masks_of_a_fitted_model() -> None:
    """In the order of rows, without the noise of training, and the same for a row alone."""
    X, Y = make_related_tasks(97, 4, n_tasks=3, random_state=0)
    model = MTANEstimator(
        block_widths=(11, 8), attention_widths=(9,), dropout=0.5, max_epochs=2, random_state=0
    ).fit(X, Y)
    masks = model.attention_masks(X)
    assert [mask.shape for mask in masks] == [(97, 3, 11), (97, 3, 8)]
    for mask, alone in zip(masks, model.attention_masks(X[5:6]), strict=True):
        assert isinstance(mask, np.ndarray)
        assert (mask > 0).all()
        assert (mask < 1).all()
        np.testing.assert_allclose(alone[0], mask[5], rtol=1e-5)

    module = model.module_
    with torch.no_grad():
        z = module.encoder(**model._prepared(X))
        read = module.routing(z).numpy()
        for pair in zip(module.routing.first, module.routing.second, strict=True):
            for layer in pair:
                z = layer(z).squeeze(1)
    np.testing.assert_allclose(read, masks[-1] * z.numpy()[:, None], rtol=1e-5, atol=1e-6)


def test_units_are_dropped_in_the_trunk_alone() -> None:
    """What decides a mask is whole: only what the trunk puts out has holes."""
    routing = draw(MTANRouting, block_widths=BLOCKS, attention_widths=ATTENTION, dropout=0.5)
    dropping = {name for name, part in routing.named_modules() if getattr(part, "p", 0) > 0}
    trunk = {f"{part}.{j}.dropout" for part in ("first", "second") for j in range(len(BLOCKS))}
    assert dropping == trunk
