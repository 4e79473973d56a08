"""Each task's loss is a weighted mean over its own sample space (Tang et al. 2020, equation 9)."""

from __future__ import annotations

import mixed_tasks as mixed
import numpy as np
import pytest
import torch

from sklearn_ple.tasks import Binary, Count, Regression, TaskSet, read_targets
from sklearn_ple.training import MultiTaskLoss, masked_mean
from sklearn_ple.weighting import StaticWeighting

N = 29


def test_worked_by_hand() -> None:
    """Labels -1 and 1 have mean 0 and deviation 1, 0 and 1 a null deviance of log 2."""
    train = read_targets(np.array([[-1.0, 0.0], [1.0, 1.0]]))
    task_set = TaskSet.fit([Regression(), Binary()], train, np.ones((2, 2)))
    weighting = StaticWeighting()
    weighting.setup(task_set.names)
    criterion = MultiTaskLoss(task_set, weighting, np.array([1.0, 4.0]))
    raw = torch.tensor([[0.5, 0.0], [-2.0, 0.0], [3.0, np.log(3.0)]], dtype=torch.float64)
    labels = torch.tensor([[1.0, 1.0], [0.0, 0.0], [-1.0, 0.0]], dtype=torch.float64)
    weights = torch.tensor([[2.0, 1.0], [0.0, 0.0], [1.0, 1.0]], dtype=torch.float64)
    losses = criterion.task_losses(raw, labels, weights).tolist()
    # (2 * 0.25 + 1 * 16) / 3, and (log 2 + log 4) / 2 in units of log 2
    assert losses == pytest.approx([5.5, 1.5], abs=1e-14)
    assert criterion(raw, (labels, weights)).item() == pytest.approx(5.5 + 4 * 1.5, abs=1e-13)


def test_masked_mean_worked_by_hand() -> None:
    losses = torch.tensor([[1.0, 7.0, 9.0], [4.0, 5.0, 9.0]])
    weights = torch.tensor([[2.0, 0.0, 0.0], [1.0, 3.0, 0.0]])
    assert masked_mean(losses, weights).tolist() == [2.0, 5.0, 0.0]


@pytest.mark.parametrize("missing", [0.0, 0.3, 0.8])
def test_every_kind_against_loops(missing: float) -> None:
    y, weight = mixed.labels(N), mixed.weights(N)
    task_set, _ = mixed.fit_tasks(y, weight)
    encoded = task_set.encode(read_targets(mixed.labels(N, seed=5, missing=missing)))
    raw = mixed.draw_raw(N, task_set.n_raw)
    criterion = mixed.make_loss(task_set)
    tensors = mixed.as_tensors(encoded, weight)
    losses = criterion.task_losses(torch.from_numpy(raw), *tensors)
    expected = mixed.equation_9(task_set, raw, encoded, weight)
    np.testing.assert_allclose(losses.numpy(), expected, rtol=1e-12, atol=1e-12)
    total = criterion(torch.from_numpy(raw), tensors)
    assert total.item() == pytest.approx(float(mixed.TASK_WEIGHTS @ expected), rel=1e-12)


def test_the_best_constant_has_loss_one() -> None:
    """Null deviance is the unit: squared, cross-entropy and Poisson losses become comparable."""
    y, weight = mixed.labels(N), mixed.weights(N)
    task_set, targets = mixed.fit_tasks(y, weight)
    raw = torch.from_numpy(task_set.baseline).expand(N, -1)
    tensors = mixed.as_tensors(task_set.encode(targets), weight)
    losses = mixed.make_loss(task_set).task_losses(raw, *tensors)
    by_name = dict(zip(task_set.names, losses.tolist(), strict=True))
    assert by_name.pop("robust") < 1  # measured in squares, which Huber's loss stays below
    assert list(by_name.values()) == pytest.approx([1.0] * len(by_name), abs=1e-12)


@pytest.mark.parametrize("name", [n for n in mixed.KINDS if n != "robust"])
def test_no_other_constant_is_better_than_the_baseline(name: str) -> None:
    y, weight = mixed.labels(N), mixed.weights(N)
    task_set, targets = mixed.fit_tasks(y, weight)
    criterion, k = mixed.make_loss(task_set), task_set.names.index(name)
    tensors = mixed.as_tensors(task_set.encode(targets), weight)

    def loss(constant: torch.Tensor) -> torch.Tensor:
        return criterion.task_losses(constant.expand(N, -1), *tensors)[k]

    baseline = torch.from_numpy(task_set.baseline).requires_grad_()
    (gradient,) = torch.autograd.grad(loss(baseline), baseline)
    assert gradient.abs().max() < 1e-12
    for step in torch.from_numpy(mixed.draw_raw(20, task_set.n_raw)):
        assert loss(baseline.detach() + 0.3 * step) > 1


def test_duplicating_all_rows_changes_nothing() -> None:
    y, weight = mixed.labels(N), mixed.weights(N)
    task_set, targets = mixed.fit_tasks(y, weight)
    encoded = task_set.encode(targets)
    raw = mixed.draw_raw(N, task_set.n_raw)
    criterion = mixed.make_loss(task_set)
    once = criterion.task_losses(torch.from_numpy(raw), *mixed.as_tensors(encoded, weight))
    again = [np.repeat(each, 2, axis=0) for each in (raw, encoded, weight)]
    twice = criterion.task_losses(torch.from_numpy(again[0]), *mixed.as_tensors(*again[1:]))
    np.testing.assert_allclose(once.numpy(), twice.numpy(), rtol=1e-12)


def test_a_weight_of_two_is_two_rows() -> None:
    y, weight = mixed.labels(N), np.ones((N, len(mixed.KINDS)))
    task_set, targets = mixed.fit_tasks(y, weight)
    encoded = task_set.encode(targets)
    raw = mixed.draw_raw(N, task_set.n_raw)
    criterion = mixed.make_loss(task_set)
    weight[3] = 2.0
    heavy = criterion.task_losses(torch.from_numpy(raw), *mixed.as_tensors(encoded, weight))
    rows = np.append(np.arange(N), 3)
    ones = np.ones((N + 1, len(mixed.KINDS)))
    doubled = criterion.task_losses(
        torch.from_numpy(raw[rows]), *mixed.as_tensors(encoded[rows], ones)
    )
    np.testing.assert_allclose(heavy.numpy(), doubled.numpy(), rtol=1e-12)


def test_the_unit_of_a_target_does_not_matter() -> None:
    """Prices in cents cost what prices in dollars do; counts have no unit to change."""
    y, ones = mixed.labels(N)[["price"]], np.ones((N, 1))
    losses = []
    for factor in (1.0, 1e12, 1e-3):
        targets = read_targets(y * factor + 5 * factor)
        task_set = TaskSet.fit([Regression()], targets, ones)
        weighting = StaticWeighting()
        weighting.setup(["price"])
        criterion = MultiTaskLoss(task_set, weighting, np.ones(1))
        raw = torch.from_numpy(mixed.draw_raw(N, 1))
        tensors = mixed.as_tensors(task_set.encode(targets), ones)
        losses.append(criterion(raw, tensors).item())
    assert losses[1:] == pytest.approx([losses[0]] * 2, rel=1e-9)


@pytest.mark.parametrize("constant", [0.1, 3.0, 7e5, 1e12 / 3])
@pytest.mark.parametrize("task", [Regression(), Count()])
def test_a_constant_target_has_no_deviance_and_the_unit_one(
    task: Regression | Count, constant: float
) -> None:
    """Rounding of a weighted mean is no deviance: its inverse would swamp every other task."""
    weight = mixed.weights(N)[:, :1]
    targets = read_targets(np.full((N, 1), constant))
    task_set = TaskSet.fit([task], targets, weight)
    assert task_set.tasks[0].null_deviance_ == 0
    weighting = StaticWeighting()
    weighting.setup(["y0"])
    criterion = MultiTaskLoss(task_set, weighting, np.ones(1))
    tensors = mixed.as_tensors(task_set.encode(targets), weight)
    raw = torch.from_numpy(task_set.baseline).expand(N, -1)
    assert criterion(raw, tensors).item() == pytest.approx(0.0, abs=1e-12)
    off = criterion(raw + 1, tensors).item()
    assert off == pytest.approx(1.0 if isinstance(task, Regression) else constant * (np.e - 2))
