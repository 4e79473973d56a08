"""Answers for many rows, put together from those for a few at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True)
class RowParts:
    """What a network puts out for the rows of a table, chunk by chunk; to be gone through once.

    Attributes
    ----------
    n_rows : int
        Of all chunks together.
    parts : iterable of Tensor, each (some rows, n_raw)
    """

    n_rows: int
    parts: Iterable[Tensor]

    def map(self, change: Callable[[Tensor], Tensor]) -> RowParts:
        """The same chunks, each changed when its turn comes."""
        return RowParts(self.n_rows, map(change, self.parts))

    def whole(self) -> Tensor:
        """All rows as one tensor."""
        parts = list(self.parts)
        return torch.cat(parts) if len(parts) > 1 else parts[0]

    def gather(self, answer: Callable[[Tensor], Sequence[NDArray]]) -> list[NDArray]:
        """The arrays that `answer` makes of a chunk, for all rows.

        No more is held at once than these arrays and one chunk.
        """
        whole: list[NDArray] = []
        start = 0
        for part in self.parts:
            arrays, n = answer(part), len(part)
            if n == self.n_rows:
                whole = list(arrays)
                continue
            if not whole:
                whole = [np.empty((self.n_rows, *each.shape[1:]), each.dtype) for each in arrays]
            for k, each in enumerate(arrays):
                if not np.can_cast(each.dtype, whole[k].dtype, "safe"):
                    whole[k] = whole[k].astype(np.result_type(whole[k].dtype, each.dtype))
                whole[k][start : start + n] = each
            start += n
        return whole

    def with_progress(self, label: str) -> RowParts:
        """The same chunks, and a bar of the rows that are done."""
        return RowParts(self.n_rows, self._shown(label))

    def _shown(self, label: str) -> Iterator[Tensor]:
        # Here and not above, for it warns in a notebook that lacks widgets.
        from tqdm.auto import tqdm

        with tqdm(
            total=self.n_rows, desc=label, unit="row", unit_scale=True, dynamic_ncols=True
        ) as bar:
            for part in self.parts:
                yield part
                bar.update(len(part))
