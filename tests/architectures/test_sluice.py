"""Sluice: mixing by parts of layers, by depth, and what keeps parts apart."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from drawn import IN_WIDTH, N_TASKS, draw, n_parameters, rows
from torch import Tensor

from sklearn_ple import make_related_tasks
from sklearn_ple.architectures import SharedBottomRouting, SingleTaskRouting
from sklearn_ple.architectures.sluice import SluiceEstimator
from sklearn_ple.routings.cross_stitch import CrossStitchRouting
from sklearn_ple.routings.sluice import SluiceRouting

SEEDS = range(9)


def _sizes(seed: int) -> dict[str, object]:
    """Tasks, subspaces and layers; widths are rarely multiples of the number of subspaces."""
    rng = np.random.default_rng(seed)
    drawn = [n for n in rng.permutation(np.arange(6, 21)).tolist() if n != IN_WIDTH]
    return {
        "n_tasks": 2 + seed % 3,
        "n_subspaces": (2, 3, 5)[seed // 3],
        "bottom_widths": tuple(drawn[: 1 + seed % 4]),
    }


def _routing(seed: int = 0, **options: object) -> SluiceRouting:
    """Drawn, with an alpha and a beta that have no symmetry."""
    routing = draw(SluiceRouting, seed=seed, **_sizes(seed) | options)
    generator = torch.Generator().manual_seed(seed + 100)
    with torch.no_grad():
        for level in routing.levels:
            if level.stitch.alpha is not None:
                level.stitch.alpha.normal_(generator=generator)
        if routing.mix.beta is not None:
            routing.mix.beta.normal_(generator=generator)
    return routing


@torch.no_grad()
def _read_level(routing: SluiceRouting, level: int) -> None:
    """Make every beta one at a level and zero elsewhere."""
    if routing.mix.beta is not None:
        routing.mix.beta.zero_()
        routing.mix.beta[:, level] = 1.0


@torch.no_grad()
def _set_alphas(routing: SluiceRouting, alpha: Tensor) -> None:
    for level in routing.levels:
        level.stitch.alpha.copy_(alpha)


def _same(first: torch.nn.Module, second: torch.nn.Module) -> None:
    torch.testing.assert_close(first(rows()), second(rows()), rtol=1e-12, atol=1e-12)


@torch.no_grad()
def _separate(routing: SluiceRouting, n_levels: int) -> SingleTaskRouting:
    """Nets of the first levels, with the weights of the bottoms."""
    bottoms = [level.bottom for level in routing.levels][:n_levels]
    widths = tuple(bottom.weights[0].shape[1] for bottom in bottoms)
    nets = draw(SingleTaskRouting, n_tasks=bottoms[0].n_experts, bottom_widths=widths, seed=99)
    for j, bottom in enumerate(bottoms):
        nets.bottoms.weights[j].copy_(bottom.weights[0])
        nets.bottoms.biases[j].copy_(bottom.biases[0])
    return nets


@pytest.mark.parametrize("seed", SEEDS)
def test_identity_and_last_level_are_separate_nets(seed: int) -> None:
    routing, sizes = _routing(seed), _sizes(seed)
    _set_alphas(routing, torch.eye(sizes["n_tasks"] * sizes["n_subspaces"]))
    _read_level(routing, -1)
    _same(routing, _separate(routing, len(sizes["bottom_widths"])))


@pytest.mark.parametrize("level", [0, 1, 2])
def test_beta_picks_a_level(level: int) -> None:
    """With equal widths nothing is projected: the output is that of a shallower net."""
    routing = _routing(bottom_widths=(7, 7, 7), n_tasks=N_TASKS)
    _set_alphas(routing, torch.eye(N_TASKS * 2))
    _read_level(routing, level)
    _same(routing, _separate(routing, level + 1))


@pytest.mark.parametrize("seed", SEEDS)
def test_one_subspace_and_last_level_are_cross_stitch(seed: int) -> None:
    sizes = _sizes(seed)
    n_tasks, widths = sizes["n_tasks"], sizes["bottom_widths"]
    routing = _routing(seed, n_subspaces=1)
    _read_level(routing, -1)
    cross = draw(CrossStitchRouting, n_tasks=n_tasks, bottom_widths=widths, seed=98)
    for level, bottom, stitch in zip(routing.levels, cross.bottoms, cross.stitches, strict=True):
        bottom.load_state_dict(level.bottom.state_dict())
        stitch.load_state_dict(level.stitch.state_dict())
    _same(routing, cross)


def test_one_subspace_starts_as_cross_stitch_does() -> None:
    sizes = {"bottom_widths": (11, 6), "self_share": 0.7}
    sluice = draw(SluiceRouting, n_subspaces=1, last_share=1.0, **sizes)
    cross = draw(CrossStitchRouting, **sizes)
    _same(sluice, cross)


@pytest.mark.parametrize("seed", SEEDS)
def test_subspaces_that_hang_together_are_cross_stitch(seed: int) -> None:
    """If all parts of a layer are mixed alike, it does not matter that there are parts."""
    sizes = _sizes(seed)
    parts = torch.eye(sizes["n_subspaces"], dtype=torch.float64)
    routing, whole = _routing(seed), _routing(seed, n_subspaces=1)
    whole.load_state_dict(
        {name: value for name, value in routing.state_dict().items() if not name.endswith("alpha")},
        strict=False,
    )
    with torch.no_grad():
        for level, other in zip(routing.levels, whole.levels, strict=True):
            level.stitch.alpha.copy_(torch.kron(other.stitch.alpha, parts))
    _same(routing, whole)


@pytest.mark.parametrize("n_subspaces", [2, 3, 4])
def test_alpha_and_beta_start_with_rows_of_one(n_subspaces: int) -> None:
    routing = draw(
        SluiceRouting,
        bottom_widths=(11, 8, 6),
        n_subspaces=n_subspaces,
        self_share=0.4,
        last_share=0.7,
    )
    size = N_TASKS * n_subspaces
    for level in routing.levels:
        alpha = level.stitch.alpha
        torch.testing.assert_close(alpha.sum(1), torch.ones_like(alpha[0]))
        assert alpha.shape == (size, size)
        assert torch.allclose(alpha.diagonal(), torch.full_like(alpha[0], 0.4))
        assert len(alpha[~torch.eye(size, dtype=torch.bool)].unique()) == 1
    beta = torch.tensor([[0.15, 0.15, 0.7]] * N_TASKS, dtype=torch.float64)
    torch.testing.assert_close(routing.mix.beta.detach(), beta, rtol=1e-6, atol=1e-7)


def test_a_task_may_learn_one_part_of_anothers_layer() -> None:
    """Task 0 reads the second part of task 1's first layer: 3 of 7 units, and not the rest."""
    routing = _routing(bottom_widths=(7, 7), n_tasks=N_TASKS, n_subspaces=2)
    _set_alphas(routing, torch.eye(6))
    with torch.no_grad():
        routing.levels[0].stitch.alpha[1, 3] = 0.5
    loss = routing(rows())[:, 0].square().sum()
    first, second = torch.autograd.grad(loss, [level.bottom.weights[0] for level in routing.levels])
    units = first.abs().amax(2) > 0
    assert units.tolist() == [[True] * 7, [False] * 4 + [True] * 3, [False] * 7]
    assert (second.flatten(1).abs().amax(1) > 0).tolist() == [True, False, False]


def test_a_tower_reads_by_its_own_beta() -> None:
    routing = _routing(bottom_widths=(7, 7), n_tasks=N_TASKS)
    before = routing(rows())
    with torch.no_grad():
        routing.mix.beta[1] += 0.3
    moved = (routing(rows()) != before).flatten(2).any(2).any(0)
    assert moved.tolist() == [False, True, False]


@pytest.mark.parametrize("n_subspaces", [1, 2])
def test_one_level_has_no_beta(n_subspaces: int) -> None:
    routing = draw(SluiceRouting, bottom_widths=(11,), n_subspaces=n_subspaces)
    assert routing.mix.beta is None
    assert list(routing.mix.parameters()) == []


def test_a_single_task_without_subspaces_is_a_plain_net() -> None:
    routing = draw(SluiceRouting, n_tasks=1, bottom_widths=(11,), n_subspaces=1)
    plain = draw(SharedBottomRouting, n_tasks=1, bottom_widths=(11,), seed=9)
    plain.bottom.load_state_dict(routing.levels[0].bottom.state_dict())
    assert n_parameters(routing) == n_parameters(plain)
    _same(routing, plain)


def test_a_single_task_mixes_its_own_parts() -> None:
    routing = _routing(n_tasks=1, bottom_widths=(7, 6), n_subspaces=3)
    assert [tuple(level.stitch.alpha.shape) for level in routing.levels] == [(3, 3), (3, 3)]
    before = routing(rows())
    with torch.no_grad():
        routing.levels[0].stitch.alpha[0, 2] += 0.5
    assert not torch.allclose(routing(rows()), before)


@pytest.mark.parametrize("seed", SEEDS)
def test_number_of_parameters(seed: int) -> None:
    """K sum P + L (KG)^2 + K L, and a projection of K layers for every other width."""
    sizes = _sizes(seed)
    n_tasks, widths, last = sizes["n_tasks"], sizes["bottom_widths"], sizes["bottom_widths"][-1]
    n_levels = len(widths)
    expected = n_tasks * sum(
        (n + 1) * width for n, width in zip([IN_WIDTH, *widths[:-1]], widths, strict=True)
    )
    expected += n_levels * (n_tasks * sizes["n_subspaces"]) ** 2
    expected += n_tasks * n_levels if n_levels > 1 else 0
    expected += n_tasks * sum((width + 1) * last for width in widths[:-1])
    assert n_parameters(_routing(seed)) == expected


def test_more_subspaces_than_units() -> None:
    with pytest.raises(ValueError, match="4 units has no 5 subspaces"):
        draw(SluiceRouting, bottom_widths=(11, 4), n_subspaces=5)


def test_alpha_and_beta_are_trained_and_spared_by_weight_decay() -> None:
    X, Y = make_related_tasks(97, 4, random_state=0)
    settings = {"bottom_widths": (13, 9), "max_epochs": 2, "random_state": 0, "weight_decay": 0.5}
    model = SluiceEstimator(**settings).fit(X, Y)
    routing, net = model.module_.routing, model.net_
    shares = [*(level.stitch.alpha for level in routing.levels), routing.mix.beta]
    for share in shares:  # the last entry of each starts at 0.9
        assert (share.flatten()[-1] - 0.9).abs() > 1e-6
    decayed, free = net.optimizer_.param_groups
    assert (decayed["weight_decay"], free["weight_decay"]) == (0.5, 0.0)
    assert {id(share) for share in shares} <= {id(parameter) for parameter in free["params"]}
    bottoms = {id(level.bottom.weights[0]) for level in routing.levels}
    assert bottoms <= {id(parameter) for parameter in decayed["params"]}
