"""The encoder's trained tables as they are looked up: computed once, not at every call."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from sklearn_ple.nn import FeatureEncoder
from sklearn_ple.nn.feature_encoder import CategoryTable, KnotTable, OneHotTable


class FixedKnots(nn.Module):
    """A `KnotTable` whose rows are numbers: each knot's vector, and the way to the next one's."""

    table: Tensor

    def __init__(self, knots: KnotTable) -> None:
        super().__init__()
        n_missing = 0 if knots.missing is None else len(knots.missing)
        rows = torch.arange(len(knots.values) + n_missing)[:, None]
        at_knots = knots(rows, torch.zeros_like(rows))  # no way into a bin is the row itself
        ways = torch.cat([at_knots[1:], knots.last]) - at_knots
        self.register_buffer("table", torch.cat([at_knots, ways], dim=1))

    def forward(self, bins: Tensor, fractions: Tensor) -> Tensor:
        at_knots, ways = functional.embedding(bins, self.table).chunk(2, dim=-1)
        return (at_knots + ways * fractions.unsqueeze(-1)).flatten(1)


class FixedCodes(nn.Module):
    """The rows of a `CategoryTable`, or the sums of those of a `OneHotTable`, in another order."""

    table: Tensor

    def __init__(self, codes: CategoryTable | OneHotTable, source: Tensor) -> None:
        super().__init__()
        self.adds_up = isinstance(codes, OneHotTable)
        self.register_buffer("table", codes(source[:, None]))

    def forward(self, codes: Tensor) -> Tensor:
        rows = functional.embedding(codes, self.table)
        return rows.sum(1) if self.adds_up else rows.flatten(1)


@torch.no_grad()
def fix_tables(encoder: FeatureEncoder, sources: Mapping[str, Tensor]) -> None:
    """Put fixed tables in the place of trained ones, and let go of what prepared their inputs.

    Parameters
    ----------
    encoder : FeatureEncoder
    sources : dict of str to Tensor
        For "small_codes" and "codes", the order of rows that a `CodeReader` counts by.
    """
    encoder.features = None
    fixed: dict[str, nn.Module] = {}
    if encoder.knots is not None:
        fixed["knots"] = FixedKnots(encoder.knots)
    if encoder.one_hot is not None:
        fixed["one_hot"] = FixedCodes(encoder.one_hot, sources["small_codes"])
    if encoder.categories is not None:
        fixed["categories"] = FixedCodes(encoder.categories, sources["codes"])
    for name, table in fixed.items():
        setattr(encoder, name, table)
