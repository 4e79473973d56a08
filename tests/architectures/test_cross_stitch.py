"""Cross-stitch: from separate nets to one representation for all, and what lies between."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from drawn import IN_WIDTH, N_TASKS, draw, n_parameters, rows
from torch import Tensor

from sklearn_ple import make_related_tasks
from sklearn_ple.architectures import SharedBottomRouting, SingleTaskRouting
from sklearn_ple.architectures.cross_stitch import CrossStitchEstimator
from sklearn_ple.routings.cross_stitch import CrossStitchRouting

SEEDS = range(8)
PER_UNIT = pytest.mark.parametrize("per_unit", [False, True])


def _sizes(seed: int) -> tuple[int, tuple[int, ...]]:
    """Tasks and layers, all different from each other and from the features."""
    rng = np.random.default_rng(seed)
    drawn = [n for n in rng.permutation(np.arange(2, 20)).tolist() if n != IN_WIDTH]
    return 2 + seed % 3, tuple(n for n in drawn if n > 4)[: 1 + seed % 4]


def _routing(seed: int, **options: object) -> CrossStitchRouting:
    """Drawn, with alphas that are neither symmetric nor of rows that sum to one."""
    n_tasks, widths = _sizes(seed)
    routing = draw(CrossStitchRouting, n_tasks=n_tasks, bottom_widths=widths, seed=seed, **options)
    generator = torch.Generator().manual_seed(seed + 100)
    with torch.no_grad():
        for stitch in routing.stitches:
            stitch.alpha.normal_(generator=generator)
    return routing


def _single(routing: CrossStitchRouting) -> SingleTaskRouting:
    """Separate nets with the weights of the bottoms."""
    widths = tuple(bottom.weights[0].shape[1] for bottom in routing.bottoms)
    n_tasks = routing.bottoms[0].n_experts
    nets = draw(SingleTaskRouting, n_tasks=n_tasks, bottom_widths=widths, seed=99)
    with torch.no_grad():
        for j, bottom in enumerate(routing.bottoms):
            nets.bottoms.weights[j].copy_(bottom.weights[0])
            nets.bottoms.biases[j].copy_(bottom.biases[0])
    return nets


@torch.no_grad()
def _set_alphas(routing: CrossStitchRouting, alpha: Tensor) -> None:
    for stitch in routing.stitches:
        stitch.alpha.copy_(alpha)


@PER_UNIT
@pytest.mark.parametrize("seed", SEEDS)
def test_with_the_identity_tasks_are_separate_nets(seed: int, per_unit: bool) -> None:
    routing = _routing(seed, per_unit=per_unit)
    _set_alphas(routing, torch.eye(_sizes(seed)[0]))
    x = rows()
    torch.testing.assert_close(routing(x), _single(routing)(x), rtol=1e-13, atol=1e-13)


@PER_UNIT
@pytest.mark.parametrize("seed", SEEDS)
def test_with_equal_shares_every_task_reads_the_same(seed: int, per_unit: bool) -> None:
    """The mean of all bottoms, after every layer."""
    n_tasks, _ = _sizes(seed)
    routing = _routing(seed, per_unit=per_unit)
    _set_alphas(routing, torch.full((n_tasks, n_tasks), 1 / n_tasks, dtype=torch.float64))
    out = routing(rows())
    torch.testing.assert_close(out, out[:, :1].expand_as(out), rtol=1e-13, atol=1e-13)
    h = rows()
    for bottom in routing.bottoms:
        h = bottom(h).mean(1, keepdim=True).expand(-1, n_tasks, -1)
    torch.testing.assert_close(out, h, rtol=1e-13, atol=1e-13)


@PER_UNIT
@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("n_tasks", [2, 4])
def test_alpha_starts_with_rows_of_one(n_tasks: int, share: float, per_unit: bool) -> None:
    routing = draw(
        CrossStitchRouting,
        n_tasks=n_tasks,
        bottom_widths=(11, 6),
        self_share=share,
        per_unit=per_unit,
    )
    expected = torch.full((n_tasks, n_tasks), (1 - share) / (n_tasks - 1), dtype=torch.float64)
    expected.fill_diagonal_(share)
    for stitch, width in zip(routing.stitches, (11, 6), strict=True):
        wanted = expected.expand(width, -1, -1) if per_unit else expected
        torch.testing.assert_close(stitch.alpha.detach(), wanted, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("seed", SEEDS)
def test_units_of_one_alpha_are_the_shared_alpha(seed: int) -> None:
    shared, each = _routing(seed), _routing(seed, per_unit=True)
    with torch.no_grad():
        for one, many in zip(shared.stitches, each.stitches, strict=True):
            many.alpha.copy_(one.alpha)
    torch.testing.assert_close(shared(rows()), each(rows()), rtol=1e-13, atol=1e-13)


@PER_UNIT
@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_of_tasks_does_not_matter(seed: int, per_unit: bool) -> None:
    """Exchange bottoms, and rows and columns of every alpha: outputs are exchanged."""
    routing, x = _routing(seed, per_unit=per_unit), rows()
    before = routing(x)
    order = torch.randperm(_sizes(seed)[0], generator=torch.Generator().manual_seed(seed + 7))
    with torch.no_grad():
        for parameter in routing.bottoms.parameters():
            parameter.copy_(parameter[order].clone())
        for stitch in routing.stitches:
            stitch.alpha.copy_(stitch.alpha[..., order, :][..., order].clone())
    torch.testing.assert_close(routing(x), before[:, order], rtol=1e-12, atol=1e-12)


def test_mixing_does_not_depend_on_the_row() -> None:
    """Alpha can be read off activations and outputs, and is the same for any rows."""
    routing = draw(CrossStitchRouting, bottom_widths=(11,), self_share=0.7)
    for x in (rows(), 30 * rows(n=9, seed=5)):
        before, after = routing.bottoms[0](x), routing(x)
        flat = [h.transpose(1, 2).reshape(-1, N_TASKS).detach() for h in (before, after)]
        alpha = torch.linalg.lstsq(*flat).solution.T
        torch.testing.assert_close(
            alpha, routing.stitches[0].alpha.detach(), rtol=1e-10, atol=1e-10
        )
    assert routing.gate_readings(rows()) == []


@PER_UNIT
def test_whose_bottoms_a_task_learns(per_unit: bool) -> None:
    """Those that an alpha leads to: task 0 reads task 1 at the first level, and nobody else."""
    routing = draw(CrossStitchRouting, bottom_widths=(11, 8, 6), per_unit=per_unit)
    _set_alphas(routing, torch.eye(N_TASKS))
    with torch.no_grad():
        routing.stitches[0].alpha[..., 0, 1] = 0.3
    loss = routing(rows())[:, 0].square().sum()
    gradients = torch.autograd.grad(loss, [bottom.weights[0] for bottom in routing.bottoms])
    reached = [(g.flatten(1).abs().amax(1) > 0).tolist() for g in gradients]
    assert reached == [[True, True, False], [True, False, False], [True, False, False]]


@PER_UNIT
def test_a_single_task_is_a_plain_net_without_a_stitch(per_unit: bool) -> None:
    routing = draw(CrossStitchRouting, n_tasks=1, bottom_widths=(11, 6), per_unit=per_unit)
    plain = draw(SharedBottomRouting, n_tasks=1, bottom_widths=(11, 6), seed=9)
    with torch.no_grad():
        for parameter, other in zip(
            [*plain.bottom.weights, *plain.bottom.biases],
            [b.weights[0] for b in routing.bottoms] + [b.biases[0] for b in routing.bottoms],
            strict=True,
        ):
            parameter.copy_(other)
    assert n_parameters(routing) == n_parameters(plain)
    torch.testing.assert_close(routing(rows()), plain(rows()), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("seed", SEEDS)
def test_number_of_parameters(seed: int) -> None:
    """K sum P + L K^2, or K^2 for every unit."""
    n_tasks, widths = _sizes(seed)
    bottoms = n_tasks * sum(
        (n + 1) * width for n, width in zip([IN_WIDTH, *widths[:-1]], widths, strict=True)
    )
    assert n_parameters(_routing(seed)) == bottoms + len(widths) * n_tasks**2
    assert n_parameters(_routing(seed, per_unit=True)) == bottoms + sum(widths) * n_tasks**2


def test_no_level() -> None:
    with pytest.raises(ValueError, match="at least one layer"):
        draw(CrossStitchRouting, bottom_widths=())


@PER_UNIT
def test_alphas_are_trained(per_unit: bool) -> None:
    X, Y = make_related_tasks(97, 4, random_state=0)
    model = CrossStitchEstimator(
        bottom_widths=(13, 9), per_unit=per_unit, activation="tanh", max_epochs=2, random_state=0
    ).fit(X, Y)
    for stitch in model.module_.routing.stitches:
        start = torch.tensor([[0.9, 0.1], [0.1, 0.9]])
        assert ((stitch.alpha - start).abs() > 1e-6).all()


@PER_UNIT
def test_alphas_are_spared_by_weight_decay(per_unit: bool) -> None:
    """A decay that halves every matrix at each step does not touch them."""
    X, Y = make_related_tasks(97, 4, random_state=0)
    net = (
        CrossStitchEstimator(
            bottom_widths=(13, 9),
            per_unit=per_unit,
            optimizer="sgd",
            weight_decay=50.0,
            max_epochs=1,
            random_state=0,
        )
        .fit(X, Y)
        .net_
    )
    before = {name: p.detach().clone() for name, p in net.module_.named_parameters()}
    net.optimizer_.zero_grad(set_to_none=False)
    for group in net.optimizer_.param_groups:
        group.update(lr=0.01, momentum=0.0)
    net.optimizer_.step()
    for name, parameter in net.module_.named_parameters():
        if name.endswith("alpha"):
            assert torch.equal(parameter, before[name])
        elif "routing" in name and "weights" in name:
            torch.testing.assert_close(parameter.detach(), before[name] / 2)
