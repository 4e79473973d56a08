"""What each aggregator of gradients is to solve, on random ones, conflicting or not."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor
from torchjd.aggregation import CAGrad, PCGrad, TrimmedMean
from toy import OF_GRADIENTS, made

from sklearn_ple.nn import lend_generator
from sklearn_ple.weighting import AggregatedWeighting, GradientWeighting, PCGradWeighting

SIZES = [(2, 7), (3, 11), (5, 13)]
over_sizes = pytest.mark.parametrize(("m", "n"), SIZES)


def gradients(m: int, n: int, seed: int = 0, lean: float = 1.0) -> Tensor:
    """Rows (m, n) of lengths of their own, which conflict the more the more they lean."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(m, n)) * rng.uniform(0.5, 2.0, size=(m, 1))
    rows[1:] -= lean * rows[0]
    return torch.from_numpy(rows)


def solved(name: str, rows: Tensor) -> Tensor:
    weighting = made(name, [f"y{k}" for k in range(len(rows))])
    assert isinstance(weighting, GradientWeighting)
    return weighting.weigh(rows @ rows.t())


@over_sizes
def test_mgda_is_the_shortest_convex_combination(m: int, n: int) -> None:
    """Every gradient then reaches as far along it as it is long, or nearly: the solver iterates."""
    rows = gradients(m, n)
    weights = solved("mgda", rows)
    assert (weights >= 0).all()
    assert weights.sum().item() == pytest.approx(1.0)
    step = weights @ rows
    short = step.square().sum() - (rows @ step).min()
    assert short < 0.02 * rows.square().sum(1).mean()


@over_sizes
def test_upgrad_conflicts_with_no_gradient(m: int, n: int) -> None:
    rows = gradients(m, n)
    assert (rows @ rows.sum(0)).min() < 0
    assert (rows @ (solved("upgrad", rows) @ rows)).min() > -1e-6


@over_sizes
def test_cagrad_gains_more_for_the_worst_task_near_the_mean(m: int, n: int) -> None:
    rows = gradients(m, n)
    mean, step = rows.mean(0), solved("cagrad", rows) @ rows
    assert (step - mean).norm().item() == pytest.approx(0.5 * mean.norm().item(), rel=1e-3)
    assert (rows @ step).min() > (rows @ (1.5 * mean)).min()


@over_sizes
def test_nash_and_alpha_fairness(m: int, n: int) -> None:
    rows = gradients(m, n)
    for name, alpha in (("nash_mtl", 1.0), ("fairgrad", 2.0)):
        weights = solved(name, rows)
        assert (weights > 0).all()
        gains = rows @ (weights @ rows)
        torch.testing.assert_close(gains, weights ** (-1 / alpha), rtol=1e-4, atol=1e-6)


@over_sizes
def test_imtl_g_projects_alike_on_every_gradient(m: int, n: int) -> None:
    rows = gradients(m, n)
    weights = solved("imtl_g", rows)
    assert weights.sum().item() == pytest.approx(1.0)
    reach = (rows / rows.norm(dim=1, keepdim=True)) @ (weights @ rows)
    torch.testing.assert_close(reach, reach[:1].expand(m))


@over_sizes
def test_aligned_mtl_gives_all_components_the_length_of_the_shortest(m: int, n: int) -> None:
    rows = gradients(m, n)
    u, lengths, v = torch.linalg.svd(rows, full_matrices=False)
    expected = (lengths[-1] * u @ v).mean(0)
    torch.testing.assert_close(solved("aligned_mtl", rows) @ rows, expected)


def test_pcgrad_in_the_drawn_order() -> None:
    """The algorithm on the gradients themselves, not on their products."""
    rows = gradients(5, 13)
    weighting = PCGradWeighting()
    weighting.setup(["a", "b", "c", "d", "e"])
    generator = torch.Generator().manual_seed(1)
    lend_generator(weighting, generator)
    weights = weighting.weigh(rows @ rows.t())
    generator.manual_seed(1)
    orders = weighting._orders(5)
    assert len({tuple(order) for order in orders}) == 5
    total = torch.zeros(13).double()
    for k, order in enumerate(orders):
        own = rows[k].clone()
        for j in order:
            if j != k and (product := own @ rows[j]) < 0:
                own -= product / (rows[j] @ rows[j]) * rows[j]
        total += own
    torch.testing.assert_close(weights @ rows, total)


def test_pcgrad_of_two_tasks_is_torchjds() -> None:
    """For two there is only one order; more are drawn from the global generator there."""
    rows = gradients(2, 7)
    torch.testing.assert_close(solved("pcgrad", rows) @ rows, PCGrad()(rows))


@pytest.mark.parametrize("name", OF_GRADIENTS)
def test_right_angles_leave_the_plain_sum(name: str) -> None:
    weighting = made(name)
    assert isinstance(weighting, GradientWeighting)
    weights = weighting._weights(4.0 * torch.eye(3).double())
    torch.testing.assert_close(weights, torch.ones(3).double(), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", ["upgrad", "pcgrad"])
def test_without_a_conflict_it_is_the_plain_sum(name: str) -> None:
    rows = gradients(3, 11, lean=-1.0)
    assert (rows @ rows.t() > 0).all()
    weighting = made(name)
    assert isinstance(weighting, GradientWeighting)
    torch.testing.assert_close(weighting._weights(rows @ rows.t()), torch.ones(3).double())


@pytest.mark.parametrize("name", OF_GRADIENTS)
def test_gradients_that_depend_on_each_other(name: str) -> None:
    """Twins, and one that is the sum of two others."""
    rows = gradients(4, 11)
    rows[1], rows[3] = rows[0], rows[0] + rows[2]
    weighting = made(name, ["a", "b", "c", "d"])
    assert isinstance(weighting, GradientWeighting)
    assert weighting._weights(rows @ rows.t()).isfinite().all()


def test_an_aggregator_with_options() -> None:
    rows = gradients(3, 11)
    weighting = AggregatedWeighting(CAGrad(c=0.2))
    weighting.setup(["a", "b", "c"])
    step = weighting.weigh(rows @ rows.t()) @ rows
    torch.testing.assert_close(step, CAGrad(c=0.2)(rows), rtol=1e-4, atol=1e-4)


def test_what_is_no_aggregator_of_weights() -> None:
    with pytest.raises(ValueError, match="'fair' is none of .'aligned_mtl'"):
        AggregatedWeighting("fair")
    weighting = AggregatedWeighting(TrimmedMean(trim_number=1))
    with pytest.raises(TypeError, match="no weighted sum of gradients"):
        weighting.setup(["a", "b", "c"])
