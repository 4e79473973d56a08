"""`StreamedRows`: rows that come out of files anew in every epoch, as the training loop asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch

from sklearn_ple.sources.group_reader import PASS_ROWS
from sklearn_ple.sources.shuffling import cut, in_sizes, interleaved, n_rows, shuffled
from sklearn_ple.training import Batch, Batches, RowData, Share
from sklearn_ple.training.row_data import WHOLE
from sklearn_ple.training.tensor_data import weightless

Read = Callable[[int, int], Iterator[Batch]]
FIRST_ROWS = 256
WORTH_READING = 2_048  # a part of fewer rows takes about as long
PIECE_ROWS = 256  # more pieces in the buffer are more row groups mixed


class StreamedRows(RowData):
    """Encoded rows of row groups.

    Parameters
    ----------
    n_rows : int
        How many rows all row groups give.
    n_groups : int
    read : callable
        From the number of a row group, and of rows to read at a time, to its rows in parts.
    buffer_rows : int
        Rows that are held to shuffle; about as many wait in the parts of row groups that are read.
    at_once : int
        Row groups that are read at the same time, at most.

    Attributes
    ----------
    X, y : dict of Tensor, tuple of Tensor
        Of the first few rows.
    """

    def __init__(
        self, n_rows: int, n_groups: int, read: Read, *, buffer_rows: int, at_once: int
    ) -> None:
        self.n_rows = n_rows
        self.n_groups = n_groups
        self.read = read
        self.buffer_rows = buffer_rows
        self.at_once = at_once
        first = next(self.parts(min(buffer_rows, FIRST_ROWS)))
        self.X, self.y = cut(first, 0, FIRST_ROWS)

    def __len__(self) -> int:
        return self.n_rows

    def batches(
        self, batch_size: int, generator: torch.Generator | None, share: Share = WHOLE
    ) -> StreamedBatches:
        """All rows in batches, in an order that the generator draws; None keeps the order."""
        return StreamedBatches(self, batch_size, generator, share)

    def chunks(self, share: Share = WHOLE) -> Iterator[Batch]:
        """The share's row groups in order, in parts that fit into memory."""
        return self.parts(PASS_ROWS, share)

    def parts(self, n_rows: int, share: Share = WHOLE) -> Iterator[Batch]:
        """The rows of every row group that is the share's, so many read at a time."""
        for group in range(share.rank, self.n_groups, share.size):
            yield from self.read(group, n_rows)


@dataclass
class StreamedBatches(Batches):
    """Batches of `StreamedRows`, of sizes that differ by at most one row.

    Parameters
    ----------
    data : StreamedRows
    batch_size : int
        No batch is larger.
    generator : torch.Generator or None
        Draws a new order each epoch: of row groups, of the parts of those that are read at once,
        and of rows in the buffer. None keeps the order of the files.
    share : Share
        Which part of each batch is taken. Every process reads all rows, in the same order.

    Raises
    ------
    RuntimeError
        If the files give fewer or more rows than when they were first read.
    """

    data: StreamedRows
    batch_size: int
    generator: torch.Generator | None = None
    share: Share = WHOLE

    def __len__(self) -> int:
        return -(-len(self.data) // self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        n_seen = 0

        def counted() -> Iterator[Batch]:
            nonlocal n_seen
            for part in self._parts():
                n_seen += n_rows(part)
                yield part

        parts = counted()
        fewer, over = divmod(len(self.data), len(self))
        sizes = [fewer + 1] * over + [fewer] * (len(self) - over)
        yield from map(self._own, in_sizes(parts, sizes))
        if n_seen != len(self.data) or next(parts, None) is not None:
            raise RuntimeError(
                f"The files no longer hold {len(self.data)} rows, as they did when this fit began: "
                f"something writes to them."
            )

    def _own(self, batch: Batch) -> Batch:
        own = self.share.of(torch.arange(n_rows(batch)))
        if not len(own):
            return weightless(cut(batch, 0, 1))
        return cut(batch, int(own[0]), int(own[-1]) + 1)

    def _parts(self) -> Iterator[Batch]:
        data = self.data
        if self.generator is None:
            return data.parts(PASS_ROWS)
        seed = int(torch.randint(2**62, (), generator=self.generator))
        random = np.random.default_rng(seed)
        held = data.buffer_rows
        at_a_time = max(1, held // data.at_once, min(WORTH_READING, held // 4))
        pieces = interleaved(
            random.permutation(data.n_groups).tolist(),
            lambda group: data.read(group, at_a_time),
            data.at_once,
            max(1, min(PIECE_ROWS, held // 64)),
            random,
        )
        return shuffled(pieces, held, random)
