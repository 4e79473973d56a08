"""The data set as tensors, and batches cut from it whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sklearn_ple.training.row_data import (
    WHOLE,
    Batch,
    Batches,
    Features,
    Labels,
    RowData,
    Share,
)


@dataclass
class TensorData(RowData):
    """Prepared features with encoded labels and their weights.

    Attributes
    ----------
    X : dict of Tensor, each (n, …)
        What `FeatureEncoder.forward` takes.
    y : tuple of Tensor, each (n, n_tasks)
        Encoded labels, zero outside a task's sample space, and weights, zero there too.
    """

    X: Features
    y: Labels

    @classmethod
    def from_arrays(
        cls,
        features: dict[str, NDArray],
        encoded: NDArray[np.float64],
        weight: NDArray[np.float64],
        *,
        dtype: torch.dtype,
        device: torch.device,
    ) -> TensorData:
        """Tensors on the device, or in main memory if they'd fill it; NaN labels weigh nothing."""
        arrays = [*features.values(), encoded, weight]
        device = storage_device(device, sum(array.nbytes for array in arrays))
        outside = np.isnan(encoded)
        labels = torch.from_numpy(np.where(outside, 0.0, encoded)).to(dtype)
        weights = torch.from_numpy(np.where(outside, 0.0, weight)).to(dtype)
        return cls(
            {name: torch.from_numpy(array).to(device) for name, array in features.items()},
            (labels.to(device), weights.to(device)),
        )

    def __len__(self) -> int:
        return len(self.y[0])

    def batches(
        self, batch_size: int, generator: torch.Generator | None, share: Share = WHOLE
    ) -> TensorBatches:
        """All rows in batches, in an order that the generator draws; None keeps the order."""
        return TensorBatches(self, batch_size, generator, share)

    def chunks(self, share: Share = WHOLE) -> Iterator[Batch]:
        """The share's rows at once, if there are any: they are in memory."""
        features = {name: share.of(tensor) for name, tensor in self.X.items()}
        labels, weights = (share.of(tensor) for tensor in self.y)
        if len(labels):
            yield features, (labels, weights)

    def rows(self, index: Tensor) -> Batch:
        """Some rows, by number."""
        return take_rows((self.X, self.y), index)


def take_rows(rows: Batch, index: Tensor) -> Batch:
    """Some of these rows, by number."""
    features, (labels, weights) = rows
    taken = {name: tensor.index_select(0, index) for name, tensor in features.items()}
    return taken, (labels.index_select(0, index), weights.index_select(0, index))


def weightless(rows: Batch) -> Batch:
    """The same rows, which count for nothing."""
    features, (labels, weights) = rows
    return features, (labels, torch.zeros_like(weights))


def storage_device(device: torch.device, n_bytes: int) -> torch.device:
    """The device if a data set of this size takes at most half of its free memory, else the CPU."""
    if device.type == "cuda" and n_bytes > torch.cuda.mem_get_info(device)[0] / 2:
        return torch.device("cpu")
    return device


def move(batch: Batch, device: torch.device) -> Batch:
    """A batch on the device where it is needed; as it is where it is there already."""
    features, (labels, weights) = batch
    moved = {name: tensor.to(device, non_blocking=True) for name, tensor in features.items()}
    return moved, (labels.to(device), weights.to(device))


@dataclass
class TensorBatches(Batches):
    """Batches of a `TensorData`, of sizes that differ by at most one row.

    Parameters
    ----------
    data : TensorData
    batch_size : int
        No batch is larger.
    generator : torch.Generator or None
        Draws a new order of rows each epoch; None keeps the order.
    share : Share
        Which part of each batch is taken. The order is that of all rows.
    """

    data: TensorData
    batch_size: int
    generator: torch.Generator | None = None
    share: Share = WHOLE

    def __len__(self) -> int:
        return -(-len(self.data) // self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        n, device = len(self.data), self.data.y[0].device
        random = self.generator
        order = torch.arange(n) if random is None else torch.randperm(n, generator=random)
        for index in order.to(device).tensor_split(len(self)):
            own = self.share.of(index)
            yield self.data.rows(own) if len(own) else weightless(self.data.rows(index[:1]))
