"""AdaTT: gates over everybody's experts, and a residual of the reader's own."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from drawn import N_TASKS, ROUTINGS, draw, n_parameters, rows, towers

from sklearn_ple.architectures import MMOERouting, SingleTaskRouting
from sklearn_ple.nn import initialise
from sklearn_ple.routings.adatt import AdaTTRouting, OwnExperts

COUNTS, N_SHARED = (2, 1, 3), 2
OWNERS = [0, 0, 1, 2, 2, 2, None, None]
WIDTHS = [(11, 8), (9,), (6,)]


def _adatt(n_levels: int = 2, **options: object) -> AdaTTRouting:
    sizes = {
        "n_levels": n_levels,
        "n_shared_experts": N_SHARED,
        "n_task_experts": COUNTS,
        "expert_widths": WIDTHS[:n_levels],
    }
    return draw(AdaTTRouting, **sizes | options)


def _without_residual(routing: AdaTTRouting) -> None:
    with torch.no_grad():
        for own in routing.own:
            own.fixed.zero_()
            if own.weight is not None:
                own.weight.zero_()


def test_without_its_residual_one_level_is_mmoe_of_all_experts() -> None:
    adatt = _adatt(1)
    _without_residual(adatt)
    mmoe = draw(MMOERouting, seed=3, n_experts=len(OWNERS), expert_widths=WIDTHS[0])
    mmoe.experts.load_state_dict(adatt.levels[0].experts.state_dict())
    mmoe.gate.load_state_dict(adatt.levels[0].gate.state_dict())
    torch.testing.assert_close(adatt(rows()), mmoe(rows()), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("n_levels", [1, 2])
def test_one_expert_each_and_even_gates_are_the_nets_themselves_plus_their_mean(
    n_levels: int,
) -> None:
    """So it is a cross-stitch of fixed shares: the identity plus 1/K everywhere."""
    adatt = _adatt(n_levels, n_shared_experts=0, n_task_experts=1)
    with torch.no_grad():
        for level in adatt.levels:
            level.gate.weight.zero_()
    z = rows()[:, None].expand(-1, N_TASKS, -1)
    for level in adatt.levels:
        bank = level.experts
        for weight, bias in zip(bank.weights, bank.biases, strict=True):
            z = torch.tanh(torch.einsum("btd,thd->bth", z, weight) + bias)
        z = z + z.mean(dim=1, keepdim=True)
    torch.testing.assert_close(adatt(rows()), z, rtol=1e-12, atol=1e-12)


def test_a_single_task_with_one_expert_has_it_twice() -> None:
    """By the gate, which has no choice, and by the residual."""
    adatt = draw(
        AdaTTRouting,
        n_tasks=1,
        n_levels=1,
        n_shared_experts=0,
        n_task_experts=1,
        expert_widths=(11, 6),
    )
    single = draw(SingleTaskRouting, seed=3, n_tasks=1, bottom_widths=(11, 6))
    single.bottoms.load_state_dict(adatt.levels[0].experts.state_dict())
    assert n_parameters(adatt) == n_parameters(single)
    torch.testing.assert_close(adatt(rows()), 2 * single(rows()), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("task", range(N_TASKS))
@pytest.mark.parametrize("n_levels", [1, 2, 3])
def test_a_tasks_loss_reaches_every_expert_of_every_level(n_levels: int, task: int) -> None:
    """Against PLE, whose last level keeps the other tasks' experts out of reach."""
    adatt = _adatt(n_levels)
    loss = towers(adatt)(adatt(rows()))[:, sum((1, 3, 2)[:task])].square().mean()
    for level in adatt.levels:
        bank = [*level.experts.weights, *level.experts.biases]
        for gradient in torch.autograd.grad(loss, bank, retain_graph=True):
            assert (gradient.flatten(1).abs().amax(1) > 0).all()


def test_the_residual_holds_own_experts_alone() -> None:
    """Of tasks at every level, and of the shared experts where a next level reads them."""
    adatt = _adatt(2)
    for level, own in zip(adatt.levels, adatt.own, strict=True):
        matrix = own()
        expected = torch.tensor([[owner == reader for owner in OWNERS] for reader in level.readers])
        assert torch.equal(matrix != 0, expected)
        assert matrix[1, 2] == 1  # the only expert of task 1
        assert matrix[0, :2].abs().max() <= 1 / math.sqrt(2)
        assert matrix[2, 3:6].abs().max() <= 1 / math.sqrt(3)
    assert [len(own()) for own in adatt.own] == [N_TASKS + 1, N_TASKS]


def test_learned_shares_start_uniformly_within_their_bounds() -> None:
    own = OwnExperts([range(300), range(300, 309)], n_experts=309)
    initialise(own, torch.Generator().manual_seed(5))
    matrix = own().detach()
    many, few = matrix[0, :300], matrix[1, 300:]
    assert many.abs().max() <= 1 / math.sqrt(300)
    assert few.abs().max() <= 1 / 3
    assert many.abs().max() > 0.95 / math.sqrt(300)
    assert many.abs().mean().item() == pytest.approx(0.5 / math.sqrt(300), rel=0.1)


def test_the_gates_reading_leaves_the_residual_out() -> None:
    """Gates are shares of one; what is given besides is named."""
    adatt = _adatt(2)
    readings = adatt.gate_readings(rows())
    assert [(r.level, r.gate) for r in readings] == [
        *[(1, k) for k in (0, 1, 2, None)],
        *[(2, k) for k in (0, 1, 2)],
    ]
    labels = adatt.levels[0].labels
    for reading in readings:
        assert reading.experts == tuple(labels)
        assert reading.besides == tuple(each for each in labels if each[0] == reading.gate)


def test_readings_and_residual_are_what_forward_mixes_by() -> None:
    adatt, x = _adatt(3), rows()
    readings, z = adatt.gate_readings(x), x
    for j, (level, own) in enumerate(zip(adatt.levels, adatt.own, strict=True), start=1):
        weights = torch.stack([r.weights for r in readings if r.level == j], dim=1)
        z = torch.einsum("bge,bed->bgd", weights + own(), level.experts(z))
    torch.testing.assert_close(adatt(x), z, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("n_levels", [1, 2, 3])
@pytest.mark.parametrize("n_shared", [0, 1, 2])
@pytest.mark.parametrize("n_task", [(1,), (3,), (2, 1), (0, 2), (1, 0, 0), (2, 1, 3), (1, 1, 1, 1)])
def test_every_unit_learns(n_task: tuple[int, ...], n_shared: int, n_levels: int) -> None:
    if n_shared == 0 and 0 in n_task:
        n_task = tuple(m + 1 for m in n_task)
    adatt = _adatt(
        n_levels,
        n_tasks=len(n_task),
        n_shared_experts=n_shared,
        n_task_experts=n_task,
        gate_bias=True,
    )
    raw = towers(adatt, tuple(range(1, len(n_task) + 1)))(adatt(rows(n=31)))
    (raw.square().mean() + raw.mean()).backward()
    for name, parameter in adatt.named_parameters():
        assert parameter.grad is not None, name
        assert (parameter.grad != 0).all(), name


def test_the_residual_is_no_matrix_for_weight_decay() -> None:
    dimensions = {own.weight.dim() for own in draw(ROUTINGS["AdaTT"]).own}
    assert dimensions == {1}


def test_parameters_worked_by_hand() -> None:
    """10 features, experts (2, 1) and 3 shared, widths 8 and 4, two levels.

    Experts 528 and 216, as PLE's; gates of all 6 experts, 3 readers of 10 and 2 of 8: 180 and 96;
    residual shares of 2 and 3 experts, then of 2.
    """
    adatt = AdaTTRouting(
        in_width=10,
        n_tasks=2,
        n_levels=2,
        n_shared_experts=3,
        n_task_experts=(2, 1),
        expert_widths=[(8,), (4,)],
    )
    assert [n_parameters(level.experts) for level in adatt.levels] == [528, 216]
    assert [n_parameters(level.gate) for level in adatt.levels] == [180, 96]
    assert [n_parameters(own) for own in adatt.own] == [5, 2]


@pytest.mark.parametrize("seed", range(12))
def test_parameters(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n_levels = int(rng.integers(1, 4))
    d, *widths = rng.choice(np.arange(2, 30), size=1 + n_levels, replace=False).tolist()
    n_task = rng.permutation(np.arange(1, 6))[: rng.integers(1, 5)].tolist()
    n_shared, bias = int(rng.integers(0, 4)), bool(rng.integers(2))
    adatt = AdaTTRouting(
        in_width=d,
        n_tasks=len(n_task),
        n_levels=n_levels,
        n_shared_experts=n_shared,
        n_task_experts=n_task,
        expert_widths=[(width,) for width in widths],
        gate_bias=bias,
    )
    n_all, expected = sum(n_task) + n_shared, 0
    for j, (into, width) in enumerate(zip([d, *widths[:-1]], widths, strict=True)):
        readers = n_task + ([n_shared] if n_shared and j < n_levels - 1 else [])
        expected += n_all * (into + 1) * width
        expected += len(readers) * n_all * (into + bias) if n_all > 1 else 0
        expected += sum(m for m in readers if m > 1)
    assert n_parameters(adatt) == expected
