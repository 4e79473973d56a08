"""Rows out of row groups: each once an epoch, in whole batches, in an order that is drawn."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from sklearn_ple.sources import StreamedRows
from sklearn_ple.training import Batch, Share

# Row groups by size, rows of the buffer, batch size.
SHAPES = [
    ([53], 16, 9),
    ([7, 31, 1, 15], 16, 9),
    ([20] * 11, 64, 32),
    ([3] * 40, 7, 11),
    ([500], 32, 64),
    ([10, 20], 1_000, 7),
    ([5, 5], 1, 3),
    ([1], 4, 5),
]


def _data(groups: list[int], buffer_rows: int, lost: int = 0, at_once: int = 16) -> StreamedRows:
    """Row i holds i everywhere; what is read again lacks the last `lost` rows of each group."""
    starts = np.cumsum([0, *groups])

    def read(group: int, n_rows: int) -> Iterator[Batch]:
        stop = starts[group + 1] - lost
        for start in range(starts[group], stop, n_rows):
            row = torch.arange(start, min(start + n_rows, stop), dtype=torch.float64)
            yield (
                {"numbers": row[:, None], "codes": row.int()[:, None]},
                (torch.stack([row, -row], dim=1), torch.stack([row + 1, row + 2], dim=1)),
            )

    return StreamedRows(sum(groups), len(groups), read, buffer_rows=buffer_rows, at_once=at_once)


def _generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _epoch(batches) -> list[list[int]]:
    return [features["codes"].flatten().tolist() for features, _ in batches]


def _flat(epoch: list[list[int]]) -> list[int]:
    return [row for batch in epoch for row in batch]


@pytest.mark.parametrize(("groups", "buffer_rows", "batch_size"), SHAPES)
def test_each_row_exactly_once_an_epoch(groups, buffer_rows, batch_size) -> None:
    batches = _data(groups, buffer_rows).batches(batch_size, _generator())
    for _ in range(3):
        assert sorted(_flat(_epoch(batches))) == list(range(sum(groups)))


@pytest.mark.parametrize(("groups", "buffer_rows", "batch_size"), SHAPES)
def test_sizes_differ_by_one_row_at_most(groups, buffer_rows, batch_size) -> None:
    batches = _data(groups, buffer_rows).batches(batch_size, _generator())
    sizes = [len(batch) for batch in _epoch(batches)]
    assert len(sizes) == len(batches) == -(-sum(groups) // batch_size)
    assert max(sizes) <= batch_size
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize(("groups", "buffer_rows", "batch_size"), SHAPES[:5])
def test_the_order_comes_from_the_generator_and_from_nowhere_else(
    groups, buffer_rows, batch_size
) -> None:
    before, globally = torch.get_rng_state(), np.random.get_state()[1].copy()
    data = _data(groups, buffer_rows)
    one, other = (data.batches(batch_size, _generator(3)) for _ in range(2))
    first, second = _epoch(one), _epoch(one)
    assert [first, second] == [_epoch(other), _epoch(other)]
    assert first != second
    assert first != _epoch(data.batches(batch_size, _generator(4)))
    assert torch.equal(before, torch.get_rng_state())
    assert (np.random.get_state()[1] == globally).all()


def test_an_epoch_goes_by_the_generators_state_alone() -> None:
    """So a fit that is resumed sees the rows in the order that it would have seen."""
    data, generator = _data([20] * 11, 64), _generator()
    batches = data.batches(32, generator)
    _epoch(batches)
    state = generator.get_state()
    second = _epoch(batches)
    fresh = _generator(9)
    fresh.set_state(state)
    assert _epoch(data.batches(32, fresh)) == second


@pytest.mark.parametrize(("groups", "buffer_rows", "batch_size"), SHAPES)
def test_without_a_generator_rows_keep_their_order(groups, buffer_rows, batch_size) -> None:
    data = _data(groups, buffer_rows)
    assert _flat(_epoch(data.batches(batch_size, None))) == list(range(sum(groups)))
    assert _flat(_epoch(data.chunks())) == list(range(sum(groups)))


def test_features_labels_and_weights_stay_together() -> None:
    for features, (labels, weights) in _data([7, 31, 1, 15], 16).batches(9, _generator()):
        row = features["numbers"][:, 0]
        assert torch.equal(features["codes"][:, 0].double(), row)
        assert torch.equal(labels, torch.stack([row, -row], dim=1))
        assert torch.equal(weights, torch.stack([row + 1, row + 2], dim=1))


def test_batches_do_not_change_behind_their_readers_back() -> None:
    """The buffer is overwritten as it goes, and a batch is no view of it."""
    epoch = list(_data([20] * 11, 64).batches(32, _generator()))
    assert sorted(_flat(_epoch(epoch))) == list(range(220))


@pytest.mark.parametrize("size", [2, 3])
def test_processes_share_each_batch(size: int) -> None:
    data = _data([7, 31, 1, 15], 16)
    whole = _epoch(data.batches(9, _generator()))
    parts = [_epoch(data.batches(9, _generator(), Share(r, size))) for r in range(size)]
    assert [_flat(list(each)) for each in zip(*parts, strict=True)] == whole
    chunks = [_flat(_epoch(data.chunks(Share(rank, size)))) for rank in range(size)]
    assert sorted(_flat(chunks)) == list(range(54))


def test_a_process_without_rows_gets_one_that_weighs_nothing() -> None:
    parts = list(_data([5], 4).batches(2, _generator(), Share(2, 3)))
    assert [len(labels) for _, (labels, _) in parts] == [1] * 3
    assert all((weights == 0).all() for _, (_, weights) in parts)


def test_a_larger_buffer_mixes_better() -> None:
    """Rows lie in order; by how far do the batches' means differ, chance being 1?"""
    spread = []
    for buffer_rows in (512, 2_048, 8_192):
        batches = _data([256] * 32, buffer_rows).batches(64, _generator())
        means = [np.mean(batch) for batch in _epoch(batches)]
        spread.append(np.std(means) / (8_192 / np.sqrt(12 * 64)))
    assert spread == sorted(spread, reverse=True)
    assert spread[-1] < 1.5


@pytest.mark.parametrize("at_once", [1, 2, 5])
def test_no_more_row_groups_are_read_at_once(at_once: int) -> None:
    data = _data([20] * 11, 64, at_once=at_once)
    read, is_open, most = data.read, set(), 0

    def watched(group: int, n_rows: int) -> Iterator[Batch]:
        nonlocal most
        is_open.add(group)
        most = max(most, len(is_open))
        yield from read(group, n_rows)
        is_open.remove(group)

    data.read = watched
    assert sorted(_flat(_epoch(data.batches(32, _generator())))) == list(range(220))
    assert most == at_once


def test_a_buffer_that_holds_all_rows_shuffles_them_evenly() -> None:
    """The first row of an epoch is any row, about equally often."""
    batches = _data([10] * 5, 50).batches(50, _generator())
    firsts = np.bincount([_epoch(batches)[0][0] for _ in range(1_000)], minlength=50)
    assert ((firsts - 20) ** 2 / 20).sum() < 50 + 6 * np.sqrt(100)


@pytest.mark.parametrize("generator", [None, _generator()])
@pytest.mark.parametrize("lost", [1, -1])
def test_files_that_change_are_an_error(lost: int, generator: torch.Generator | None) -> None:
    data = _data([20] * 11, 64, lost)
    with pytest.raises(RuntimeError, match="no longer hold 220 rows"):
        _epoch(data.batches(32, generator))
