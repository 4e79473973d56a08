"""What keeps the subspaces of a sluice network apart."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from drawn import N_TASKS, draw, rows

from sklearn_ple import make_related_tasks
from sklearn_ple.architectures.sluice import SluiceEstimator
from sklearn_ple.routings.sluice import SluiceRouting

SIZES = [(2, (8, 6)), (2, (11, 7)), (3, (7,)), (3, (11, 8, 10)), (4, (6, 9))]
OVER_SIZES = pytest.mark.parametrize(("n_subspaces", "widths"), SIZES)


def _routing(n_subspaces: int, widths: tuple[int, ...], weight: float = 1.0) -> SluiceRouting:
    return draw(SluiceRouting, n_subspaces=n_subspaces, bottom_widths=widths, orthogonality=weight)


def _by_hand(routing: SluiceRouting, n_subspaces: int) -> float:
    """Block by block in NumPy; the shorter ones end in a row of zeros."""
    total = 0.0
    for level in routing.levels:
        for weight in level.bottom.weights[0].detach().numpy():
            blocks = np.array_split(weight, n_subspaces)
            longest = len(blocks[0])
            filled = [np.pad(b, [(0, longest - len(b)), (0, 0)]) for b in blocks]
            for first, second in itertools.combinations(filled, 2):
                total += np.linalg.norm(first.T @ second) ** 2
    return total


@OVER_SIZES
def test_sum_over_levels_tasks_and_pairs(n_subspaces: int, widths: tuple[int, ...]) -> None:
    routing = _routing(n_subspaces, widths)
    expected = _by_hand(routing, n_subspaces)
    assert expected > 0
    assert routing.penalty().item() == pytest.approx(expected, rel=1e-12)
    assert _routing(n_subspaces, widths, 0.3).penalty().item() == pytest.approx(0.3 * expected)


@OVER_SIZES
def test_zero_if_no_two_blocks_say_anything(n_subspaces: int, widths: tuple[int, ...]) -> None:
    """Whichever block is left: with two subspaces, zero if one of them is zero."""
    for left in range(n_subspaces):
        routing = _routing(n_subspaces, widths)
        with torch.no_grad():
            for level in routing.levels:
                blocks = level.bottom.weights[0].tensor_split(n_subspaces, dim=1)
                for g, block in enumerate(blocks):
                    if g != left:
                        block.zero_()
        assert routing.penalty().item() == 0.0


def test_zero_if_blocks_write_to_different_places() -> None:
    """The first block speaks at its first two units, the second at its last two."""
    routing = _routing(2, (8,))
    with torch.no_grad():
        weight = routing.levels[0].bottom.weights[0]
        weight[:, [2, 3, 4, 5]] = 0.0
        assert routing.penalty().item() == 0.0
        weight[1, 4] = weight[1, 0]
    assert routing.penalty().item() > 0


@pytest.mark.parametrize(("n_subspaces", "widths"), [(2, (8, 6)), (3, (12, 6, 9)), (4, (8,))])
def test_only_weights_of_layers_have_a_gradient(n_subspaces: int, widths: tuple[int, ...]) -> None:
    """Every one of them, where blocks are equal: a filled-up place has no counterpart."""
    routing = _routing(n_subspaces, widths)
    routing.penalty().backward()
    for name, parameter in routing.named_parameters():
        if "bottom.weights" in name:
            assert (parameter.grad != 0).all(), name
        else:
            assert parameter.grad is None, name


def test_its_gradient_by_differences() -> None:
    routing = _routing(3, (7,))
    weight = routing.levels[0].bottom.weights[0]

    def penalty(values: torch.Tensor) -> torch.Tensor:
        return routing.levels[0].subspaces.overlap(values)

    assert torch.autograd.gradcheck(penalty, weight.detach().requires_grad_())


@pytest.mark.parametrize(("n_subspaces", "weight"), [(2, 0.0), (1, 0.7)])
def test_nothing_to_keep_apart(n_subspaces: int, weight: float) -> None:
    assert _routing(n_subspaces, (11, 6), weight).penalty() is None


def test_a_single_task_has_subspaces_too() -> None:
    routing = draw(SluiceRouting, n_tasks=1, bottom_widths=(8,), orthogonality=1.0)
    assert routing.penalty().item() == pytest.approx(_by_hand(routing, 2))


def test_it_does_not_change_the_forward_pass() -> None:
    outs = [_routing(2, (11, 6), weight)(rows()) for weight in (0.0, 5.0)]
    assert outs[0].shape[1] == N_TASKS
    assert torch.equal(*outs)


def test_training_with_it_parts_the_subspaces() -> None:
    X, Y = make_related_tasks(300, 5, random_state=0)
    overlaps = []
    for weight in (0.0, 0.1):
        model = SluiceEstimator(
            bottom_widths=(12, 8),
            orthogonality=weight,
            max_epochs=15,
            lr=0.01,
            weight_decay=0.0,
            random_state=0,
        ).fit(X, Y)
        levels = model.module_.routing.levels
        overlaps.append(sum(level.overlap().item() for level in levels))
    assert overlaps[1] < 0.2 * overlaps[0]
