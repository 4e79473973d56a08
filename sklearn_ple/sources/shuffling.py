"""Putting rows that come in parts into a random order, with a few of them in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from sklearn_ple.training import Batch


def interleaved(
    order: Sequence[int],
    read: Callable[[int], Iterator[Batch]],
    at_once: int,
    n_piece: int,
    random: np.random.Generator,
) -> Iterator[Batch]:
    """Small pieces of several row groups at once, from whichever is drawn each time.

    Parameters
    ----------
    order : sequence of int
        Row groups, in the order in which they are begun.
    read : callable
        From a row group to its parts, which are cut into pieces.
    at_once : int
        Row groups that are read at the same time, at most.
    n_piece : int
        Rows of a piece, at most.
    random : Generator
    """
    waiting = deque(order)
    begun: list[Iterator[Batch]] = []
    while waiting or begun:
        while waiting and len(begun) < at_once:
            begun.append(_pieces(read(waiting.popleft()), n_piece))
        drawn = int(random.integers(len(begun)))
        piece = next(begun[drawn], None)
        if piece is None:
            begun.pop(drawn)
        else:
            yield piece


def shuffled(pieces: Iterator[Batch], n_held: int, random: np.random.Generator) -> Iterator[Batch]:
    """The same rows, each drawn from `n_held` of them that are in memory.

    A piece that comes in takes the place of as many rows, drawn at random, which go out. No piece
    has more rows than are held.
    """
    held = _gather(pieces, n_held)
    if held is None:
        return
    n = n_rows(held)
    for coming in pieces:
        drawn = torch.from_numpy(random.choice(n, size=n_rows(coming), replace=False))
        going = take(held, drawn)
        for kept, each in zip(_tensors(held), _tensors(coming), strict=True):
            kept.index_copy_(0, drawn, each)
        yield going
    yield take(held, torch.from_numpy(random.permutation(n)))


def in_sizes(parts: Iterator[Batch], sizes: Sequence[int]) -> Iterator[Batch]:
    """The same rows in the same order, in batches of these sizes; fewer rows end it early."""
    waiting: list[Batch] = []
    n_waiting = 0
    for size in sizes:
        while n_waiting < size:
            part = next(parts, None)
            if part is None:
                return
            waiting.append(part)
            n_waiting += n_rows(part)
        whole = waiting[0] if len(waiting) == 1 else joined(waiting)
        yield cut(whole, 0, size)
        n_waiting -= size
        waiting = [cut(whole, size, size + n_waiting)] if n_waiting else []


def n_rows(batch: Batch) -> int:
    """Number of rows in a batch."""
    return len(batch[1][0])


def take(batch: Batch, index: Tensor) -> Batch:
    """Some rows of a batch, by number."""
    return _each(batch, lambda tensor: tensor.index_select(0, index))


def cut(batch: Batch, start: int, stop: int) -> Batch:
    """Rows in a row, not copied."""
    return _each(batch, lambda tensor: tensor[start:stop])


def joined(batches: Sequence[Batch]) -> Batch:
    """The rows of several."""
    features = {name: torch.cat([x[name] for x, _ in batches]) for name in batches[0][0]}
    labels, weights = (torch.cat([y[i] for _, y in batches]) for i in range(2))
    return features, (labels, weights)


def _each(batch: Batch, change: Callable[[Tensor], Tensor]) -> Batch:
    features, (labels, weights) = batch
    changed = {name: change(tensor) for name, tensor in features.items()}
    return changed, (change(labels), change(weights))


def _tensors(batch: Batch) -> list[Tensor]:
    return [*batch[0].values(), *batch[1]]


def _pieces(parts: Iterator[Batch], n_piece: int) -> Iterator[Batch]:
    for part in parts:
        for start in range(0, n_rows(part), n_piece):
            yield cut(part, start, start + n_piece)


def _gather(pieces: Iterator[Batch], n: int) -> Batch | None:
    """The first pieces, until they hold so many rows, as memory of their own."""
    gathered, n_gathered = [], 0
    for piece in pieces:
        gathered.append(piece)
        n_gathered += n_rows(piece)
        if n_gathered >= n:
            break
    return joined(gathered) if gathered else None
