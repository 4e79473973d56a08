"""Learning and preparing features, and remembering both for as long as somebody asks for it.

A search fits many models to the same rows. What a `FeatureTable` learns, and the rows that it
prepares, follow from nothing but the rows, their weights and a few parameters; within
`remembering` such work is done once. The key is what the rows hold, not where they come from, so it
holds in pipelines too, whatever their transformers do, and a wrong answer cannot come back.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import Any, TypedDict, TypeVar, Unpack

import joblib
import numpy as np
from numpy.typing import NDArray

from sklearn_ple.features import Columns, FeatureTable
from sklearn_ple.features.feature_table import NumericEncoding, Prepared

Made = TypeVar("Made", FeatureTable, Prepared)
MAX_BYTES = 2**30


class EncodingOptions(TypedDict):
    """What `FeatureTable.fit` asks for besides rows and weights."""

    categorical: list[int]
    encoding: NumericEncoding
    n_quantile_knots: int
    n_distinct_knots: int


class EncodingMemory:
    """Feature tables and prepared rows by what they were made of; may be used from many threads.

    A copy in another process begins empty.

    Parameters
    ----------
    max_bytes : int
        Of prepared rows; beyond it, what was not asked for longest is forgotten.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self.max_bytes = max_bytes
        self.n_made = 0
        self._made: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = Lock()

    def __reduce__(self) -> tuple[type[EncodingMemory], tuple[int]]:
        return EncodingMemory, (self.max_bytes,)

    def recall(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """What was made under this key, or what is made now."""
        with self._lock:
            if key in self._made:
                self._made.move_to_end(key)
                return self._made[key]
        made = make()
        with self._lock:
            self.n_made += 1
            self._made[key] = made
            while len(self._made) > 1 and self._n_bytes() > self.max_bytes:
                self._made.popitem(last=False)
        return made

    def key_of(self, table: FeatureTable) -> Hashable:
        """The key that a table was made under; None for one that was made elsewhere."""
        with self._lock:
            return next((key for key, made in self._made.items() if made is table), None)

    def _n_bytes(self) -> int:
        prepared = [made for made in self._made.values() if isinstance(made, dict)]
        return sum(array.nbytes for each in prepared for array in each.values())


_memory: ContextVar[EncodingMemory | None] = ContextVar("encoding memory", default=None)


@contextmanager
def remembering(memory: EncodingMemory) -> Iterator[None]:
    """Fits in this context, in this thread, look things up in a memory and leave them there."""
    token = _memory.set(memory)
    try:
        yield
    finally:
        _memory.reset(token)


def learn_features(
    columns: Columns, weight: NDArray[np.float64], **options: Unpack[EncodingOptions]
) -> FeatureTable:
    """`FeatureTable.fit`, unless the same was learned before."""
    memory = _memory.get()
    if memory is None:
        return FeatureTable.fit(columns, weight, **options)
    key = "table", joblib.hash((columns.labels, columns.table, weight, options))
    return memory.recall(key, lambda: FeatureTable.fit(columns, weight, **options))


def prepare_rows(table: FeatureTable, columns: Columns, dtype: type[np.floating]) -> Prepared:
    """`FeatureTable.prepare`, unless the same rows were prepared before; not to be written to."""
    memory = _memory.get()
    of_table = None if memory is None else memory.key_of(table)
    if memory is None or of_table is None:
        return table.prepare(columns, dtype)
    key = "rows", of_table, joblib.hash(columns.table), np.dtype(dtype).name
    return memory.recall(key, lambda: table.prepare(columns, dtype))
