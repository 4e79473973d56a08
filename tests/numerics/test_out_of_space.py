"""Rows outside a task's sample space: whatever stands behind the mask has no effect at all."""

from __future__ import annotations

import struct

import mixed_tasks as mixed
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from sklearn_ple.nn import TowerBank
from sklearn_ple.tasks import TaskSet, read_targets
from sklearn_ple.training import MultiTaskLoss, TensorData
from sklearn_ple.weighting import StaticWeighting

N, WIDTH = 23, 5
ODD_NAN = struct.unpack("d", struct.pack("Q", 0xFFF7DEADBEEF0001))[0]
GARBAGE = [np.nan, ODD_NAN, 1e300, np.inf, -np.inf, -5.0, 2.5, 10_000.0]
DTYPES = [torch.float32, torch.float64]


def _setting(dtype: torch.dtype) -> tuple[MultiTaskLoss, TaskSet, Tensor, Tensor]:
    """The loss, and labels with their weights, a third of them zero."""
    weight = mixed.weights(N)
    task_set, _ = mixed.fit_tasks(mixed.labels(31), mixed.weights(31))
    encoded = task_set.encode(read_targets(mixed.labels(N, seed=5)))
    labels, weights = mixed.as_tensors(encoded, weight)
    return mixed.make_loss(task_set).to(dtype), task_set, labels.to(dtype), weights.to(dtype)


def _loss_and_gradients(
    criterion: MultiTaskLoss, n_raw: int, labels: Tensor, weights: Tensor
) -> list[Tensor]:
    """Of a linear model whose weights are the same every time."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(len(labels), WIDTH, generator=generator).to(labels.dtype)
    weight = torch.randn(n_raw, WIDTH, generator=generator).to(labels.dtype).requires_grad_()
    raw = x @ weight.T
    raw.retain_grad()
    loss = criterion(raw, (labels, weights))
    loss.backward()
    assert weight.grad is not None
    assert raw.grad is not None
    return [loss.detach(), weight.grad, raw.grad]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("garbage", GARBAGE, ids=lambda g: f"{g!r}")
def test_labels_behind_the_mask(garbage: float, dtype: torch.dtype) -> None:
    criterion, task_set, labels, weights = _setting(dtype)
    clean = _loss_and_gradients(criterion, task_set.n_raw, labels, weights)
    spoilt = torch.where(weights > 0, labels, torch.tensor(garbage, dtype=dtype))
    dirty = _loss_and_gradients(criterion, task_set.n_raw, spoilt, weights)
    for before, after in zip(clean, dirty, strict=True):
        assert torch.isfinite(before).all()
        assert torch.equal(before, after)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("poison", [1e4, -1e4, 1e30, np.inf, -np.inf, np.nan])
def test_raw_outputs_of_rows_outside(poison: float, dtype: torch.dtype) -> None:
    """exp(10,000) overflows: a Poisson task must not even look at rows outside."""
    criterion, task_set, labels, weights = _setting(dtype)
    clean = torch.from_numpy(mixed.draw_raw(N, task_set.n_raw)).to(dtype)
    inside = torch.repeat_interleave(
        weights > 0, torch.tensor([task.n_raw for task in task_set]), dim=1
    )
    results = []
    for raw in (clean, torch.where(inside, clean, torch.tensor(poison, dtype=dtype))):
        raw.requires_grad_()
        loss = criterion(raw, (labels, weights))
        loss.backward()
        results.append((loss.detach(), raw.grad))
    (loss, gradient), (poisoned_loss, poisoned_gradient) = results
    assert torch.equal(loss, poisoned_loss)
    assert torch.equal(gradient, poisoned_gradient)
    assert not gradient[~inside].any()


@pytest.mark.parametrize("weighted", [False, True])
def test_missing_labels_become_weight_zero(weighted: bool) -> None:
    encoded = np.array([[1.0, ODD_NAN], [np.nan, 2.0], [3.0, 4.0]])
    weight = np.array([[2.0, 3.0], [5.0, 7.0], [0.0, 11.0]]) if weighted else np.ones((3, 2))
    data = TensorData.from_arrays(
        {"numbers": np.zeros((3, 1))},
        encoded,
        weight,
        dtype=torch.float64,
        device=torch.device("cpu"),
    )
    labels, weights = data.y
    assert torch.isfinite(labels).all()
    assert (weights == torch.from_numpy(np.where(np.isnan(encoded), 0, weight))).all()


def test_adding_rows_outside_changes_nothing() -> None:
    criterion, task_set, labels, weights = _setting(torch.float64)
    raw = torch.from_numpy(mixed.draw_raw(N, task_set.n_raw))
    extra = torch.from_numpy(mixed.draw_raw(17, task_set.n_raw, seed=9))
    losses = criterion.task_losses(raw, labels, weights)
    more = criterion.task_losses(
        torch.cat([raw, extra]),
        torch.cat([labels, torch.full((17, len(task_set)), torch.nan)]),
        torch.cat([weights, torch.zeros(17, len(task_set))]),
    )
    np.testing.assert_allclose(losses.numpy(), more.numpy(), rtol=1e-14)


@pytest.mark.parametrize("absent", list(mixed.KINDS))
def test_a_task_absent_from_a_batch_costs_and_moves_nothing(absent: str) -> None:
    criterion, task_set, labels, weights = _setting(torch.float64)
    k = task_set.names.index(absent)
    weights[:, k] = 0
    labels[:, k] = torch.nan
    tower = nn.Linear(WIDTH, task_set.n_raw).double()
    x = torch.randn(N, WIDTH, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    losses = criterion.task_losses(tower(x), labels, weights)
    assert losses[k].item() == 0.0
    criterion.combine(losses).backward()
    own = torch.zeros(task_set.n_raw, dtype=torch.bool)
    own[task_set.slices[k]] = True
    assert tower.weight.grad is not None
    assert not tower.weight.grad[own].any()
    assert tower.weight.grad[~own].all()
    assert torch.isfinite(tower.weight.grad).all()


def test_a_batch_without_any_label_is_zero_with_zero_gradient() -> None:
    criterion, task_set, labels, weights = _setting(torch.float64)
    nothing = torch.zeros_like(weights)
    results = _loss_and_gradients(criterion, task_set.n_raw, labels * torch.nan, nothing)
    assert not any(each.any() for each in results)


@pytest.mark.parametrize("absent", range(3))
def test_every_layer_of_an_absent_tasks_tower_stands_still(absent: int) -> None:
    weight = np.ones((N, 3))
    y = mixed.labels(31)[["click", "price", "colour"]]
    kinds = [mixed.KINDS[name] for name in y]
    task_set = TaskSet.fit(kinds, read_targets(y), np.ones((31, 3)))
    encoded = task_set.encode(read_targets(y.iloc[:N]))
    encoded[:, absent] = np.nan
    weighting = StaticWeighting()
    weighting.setup(task_set.names)
    criterion = MultiTaskLoss(task_set, weighting, np.ones(3))
    n_raw = [task.n_raw for task in task_set]
    towers = TowerBank(n_raw, in_width=WIDTH, widths=(4, 6), activation="tanh").double()
    x = torch.randn(N, 3, WIDTH, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    criterion(towers(x), mixed.as_tensors(encoded, weight)).backward()
    hidden = [*towers.hidden.weights, *towers.hidden.biases]
    last = [part.grad.split(n_raw) for part in (towers.weight, towers.bias)]
    for k in range(3):
        own = [p.grad[k] for p in hidden] + [part[k] for part in last]
        assert [bool(gradient.any()) for gradient in own] == [k != absent] * len(own)
