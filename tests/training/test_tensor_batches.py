"""Batches: every row once an epoch, of near equal sizes, in an order that the generator draws."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sklearn_ple.training import TensorBatches, TensorData

SIZES = [(53, 9), (53, 53), (53, 100), (54, 9), (7, 3), (1, 4), (100, 1), (1000, 333)]


def _data(n: int) -> TensorData:
    """Row i holds i everywhere."""
    row = np.arange(n, dtype=np.float64)
    return TensorData.from_arrays(
        {"numbers": row[:, None], "codes": np.arange(n, dtype=np.int32)[:, None]},
        np.column_stack([row, -row]),
        np.column_stack([row + 1, row + 2]),
        dtype=torch.float64,
        device=torch.device("cpu"),
    )


def _generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _orders(batches: TensorBatches) -> list[list[int]]:
    return [batch["codes"].flatten().tolist() for batch, _ in batches]


@pytest.mark.parametrize(("n", "batch_size"), SIZES)
def test_each_row_exactly_once_an_epoch(n: int, batch_size: int) -> None:
    batches = TensorBatches(_data(n), batch_size, _generator())
    for _ in range(3):
        assert sorted(i for batch in _orders(batches) for i in batch) == list(range(n))


@pytest.mark.parametrize(("n", "batch_size"), SIZES)
def test_sizes_differ_by_one_row_at_most(n: int, batch_size: int) -> None:
    sizes = [len(batch) for batch in _orders(TensorBatches(_data(n), batch_size, _generator()))]
    assert len(sizes) == len(TensorBatches(_data(n), batch_size)) == -(-n // batch_size)
    assert max(sizes) <= batch_size
    assert max(sizes) - min(sizes) <= 1


def test_the_order_comes_from_the_generator_and_from_nowhere_else() -> None:
    before = torch.get_rng_state()
    one = TensorBatches(_data(53), 9, _generator(3))
    other = TensorBatches(_data(53), 9, _generator(3))
    first, second = _orders(one), _orders(one)
    assert [first, second] == [_orders(other), _orders(other)]
    assert first != second
    assert first != _orders(TensorBatches(_data(53), 9, _generator(4)))
    assert torch.equal(before, torch.get_rng_state())


def test_without_a_generator_rows_keep_their_order() -> None:
    flat = [i for batch in _orders(TensorBatches(_data(53), 9)) for i in batch]
    assert flat == list(range(53))


def test_features_labels_and_weights_stay_together() -> None:
    for features, (labels, weights) in TensorBatches(_data(53), 9, _generator()):
        row = features["numbers"][:, 0]
        assert torch.equal(features["codes"][:, 0].double(), row)
        assert torch.equal(labels, torch.stack([row, -row], dim=1))
        assert torch.equal(weights, torch.stack([row + 1, row + 2], dim=1))


@pytest.mark.parametrize("n", [4, 50])
def test_every_order_is_as_likely(n: int) -> None:
    """The first row of an epoch is any row, about equally often."""
    batches = TensorBatches(_data(n), n, _generator())
    firsts = np.bincount([_orders(batches)[0][0] for _ in range(20 * n)], minlength=n)
    assert firsts.min() > 0
    assert ((firsts - 20) ** 2 / 20).sum() < n + 6 * np.sqrt(2 * n)
