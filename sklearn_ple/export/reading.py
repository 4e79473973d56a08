"""Columns to what a `FeatureEncoder` reads, in torch: what `FeatureTable.prepare` does in NumPy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from sklearn_ple.export.scaling import scaling
from sklearn_ple.export.segments import Segments
from sklearn_ple.features import FeatureTable, Vocabulary


class NumberReader(nn.Module):
    """Numbers in float64, NaN where missing, to scaled ones, and to table rows and fractions.

    Parameters
    ----------
    features : FeatureTable
        With at least one numeric column.
    dtype : torch.dtype
        Of what comes out; everything is computed in float64.
    """

    indicated: Tensor
    center: Tensor
    has_missing: Tensor
    absent: Tensor

    def __init__(self, features: FeatureTable, dtype: torch.dtype) -> None:
        super().__init__()
        assert features.scaler is not None
        self.dtype = dtype
        self.scaling = scaling(features.scaler)
        self.segments = Segments(features.knots) if features.knots else None
        has_missing = features.has_missing
        self.any_missing = bool(has_missing.any())
        n_knots = sum(len(each) for each in features.knots)
        for name, values in {
            "indicated": np.flatnonzero(has_missing),
            "center": features.scaler.center,
            "has_missing": has_missing,
            "absent": n_knots + np.cumsum(has_missing) - 1,
        }.items():
            self.register_buffer(name, torch.from_numpy(values))

    def forward(self, numbers: Tensor) -> dict[str, Tensor]:
        """(n, column) to what `FeatureEncoder.forward` takes of numbers."""
        missing = torch.isnan(numbers)
        scaled = torch.where(missing, 0.0, self.scaling(numbers)).to(self.dtype)
        if self.segments is not None:
            return {"numbers": scaled, **self._located(numbers, missing, self.segments)}
        if not self.any_missing:
            return {"numbers": scaled}
        indicators = missing.index_select(1, self.indicated).to(self.dtype)
        return {"numbers": torch.cat([scaled, indicators], dim=1)}

    def _located(self, numbers: Tensor, missing: Tensor, segments: Segments) -> dict[str, Tensor]:
        rows, fractions = segments(torch.where(missing, self.center, numbers))
        if self.any_missing:
            absent = missing & self.has_missing
            rows = torch.where(absent, self.absent, rows)
            fractions = torch.where(absent, 0.0, fractions)
        return {"bins": rows, "fractions": fractions.to(self.dtype)}


class CodeReader(nn.Module):
    """Codes of levels to rows of one table: for each column missing, its levels, unseen.

    A code is a level's position in its vocabulary; below are missing values, above unseen levels.

    Parameters
    ----------
    vocabularies : sequence of Vocabulary

    Attributes
    ----------
    source : Tensor of shape (rows,)
        Where each row of that table is in the one that `FeatureTable.prepare` counts by.
    """

    first: Tensor
    last: Tensor

    def __init__(self, vocabularies: Sequence[Vocabulary]) -> None:
        super().__init__()
        n_codes = [each.n_codes for each in vocabularies]
        source: list[int] = []
        first, last = [], []
        for j, vocabulary in enumerate(vocabularies):
            start, unseen = sum(n_codes[:j]), sum(n_codes) + j
            levels = range(start, start + len(vocabulary.levels))
            first.append(len(source))
            rarest = start + vocabulary.n_codes - 1 if vocabulary.has_rare else unseen
            source += [levels.stop if vocabulary.has_missing else unseen, *levels, rarest]
            last.append(len(source) - 1)
        self.source = torch.tensor(source)
        self.register_buffer("first", torch.tensor(first))
        self.register_buffer("last", torch.tensor(last))

    def forward(self, codes: Tensor) -> Tensor:
        """(n, column) to rows, alike."""
        rows = torch.maximum(codes, codes.new_full((), -1)) + (self.first + 1)
        return torch.minimum(rows, self.last)


class ColumnReader(nn.Module):
    """Columns by position, each (n,), to the arguments of `FeatureEncoder.forward`.

    Parameters
    ----------
    features : FeatureTable
    dtype : torch.dtype
        Of the numbers that come out.

    Attributes
    ----------
    sources : dict of str to Tensor
        By the name of an argument, `CodeReader.source`.
    """

    def __init__(self, features: FeatureTable, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype
        self.numeric = features.numeric
        self.numbers = NumberReader(features, dtype) if features.numeric else None
        self.groups: dict[str, list[int]] = {}
        self.sources: dict[str, Tensor] = {}
        self.codes = nn.ModuleDict()
        for name, group in (("small_codes", features.small), ("codes", features.large)):
            if group:
                self.groups[name] = [features.categorical[j] for j in group]
                reader = CodeReader([features.vocabularies[j] for j in group])
                self.codes[name], self.sources[name] = reader, reader.source

    def forward(self, columns: Mapping[int, Tensor]) -> dict[str, Tensor]:
        prepared: dict[str, Tensor] = {}
        for name, reader in self.codes.items():
            codes = torch.stack([columns[i] for i in self.groups[name]], dim=1)
            prepared[name] = reader(codes)
        if self.numbers is not None:
            return prepared | self.numbers(torch.stack([columns[i] for i in self.numeric], dim=1))
        some = next(iter(prepared.values()))
        return prepared | {"numbers": some[:, :0].to(self.dtype)}
