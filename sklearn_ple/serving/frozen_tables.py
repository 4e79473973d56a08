"""Tables of embeddings as they are when training is over: made once, not at every call."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sklearn_ple.nn import FeatureEncoder
from sklearn_ple.nn.feature_encoder import CategoryTable, KnotTable


class FrozenKnots(nn.Module):
    """A `KnotTable` that no longer learns."""

    table: Tensor

    def __init__(self, knots: KnotTable) -> None:
        super().__init__()
        self.register_buffer("table", knots.table())

    def forward(self, bins: Tensor, fractions: Tensor) -> Tensor:
        """As `KnotTable.forward`, to the last bit."""
        return KnotTable.look_up(self.table, bins, fractions)


class FrozenCategories(nn.Module):
    """A `CategoryTable` that no longer learns."""

    table: Tensor

    def __init__(self, categories: CategoryTable) -> None:
        super().__init__()
        self.register_buffer("table", categories.table())

    def forward(self, codes: Tensor) -> Tensor:
        """As `CategoryTable.forward`, to the last bit."""
        return CategoryTable.look_up(self.table, codes)


@torch.no_grad()
def freeze_tables(encoder: FeatureEncoder) -> None:
    """Replace an encoder's tables, in place, by what they come to."""
    if isinstance(encoder.knots, KnotTable):
        encoder.add_module("knots", FrozenKnots(encoder.knots))
    if isinstance(encoder.categories, CategoryTable):
        encoder.add_module("categories", FrozenCategories(encoder.categories))
