"""`FeatureEncoder`: from prepared numbers and codes to the vector that routing reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import torch
from torch import Tensor, nn
from torch.nn import functional

from sklearn_ple.nn.layer import Layer, provisional
from sklearn_ple.nn.recorded import Recorded


class KnotTable(Layer):
    """Piecewise-linear embeddings of numbers, as an interpolated look-up.

    Feature i has knots q_0 < … < q_m and, at each, a vector. A value in bin j at fraction t reads
    (1 - t) E_j + t E_{j+1}. The vector at a knot is the sum of two parametrisations:

        E_j = V_j + D_0 + … + D_j

    the increments D carry a smooth trend (each moves all knots to its right), the local values V
    the exact amounts that mean something. Nothing is expanded: a step costs one prefix sum over
    the table and two gathers. Kin: piecewise-linear encoding, Gorishniy et al., NeurIPS 2022
    (arXiv 2203.05556).

    Parameters
    ----------
    n_knots : sequence of int
        Knots of each feature.
    n_missing : int
        Features with a vector of their own for a missing value; these follow the knots.
    width : int
        Width of the embedding of one feature.
    """

    starts: Tensor
    feature: Tensor
    steps: Tensor
    last: Tensor

    def __init__(self, n_knots: Sequence[int], *, n_missing: int, width: int) -> None:
        super().__init__()
        counts = torch.tensor(n_knots)
        self.width = width
        self.values = nn.Parameter(torch.empty(int(counts.sum()), width))
        self.increments = nn.Parameter(torch.empty(int(counts.sum()), width))
        self.missing = nn.Parameter(torch.empty(n_missing, width)) if n_missing else None
        self.register_buffer("starts", counts.cumsum(0) - counts, persistent=False)
        feature = torch.arange(len(counts)).repeat_interleave(counts)
        self.register_buffer("feature", feature, persistent=False)
        self.register_buffer("steps", (counts[feature, None] - 1).clamp(min=1).float().rsqrt())
        self.register_buffer("last", torch.zeros(1, width), persistent=False)
        self.reset_parameters(provisional())

    @torch.no_grad()
    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        self.values.normal_(0, 0.01, generator=generator)
        self.increments.normal_(0, 0.3, generator=generator).mul_(self.steps)
        if self.missing is not None:
            self.missing.normal_(0, 0.1, generator=generator)

    def forward(self, bins: Tensor, fractions: Tensor) -> Tensor:
        """Rows of the table (batch, feature) and fractions, alike, to (batch, feature * width)."""
        return self.look_up(self.table(), bins, fractions)

    def table(self) -> Tensor:
        """The vectors (row, width) at all knots, then those of missing values, then one more."""
        running = self.increments.cumsum(0)
        before = running[self.starts] - self.increments[self.starts]
        knots = self.values + running - before[self.feature]
        absent = [] if self.missing is None else [self.missing]
        return torch.cat([knots, *absent, self.last])

    @staticmethod
    def look_up(table: Tensor, bins: Tensor, fractions: Tensor) -> Tensor:
        """What `forward` gives, out of the `table` of some moment."""
        low = bins.flatten()
        left, right = table.index_select(0, low), table.index_select(0, low + 1)
        embedded = torch.lerp(left, right, fractions.to(left.dtype).view(-1, 1))
        return embedded.view(len(bins), -1)


class CategoryTable(Layer):
    """Embeddings of categories; an unseen one reads the mean of the trained ones.

    Parameters
    ----------
    frequencies : sequence of sequence of float
        For each feature, the share of training rows in each of its levels.
    width : int
        Width of the embedding of one feature.
    """

    shares: Tensor
    feature: Tensor

    def __init__(self, frequencies: Sequence[Sequence[float]], *, width: int) -> None:
        super().__init__()
        n_levels = torch.tensor([len(each) for each in frequencies])
        self.weight = nn.Parameter(torch.empty(int(n_levels.sum()), width))
        shares = torch.tensor([share for each in frequencies for share in each])
        self.n_features = len(frequencies)
        self.register_buffer("shares", shares[:, None])
        feature = torch.arange(self.n_features).repeat_interleave(n_levels)
        self.register_buffer("feature", feature, persistent=False)
        self.reset_parameters(provisional())

    @torch.no_grad()
    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        self.weight.normal_(0, 0.3, generator=generator)

    def forward(self, codes: Tensor) -> Tensor:
        """Rows of the table (batch, feature), unseen ones after all others, to (batch, …)."""
        return self.look_up(self.table(), codes)

    def table(self) -> Tensor:
        """The vectors (row, width) of all levels, then each feature's mean."""
        mean = self.weight.new_zeros(self.n_features, self.weight.shape[1])
        mean = mean.index_add(0, self.feature, self.weight * self.shares)
        return torch.cat([self.weight, mean])

    @staticmethod
    def look_up(table: Tensor, codes: Tensor) -> Tensor:
        """What `forward` gives, out of the `table` of some moment."""
        return table.index_select(0, codes.flatten()).view(len(codes), -1)


class OneHotTable(nn.Module):
    """Indicator columns of small categoricals; an unseen level reads the training shares.

    Parameters
    ----------
    frequencies : sequence of sequence of float
        For each feature, the share of training rows in each of its levels.
    """

    table: Tensor

    def __init__(self, frequencies: Sequence[Sequence[float]]) -> None:
        super().__init__()
        indicators = torch.block_diag(*[torch.eye(len(each)) for each in frequencies])
        unseen = torch.block_diag(*[torch.tensor([list(each)]) for each in frequencies])
        self.register_buffer("table", torch.cat([indicators, unseen]))
        self.width = indicators.shape[1]

    def forward(self, codes: Tensor) -> Tensor:
        """Rows of the table (batch, feature), unseen ones after all others, to (batch, width)."""
        return functional.embedding_bag(codes, self.table, mode="sum")


class EncoderSizes(TypedDict):
    """The arguments of `FeatureEncoder` that follow from the rows it is made for."""

    n_numbers: int
    n_knots: Sequence[int]
    n_missing: int
    one_hot: Sequence[Sequence[float]]
    embedded: Sequence[Sequence[float]]


class FeatureEncoder(Recorded):
    """Concatenates scaled numbers, embedded numbers, indicators and embedded categories.

    Parameters
    ----------
    n_numbers : int
        Columns of scaled numbers, missing indicators included.
    n_knots : sequence of int
        Knots of each number that is embedded; empty for none.
    n_missing : int
        See `KnotTable`.
    one_hot, embedded : sequence of sequence of float
        Level shares of the small and of the other categoricals.
    number_width, category_width : int
        Widths of one number's and one category's embedding.
    n_copies : int
        Encodings with embeddings of their own, for tasks that must not share any; they are the
        parts of one wider embedding, so that more copies are no more look-ups.
    features : object
        Whatever prepared the inputs; carried along so that a module is one thing.

    Attributes
    ----------
    out_width : int
        Width of one encoding.
    """

    def __init__(
        self,
        *,
        n_numbers: int,
        n_knots: Sequence[int] = (),
        n_missing: int = 0,
        one_hot: Sequence[Sequence[float]] = (),
        embedded: Sequence[Sequence[float]] = (),
        number_width: int = 16,
        category_width: int = 16,
        n_copies: int = 1,
        features: object = None,
    ) -> None:
        super().__init__()
        self.features = features
        self.n_copies = n_copies
        self.n_knotted, self.n_embedded = len(n_knots), len(embedded)
        self.knots = (
            KnotTable(n_knots, n_missing=n_missing, width=number_width * n_copies)
            if n_knots
            else None
        )
        self.one_hot = OneHotTable(one_hot) if one_hot else None
        self.categories = (
            CategoryTable(embedded, width=category_width * n_copies) if embedded else None
        )
        self.out_width = (
            n_numbers
            + len(n_knots) * number_width
            + (self.one_hot.width if self.one_hot else 0)
            + len(embedded) * category_width
        )

    def forward(
        self,
        numbers: Tensor,
        bins: Tensor | None = None,
        fractions: Tensor | None = None,
        small_codes: Tensor | None = None,
        codes: Tensor | None = None,
    ) -> Tensor:
        """Prepared features, each (batch, columns), to (batch, out_width).

        With copies, to (batch, copy, out_width).
        """
        parts = [self._repeat(numbers)]
        if self.knots is not None and bins is not None and fractions is not None:
            parts.append(self._by_copy(self.knots(bins, fractions), self.n_knotted))
        if self.one_hot is not None and small_codes is not None:
            parts.append(self._repeat(self.one_hot(small_codes)))
        if self.categories is not None and codes is not None:
            parts.append(self._by_copy(self.categories(codes), self.n_embedded))
        return torch.cat(parts, dim=-1) if len(parts) > 1 else parts[0]

    def _repeat(self, fixed: Tensor) -> Tensor:
        """What has no parameters, (batch, width), is the same in every copy."""
        return fixed if self.n_copies == 1 else fixed[:, None].expand(-1, self.n_copies, -1)

    def _by_copy(self, embedded: Tensor, n_features: int) -> Tensor:
        """(batch, feature * copy * width) to (batch, copy, feature * width)."""
        if self.n_copies == 1:
            return embedded
        parted = embedded.view(len(embedded), n_features, self.n_copies, -1)
        return parted.transpose(1, 2).flatten(2)
