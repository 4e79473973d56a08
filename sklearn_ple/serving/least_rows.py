"""How few rows a network may be asked at once, for answers that are the same to the last bit."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sklearn_ple.features.feature_table import Prepared
from sklearn_ple.nn import FeatureEncoder
from sklearn_ple.tasks.whole_vectors import WHOLE_VECTORS

Ask = Callable[[Mapping[str, Tensor]], Tensor]
_FEWER = (16, 32)
_TABLES = {"bins": "knots", "small_codes": "one_hot", "codes": "categories"}


def least_rows(ask: Ask, encoder: FeatureEncoder, example: Prepared) -> int:
    """The fewest rows, of 16, 32 and 64, that are answered as they are among 64.

    A processor adds in another order for few rows than for many, and in which, it does not say. So
    it is asked: 64 rows drawn at random, together and in parts. Answers of other sums differ in
    the last digit of some of them. What it says holds for the number of threads at that moment.

    Parameters
    ----------
    ask : callable
        Rows as tensors to what is put out.
    encoder : FeatureEncoder
        With frozen tables.
    example : dict of ndarray
        A row, prepared.
    """
    rows = {name: torch.from_numpy(array) for name, array in _drawn(encoder, example).items()}
    together = ask(rows)
    for n in _FEWER:
        parts = [
            ask({k: t[i : i + n] for k, t in rows.items()}) for i in range(0, WHOLE_VECTORS, n)
        ]
        if torch.equal(torch.cat(parts), together):
            return n
    return WHOLE_VECTORS


def _drawn(encoder: FeatureEncoder, example: Prepared) -> dict[str, NDArray]:
    """As many rows as `WHOLE_VECTORS`, drawn over all that may come."""
    rng = np.random.default_rng(0)
    drawn = {}
    for name, array in example.items():
        shape = WHOLE_VECTORS, array.shape[1]
        if name in _TABLES:
            n_rows = len(encoder.get_submodule(_TABLES[name]).get_buffer("table"))
            # A number is between the row of its bin and the next one.
            drawn[name] = rng.integers(0, n_rows - (name == "bins"), shape, dtype=array.dtype)
        else:
            drawn[name] = rng.normal(size=shape).astype(array.dtype)
    return drawn
