"""What the loop asks of rows, wherever they are: all of them, in batches and in parts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

Features = dict[str, Tensor]
Labels = tuple[Tensor, Tensor]
Batch = tuple[Features, Labels]


@dataclass(frozen=True)
class Share:
    """Which rows are this process's, where several share a fit.

    Parameters
    ----------
    rank, size : int
        This one's number, from 0, among so many.
    """

    rank: int = 0
    size: int = 1

    def of(self, rows: Tensor) -> Tensor:
        """One of `size` parts of rows, which differ in size by at most one."""
        return rows if self.size == 1 else rows.tensor_split(self.size)[self.rank]


WHOLE = Share()


class Batches(ABC):
    """Every row once, in `len` batches of sizes that differ by at most one row.

    Each iteration is an epoch with an order of its own. With a `Share`, a batch is that part of the
    batch that all processes have together; where there are too few rows for all of them, a row that
    weighs nothing.
    """

    @abstractmethod
    def __len__(self) -> int:
        """Number of batches."""

    @abstractmethod
    def __iter__(self) -> Iterator[Batch]:
        """An epoch."""


class RowData(ABC):
    """Encoded rows that a net trains on or is judged by.

    Attributes
    ----------
    X : dict of Tensor, each (n, …)
        What `FeatureEncoder.forward` takes: of all rows, or, where they are not all in memory, of
        the first few. Callbacks are shown these.
    y : tuple of Tensor, each (n, n_tasks)
        Encoded labels and weights of the same rows, both zero outside a task's sample space.
    """

    X: Features
    y: Labels

    @abstractmethod
    def __len__(self) -> int:
        """Number of all rows."""

    @abstractmethod
    def batches(
        self, batch_size: int, generator: torch.Generator | None, share: Share = WHOLE
    ) -> Batches:
        """All rows in batches, in an order that the generator draws; None keeps the order."""

    @abstractmethod
    def chunks(self, share: Share = WHOLE) -> Iterator[Batch]:
        """The share's rows in order, in parts that fit into memory; the shares make up all rows."""
