"""The loss of every kind against scikit-learn's metrics and SciPy's functions."""

from __future__ import annotations

from collections.abc import Callable

import mixed_tasks as mixed
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.special import expit, huber, softmax
from sklearn.metrics import log_loss, mean_poisson_deviance, mean_squared_error

N = 43
Array = NDArray[np.float64]
Metric = Callable[[Array, Array, Array], float]


def _cross_entropy(n_classes: int) -> Metric:
    def metric(y: Array, raw: Array, weight: Array) -> float:
        codes = list(range(n_classes))
        return log_loss(y, softmax(raw, axis=1), sample_weight=weight, labels=codes)

    return metric


def _binary(y: Array, raw: Array, weight: Array) -> float:
    return log_loss(y, expit(raw[:, 0]), sample_weight=weight, labels=[0, 1])


def _squared(y: Array, raw: Array, weight: Array) -> float:
    return mean_squared_error(y, raw[:, 0], sample_weight=weight)


def _huber(y: Array, raw: Array, weight: Array) -> float:
    return float(np.average(2 * huber(mixed.DELTA, raw[:, 0] - y), weights=weight))


def _half_poisson(y: Array, raw: Array, weight: Array) -> float:
    return mean_poisson_deviance(y, np.exp(raw[:, 0]), sample_weight=weight) / 2


METRICS: dict[str, Metric] = {
    "click": _binary,
    "buy": _binary,
    "colour": _cross_entropy(3),
    "shape": _cross_entropy(4),
    "price": _squared,
    "robust": _huber,
    "visits": _half_poisson,
}


@pytest.mark.parametrize("name", METRICS)
def test_loss_times_null_deviance_is_the_metric_on_labelled_rows(name: str) -> None:
    y, weight = mixed.labels(N), mixed.weights(N)
    task_set, targets = mixed.fit_tasks(y, weight)
    k = task_set.names.index(name)
    encoded = task_set.encode(targets)
    raw = mixed.draw_raw(N, task_set.n_raw)
    losses = mixed.make_loss(task_set).task_losses(
        torch.from_numpy(raw), *mixed.as_tensors(encoded, weight)
    )
    rows = ~np.isnan(encoded[:, k])
    expected = METRICS[name](encoded[rows, k], raw[rows, task_set.slices[k]], weight[rows, k])
    got = losses[k].item() * task_set.tasks[k].null_deviance_
    assert got == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize("name", [n for n in METRICS if n != "robust"])
def test_null_deviance_is_the_metric_of_the_best_constant(name: str) -> None:
    y, weight = mixed.labels(N), mixed.weights(N)
    task_set, targets = mixed.fit_tasks(y, weight)
    k = task_set.names.index(name)
    task, encoded = task_set.tasks[k], task_set.encode(targets)[:, k]
    rows = ~np.isnan(encoded)
    constant = np.tile(task.baseline_, (rows.sum(), 1))
    expected = METRICS[name](encoded[rows], constant, weight[rows, k])
    assert task.null_deviance_ == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("scale", [1e-3, 1.0, 30.0])
def test_never_negative(name: str, scale: float) -> None:
    y = mixed.labels(N, missing=0.0)
    weight = mixed.weights(N)
    task_set, targets = mixed.fit_tasks(y, weight)
    raw = torch.from_numpy(scale * mixed.draw_raw(N, task_set.n_raw))
    labels, _ = mixed.as_tensors(task_set.encode(targets), weight)
    rows = mixed.make_loss(task_set).row_losses(raw, labels, torch.ones_like(labels) > 0)
    assert rows[:, task_set.names.index(name)].min() >= 0


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_large_logits_stay_finite_and_linear(dtype: torch.dtype) -> None:
    """A wrong classification at a logit of 300 costs 300, not infinity."""
    click, colour = mixed.KINDS["click"], mixed.KINDS["colour"]
    wrong = torch.tensor([[[300.0]]], dtype=dtype)
    right_is_no = torch.zeros(1, 1, dtype=dtype)
    assert click.losses(wrong, right_is_no).item() == pytest.approx(300)
    scores = torch.tensor([[[0.0, 300.0, 0.0]]], dtype=dtype)
    assert colour.losses(scores, right_is_no).item() == pytest.approx(300)


@pytest.mark.parametrize("count", [1.0, 3.0, 250.0, 4e6])
def test_poisson_is_accurate_near_a_perfect_prediction(count: float) -> None:
    """For a mean off by a small share e, y (e - log(1 + e)) is about y e² / 2."""
    share = 1e-3
    raw = torch.tensor([[[np.log(count * (1 + share))]]], dtype=torch.float64)
    loss = mixed.KINDS["visits"].losses(raw, torch.tensor([[count]], dtype=torch.float64))
    assert loss.item() == pytest.approx(count * (share - np.log1p(share)), rel=1e-9)
