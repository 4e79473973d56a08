"""What early stopping goes by, worked by hand: deviance explained at the best confidence."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from sklearn_ple.tasks import Binary, Count, Regression, TaskSet, read_targets
from sklearn_ple.training import MultiTaskLoss
from sklearn_ple.training.validation import (
    explained_when_recalibrated,
    label_share,
    mean_losses,
    stopping_score,
    validation_sums,
)
from sklearn_ple.weighting import StaticWeighting

FACTORS = [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25]


def _criterion() -> MultiTaskLoss:
    """Regression labels of mean 0 and deviation 1; one yes in four; counts of mean 2."""
    train = np.array([[-1.0, 0.0, 0.0], [1.0, 0.0, 4.0], [-1.0, 0.0, 2.0], [1.0, 1.0, 2.0]])
    task_set = TaskSet.fit(
        [Regression(), Binary(), Count()], read_targets(train), np.ones(train.shape)
    )
    weighting = StaticWeighting()
    weighting.setup(task_set.names)
    return MultiTaskLoss(task_set, weighting, np.ones(3))


LABELS = torch.tensor([[1.0, 1.0, 3.0], [-1.0, 0.0, 1.0]], dtype=torch.float64)
BASELINE = torch.tensor([0.0, np.log(1 / 3), np.log(2.0)], dtype=torch.float64)
ONES = torch.ones_like(LABELS)


def _explained(raw: Tensor, weights: Tensor = ONES, labels: Tensor = LABELS) -> list[float]:
    sums = validation_sums(_criterion(), raw, labels, weights)
    return explained_when_recalibrated(sums).tolist()


@pytest.mark.parametrize(
    ("multiple", "explained"),
    [
        (1.0, 1.0),
        (2.0, 1.0),  # halved
        (0.8, 1.0),  # pushed away by 1.25
        (4.0, 0.96),  # drawn to 0.3 * 4 = 1.2: an error of 0.2
        (0.4, 0.75),  # pushed to 0.5
        (0.0, 0.0),
        (-1.0, -0.69),  # wrong: drawn in as far as it goes, an error of 1.3
    ],
)
def test_regression_at_multiples_of_the_truth(multiple: float, explained: float) -> None:
    raw = torch.zeros_like(LABELS)
    raw[:, 0] = multiple * LABELS[:, 0]
    assert _explained(raw)[0] == pytest.approx(explained, abs=1e-12)


def test_the_baseline_explains_nothing() -> None:
    assert _explained(BASELINE.expand(2, -1)) == pytest.approx([0.0] * 3, abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_classes_and_counts_by_loops_over_the_factors(seed: int) -> None:
    """Raw outputs are drawn towards the training baseline, wherever that lies."""
    raw = 3 * torch.randn(2, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))

    def binary(z: np.ndarray) -> float:
        p = 1 / (1 + np.exp(-z))
        return float(-np.log([p[0], 1 - p[1]]).mean())

    def count(z: np.ndarray) -> float:
        y, mu = np.array([3.0, 1.0]), np.exp(z)
        return float((y * np.log(y / mu) - y + mu).mean())

    explained = _explained(raw)
    for k, loss in ((1, binary), (2, count)):
        b, z = BASELINE[k].item(), raw[:, k].numpy()
        best = min(loss(b + factor * (z - b)) for factor in FACTORS)
        assert explained[k] == pytest.approx(1 - best / loss(np.full(2, b)), abs=1e-12)


def test_weights_and_sample_spaces_count() -> None:
    raw = torch.zeros_like(LABELS)
    raw[:, 0] = torch.tensor([0.5, 7.0])
    only_first = ONES.clone()
    only_first[1, 0] = 0
    assert _explained(raw, only_first)[0] == pytest.approx(1 - (1 - 0.5 * 1.25) ** 2)
    mostly_first = ONES.clone()
    mostly_first[0, 0] = 3
    errors = [(3 * (1 - 0.5 * f) ** 2 + (1 + 7 * f) ** 2) / 4 for f in FACTORS]
    assert _explained(raw, mostly_first)[0] == pytest.approx(1 - min(errors))


def test_a_task_without_validation_labels_explains_nothing_and_spoils_nothing() -> None:
    weights = ONES.clone()
    weights[:, 1] = 0
    labels = LABELS.clone()
    labels[:, 1] = torch.nan
    raw = torch.full_like(LABELS, 0.1)
    raw[:, 1] = torch.inf
    with_gap, without = _explained(raw, weights, labels), _explained(torch.full_like(raw, 0.1))
    assert np.isnan(with_gap[1])
    share = torch.tensor([1.0, 0.0, 1.0], dtype=torch.float64)
    assert stopping_score(torch.tensor(with_gap, dtype=torch.float64), share) == pytest.approx(
        (with_gap[0] + with_gap[2]) / 2
    )
    assert [with_gap[0], with_gap[2]] == [without[0], without[2]]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_labels_that_the_baseline_hits_decide_nothing(dtype: torch.dtype) -> None:
    """Counts that are all the training mean leave nothing to explain, but for rounding."""
    labels = LABELS.to(dtype)
    labels[:, 2] = 2.0
    raw = torch.full_like(labels, 0.1)
    sums = validation_sums(_criterion().to(dtype), raw, labels, ONES.to(dtype))
    explained = explained_when_recalibrated(sums.to(dtype))
    assert explained[2] == 0.0


@pytest.mark.parametrize(
    ("explained", "label_shares", "score"),
    [
        ([0.8, 0.2], [1.0, 1.0], 0.5),
        ([0.8, 0.2], [1.0, 0.25], (0.8 + 0.5 * 0.2) / 1.5),
        ([0.8, -9.0], [1.0, 0.01], (0.8 - 0.1 * 9) / 1.1),
        ([0.8, 0.0], [1.0, 0.0], 0.8),
        ([0.3, 0.6, 0.9], [0.04, 0.16, 0.64], (0.2 * 0.3 + 0.4 * 0.6 + 0.8 * 0.9) / 1.4),
    ],
)
def test_tasks_weigh_by_the_root_of_their_label_share(
    explained: list[float], label_shares: list[float], score: float
) -> None:
    weights = torch.zeros(100, len(explained), dtype=torch.float64)
    for k, share in enumerate(label_shares):
        weights[: round(100 * share), k] = 1.7  # how heavy a label is does not matter
    share = (weights > 0).double().mean(0)
    got = stopping_score(torch.tensor(explained, dtype=torch.float64), share)
    assert got == pytest.approx(score, abs=1e-12)


def _rows(n: int = 47) -> tuple[Tensor, Tensor, Tensor]:
    """Raw outputs, labels and weights, of which a third are zero."""
    generator = torch.Generator().manual_seed(11)
    raw, noise, weights = (
        torch.randn(n, 3, dtype=torch.float64, generator=generator) for _ in range(3)
    )
    labels = torch.stack([noise[:, 0], (noise[:, 1] > 0).double(), noise[:, 2].exp().floor()], 1)
    return raw, labels, torch.where(weights > 0.4, 0.0, weights.abs())


@pytest.mark.parametrize("cuts", [[23], [1, 2], [5, 19, 40], list(range(1, 47))])
def test_sums_of_parts_add_up_to_those_of_all_rows(cuts: list[int]) -> None:
    rows = _rows()
    whole = validation_sums(_criterion(), *rows)
    parts = zip(*(each.tensor_split(cuts) for each in rows), strict=True)
    added = torch.stack([validation_sums(_criterion(), *part) for part in parts]).sum(0)
    torch.testing.assert_close(added, whole, rtol=1e-13, atol=1e-13)


def test_shares_and_mean_losses_are_those_of_the_rows() -> None:
    raw, labels, weights = _rows()
    sums = validation_sums(_criterion(), raw, labels, weights)
    torch.testing.assert_close(label_share(sums), (weights > 0).double().mean(0))
    torch.testing.assert_close(mean_losses(sums), _criterion().task_losses(raw, labels, weights))
