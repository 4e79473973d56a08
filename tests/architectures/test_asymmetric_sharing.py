"""Asymmetric sharing: every task reads the bottoms that it was told to, and no others."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from drawn import IN_WIDTH, draw, n_parameters, rows, towers

from sklearn_ple.architectures import SingleTaskRouting
from sklearn_ple.routings.asymmetric_sharing import AsymmetricSharingRouting
from sklearn_ple.routings.cross_stitch import CrossStitchRouting

SEEDS = range(12)
FUSIONS = ["concat", "sum", "mean"]
FUSED = pytest.mark.parametrize("fusion", FUSIONS)
SEEDED = pytest.mark.parametrize("seed", SEEDS)


def _widths(seed: int) -> tuple[int, ...]:
    rng = np.random.default_rng(seed)
    widths = [n for n in rng.permutation(np.arange(7, 20)).tolist() if n != IN_WIDTH]
    return tuple(widths[: 1 + seed % 3])


def _reads(seed: int) -> list[set[int]]:
    """For each of one to six tasks a random set that it is in."""
    rng = np.random.default_rng(seed + 50)
    n_tasks = 1 + seed % 6
    drawn = rng.random((n_tasks, n_tasks)) < 0.45
    return [{k, *np.flatnonzero(drawn[k]).tolist()} for k in range(n_tasks)]


def _routing(seed: int, fusion: str, relations: object = None) -> AsymmetricSharingRouting:
    reads = _reads(seed)
    return draw(
        AsymmetricSharingRouting,
        seed=seed,
        n_tasks=len(reads),
        bottom_widths=_widths(seed),
        relations=reads if relations is None else relations,
        fusion=fusion,
    )


def _single(routing: AsymmetricSharingRouting, seed: int) -> SingleTaskRouting:
    nets = draw(SingleTaskRouting, n_tasks=len(routing.reads), bottom_widths=_widths(seed), seed=99)
    nets.bottoms.load_state_dict(routing.bottoms.state_dict())
    return nets


@FUSED
@SEEDED
def test_tasks_that_read_their_own_bottom_are_single_tasks(seed: int, fusion: str) -> None:
    """From features on: the same function, of as many parameters."""
    routing = _routing(seed, fusion, relations={})
    single = _single(routing, seed)
    assert n_parameters(routing) == n_parameters(single)
    assert torch.equal(routing(rows()), single(rows()))


@FUSED
@SEEDED
def test_a_task_alone_in_company_is_a_single_task(seed: int, fusion: str) -> None:
    routing = _routing(seed, fusion)
    out, single = routing(rows()), _single(routing, seed)(rows())
    for k, each in enumerate(_reads(seed)):
        same = torch.allclose(out[:, k], single[:, k], rtol=1e-13, atol=1e-13)
        assert same == (each == {k})


@FUSED
@SEEDED
def test_a_loss_reaches_the_bottoms_that_the_task_reads(seed: int, fusion: str) -> None:
    """Exactly zero elsewhere."""
    routing, reads = _routing(seed, fusion), _reads(seed)
    n_raw = tuple(range(1, len(reads) + 1))
    raw = towers(routing, n_raw)(routing(rows())).split(n_raw, dim=1)
    for k, each in enumerate(reads):
        loss = raw[k].square().mean()
        for gradient in torch.autograd.grad(
            loss, list(routing.bottoms.parameters()), retain_graph=True
        ):
            moved = gradient.flatten(1).abs().amax(1) > 0
            assert set(np.flatnonzero(moved.numpy())) == each


@FUSED
@SEEDED
def test_a_changed_bottom_moves_those_who_read_it(seed: int, fusion: str) -> None:
    routing, reads, x = _routing(seed, fusion), _reads(seed), rows()
    before = routing(x)
    changed = seed % len(reads)
    with torch.no_grad():
        routing.bottoms.biases[-1][changed] += 0.5
    after = routing(x)
    for k, each in enumerate(reads):
        assert torch.equal(before[:, k], after[:, k]) == (changed not in each)


@SEEDED
def test_sum_and_mean_by_loops(seed: int) -> None:
    x = rows()
    for fusion in ("sum", "mean"):
        routing = _routing(seed, fusion)
        bottoms = routing.bottoms(x)
        for k, each in enumerate(_reads(seed)):
            total = sum(bottoms[:, j] for j in each)
            expected = total / len(each) if fusion == "mean" else total
            torch.testing.assert_close(routing(x)[:, k], expected, rtol=1e-13, atol=1e-13)


@SEEDED
def test_concat_lies_between_single_tasks_and_the_sum(seed: int) -> None:
    """Projections of zero leave the own bottom; those of the identity add the others."""
    routing, summed, x = _routing(seed, "concat"), _routing(seed, "sum"), rows()
    assert torch.equal(routing.bottoms.weights[0], summed.bottoms.weights[0])
    if routing.projections is not None:
        with torch.no_grad():
            routing.projections.weight.copy_(torch.eye(routing.out_width))
    torch.testing.assert_close(routing(x), summed(x), rtol=1e-13, atol=1e-13)
    if routing.projections is not None:
        with torch.no_grad():
            routing.projections.weight.zero_()
    assert torch.equal(routing(x), _single(routing, seed)(x))


@SEEDED
def test_the_sum_is_one_cross_stitch_with_fixed_shares(seed: int) -> None:
    """Over bottoms of one layer, alpha 1 where a task reads another and 0 where not."""
    reads, width = _reads(seed), _widths(seed)[:1]
    n_tasks = len(reads)
    routing = draw(
        AsymmetricSharingRouting,
        n_tasks=n_tasks,
        bottom_widths=width,
        relations=reads,
        fusion="sum",
    )
    stitched = draw(CrossStitchRouting, n_tasks=n_tasks, bottom_widths=width, seed=99)
    stitched.bottoms[0].load_state_dict(routing.bottoms.state_dict())
    alpha = torch.zeros(n_tasks, n_tasks)
    for k, each in enumerate(reads):
        alpha[k, list(each)] = 1.0
    if n_tasks > 1:
        with torch.no_grad():
            stitched.stitches[0].alpha.copy_(alpha)
    torch.testing.assert_close(routing(rows()), stitched(rows()), rtol=1e-13, atol=1e-13)


@SEEDED
def test_when_everybody_reads_everybody_the_mean_is_one_for_all(seed: int) -> None:
    n_tasks = len(_reads(seed))
    routing = _routing(seed, "mean", relations=[range(n_tasks)] * n_tasks)
    out = routing(rows())
    torch.testing.assert_close(out, out[:, :1].expand_as(out), rtol=1e-13, atol=1e-13)


@FUSED
@SEEDED
def test_every_weight_moves(seed: int, fusion: str) -> None:
    routing = _routing(seed, fusion)
    n_raw = tuple(range(1, len(_reads(seed)) + 1))
    bank = towers(routing, n_raw)
    bank(routing(rows(n=31))).square().mean().backward()
    for name, parameter in [*routing.named_parameters(), *bank.named_parameters()]:
        assert (parameter.grad != 0).all(), name


@FUSED
@SEEDED
def test_number_of_parameters(seed: int, fusion: str) -> None:
    """K P, and for "concat" a square matrix for every bottom of another task that is read."""
    reads, widths = _reads(seed), _widths(seed)
    chain = sum((n + 1) * wide for n, wide in zip([IN_WIDTH, *widths], widths, strict=False))
    n_others = sum(len(each) - 1 for each in reads)
    extra = n_others * widths[-1] ** 2 if fusion == "concat" else 0
    assert n_parameters(_routing(seed, fusion)) == len(reads) * chain + extra


@FUSED
def test_the_order_of_tasks_does_not_matter(fusion: str) -> None:
    """Exchange bottoms, readers and, with them, projections: outputs are exchanged."""
    reads, order = [{0, 2}, {1}, {0, 1, 2}, {3, 1}], [2, 0, 3, 1]
    place = {old: new for new, old in enumerate(order)}
    sizes = {"n_tasks": 4, "bottom_widths": (11, 6), "fusion": fusion}
    routing = draw(AsymmetricSharingRouting, relations=reads, **sizes)
    moved = draw(
        AsymmetricSharingRouting,
        relations=[{place[j] for j in reads[old]} for old in order],
        seed=9,
        **sizes,
    )
    with torch.no_grad():
        for mine, theirs in zip(
            moved.bottoms.parameters(), routing.bottoms.parameters(), strict=True
        ):
            mine.copy_(theirs[order])
        if fusion == "concat":
            pairs = [(k, j) for k, each in enumerate(routing.reads) for j in each if j != k]
            matrix = dict(zip(pairs, routing.projections.weight, strict=True))
            for e, (k, j) in enumerate(
                (k, j) for k, each in enumerate(moved.reads) for j in each if j != k
            ):
                moved.projections.weight[e] = matrix[order[k], order[j]]
    torch.testing.assert_close(moved(rows()), routing(rows())[:, order], rtol=1e-13, atol=1e-13)


def test_projections_start_at_the_size_of_the_own_bottom() -> None:
    """However many others a task reads, together they are about as large as its own."""
    width = 300
    n_tasks = 6
    routing = draw(AsymmetricSharingRouting, n_tasks=n_tasks, bottom_widths=(width,))
    out, own = routing(rows(n=400)), routing.bottoms(rows(n=400))
    ratio = (out - own).square().mean((0, 2)) / own.square().mean((0, 2))
    assert ratio[0] == 0
    assert ((ratio[1:] > 0.7) & (ratio[1:] < 1.4)).all()
