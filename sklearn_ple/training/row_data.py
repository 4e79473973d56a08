"""What the loop asks of rows, wherever they are: all of them, in batches and in parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import torch
from torch import Tensor

Features = dict[str, Tensor]
Labels = tuple[Tensor, Tensor]
Batch = tuple[Features, Labels]


class Batches(Protocol):
    """Every row once, in `len` batches of sizes that differ by at most one row.

    Each iteration is an epoch with an order of its own.
    """

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Batch]: ...


class RowData(Protocol):
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

    def __len__(self) -> int:
        """Number of all rows."""

    def batches(self, batch_size: int, generator: torch.Generator | None) -> Batches:
        """All rows in batches, in an order that the generator draws; None keeps the order."""

    def chunks(self) -> Iterator[Batch]:
        """All rows in order, in parts that fit into memory."""
