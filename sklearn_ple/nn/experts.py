"""`ExpertBank`: many small networks of one shape, run as one."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from sklearn_ple.nn.activation import ACTIVATIONS
from sklearn_ple.nn.dropout import Dropout
from sklearn_ple.nn.integers import integers
from sklearn_ple.nn.layer import Layer, provisional, uniform_


class ExpertBank(Layer):
    """Experts of equal widths, with their weights stacked.

    Experts of one layer that read the same input are one matrix product; deeper ones, and experts
    with inputs of their own, are one batched product per layer.

    Parameters
    ----------
    n_experts : int
    in_width : int
        Width of what an expert reads.
    widths : sequence of int
        Width of each layer inside one expert.
    sources : sequence of int or None
        For each expert, which of the inputs it reads; None when all read the only one.
    activation : str
        A name in `ACTIVATIONS`, applied after every layer.
    dropout : float
        Share of units dropped after every layer.
    norm : bool
        Whether what an expert puts out is normalised before its last activation: over the units
        of one expert for one row, to mean 0 and variance 1, then scaled and shifted by parameters
        of every unit. So all experts put out numbers of one size, from which a gate can choose by
        what they say, and a unit of a ReLU is seldom shut for all rows. It takes 2 units or more.

    Notes
    -----
    Normalising experts is HoME's idea (X. Wang et al., arXiv 2408.05430), which takes batch
    statistics. Here it is a layer norm, so that a prediction depends on its own row alone.

    Examples
    --------
    >>> import torch
    >>> bank = ExpertBank(3, in_width=5, widths=(11, 7))
    >>> bank(torch.zeros(2, 5)).shape
    torch.Size([2, 3, 7])
    """

    sources: Tensor | None

    def __init__(
        self,
        n_experts: int,
        *,
        in_width: int,
        widths: Sequence[int],
        sources: Sequence[int] | None = None,
        activation: str = "relu",
        dropout: float = 0.0,
        norm: bool = False,
    ) -> None:
        super().__init__()
        widths = layer_widths(widths)
        if norm and widths[-1] < 2:
            raise ValueError(
                f"A single unit normalised over itself is always zero; the last layer needs 2 or "
                f"more to be normalised: {widths}."
            )
        self.n_experts = n_experts
        self.activation = ACTIVATIONS[activation]
        self.dropout = Dropout(dropout)
        ins = [in_width, *widths[:-1]]
        shapes = list(zip(widths, ins, strict=True))
        self.weights = nn.ParameterList(
            [torch.empty(n_experts, wide, narrow) for wide, narrow in shapes]
        )
        self.biases = nn.ParameterList([torch.empty(n_experts, wide) for wide in widths])
        # Vectors, so that weight decay, which is for matrices, leaves them alone.
        n_units = n_experts * widths[-1]
        self.gain = nn.Parameter(torch.empty(n_units)) if norm else None
        self.shift = nn.Parameter(torch.empty(n_units)) if norm else None
        self._experts_per_source = _equal_shares(sources) if sources is not None else None
        self.register_buffer(
            "sources",
            torch.tensor(sources, dtype=torch.int64) if sources is not None else None,
            persistent=False,
        )
        self.reset_parameters(provisional())

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        for weight, bias in zip(self.weights, self.biases, strict=True):
            fan_in = weight.shape[2]
            uniform_(weight, math.sqrt(6 / fan_in) * 0.7, generator)
            uniform_(bias, 1 / math.sqrt(fan_in), generator)
        if self.gain is not None and self.shift is not None:
            nn.init.ones_(self.gain)
            nn.init.zeros_(self.shift)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, in_width), or (batch, source, in_width), to (batch, expert, width)."""
        first, *rest = zip(self.weights, self.biases, strict=True)
        h = self._read(x, *first, is_last=not rest)
        for j, (weight, bias) in enumerate(rest, start=1):
            h = torch.baddbmm(bias[:, None], h.transpose(0, 1), weight.transpose(1, 2))
            if j == len(rest):
                h = self._normalised(h, (self.n_experts, 1, -1))
            h = self.dropout(self.activation(h)).transpose(0, 1)
        return h

    def _read(self, x: Tensor, weight: Tensor, bias: Tensor, *, is_last: bool) -> Tensor:
        """The first layer, (batch, expert, width): the only one with inputs to choose."""
        n_experts, width, in_width = weight.shape
        if x.dim() == 2 and n_experts > 1 and not is_last:
            # Expert by expert, as the next layer reads them and hands back their gradient. One
            # joint product is faster by itself, but then that large gradient is copied over.
            each = torch.baddbmm(bias[:, None], x.expand(n_experts, -1, -1), weight.transpose(1, 2))
            return self.dropout(self.activation(each)).transpose(0, 1)
        if x.dim() == 2:
            joint = functional.linear(x, weight.view(-1, in_width), bias.view(-1))
            joint = self._normalised(joint, (-1,)) if is_last else joint
            return self.dropout(self.activation(joint)).view(-1, n_experts, width)
        by_source = x.transpose(0, 1)
        if self._experts_per_source is None:
            assert self.sources is not None
            by_source, per_source = by_source.index_select(0, self.sources), 1
        else:
            per_source = self._experts_per_source
        n_sources = n_experts // per_source
        if n_sources < len(by_source):  # a slice of them all would copy their gradient in vain
            by_source = by_source[:n_sources]  # nobody reads those behind
        joint = torch.baddbmm(
            bias.view(n_sources, 1, -1),
            by_source,
            weight.view(n_sources, -1, in_width).transpose(1, 2),
        )
        joint = self._normalised(joint, (n_sources, 1, -1)) if is_last else joint
        joint = self.dropout(self.activation(joint))
        return joint.view(n_sources, -1, per_source, width).transpose(0, 1).flatten(1, 2)

    def _normalised(self, h: Tensor, layout: tuple[int, ...]) -> Tensor:
        """Layer norm of every expert's last layer, h, whose last axis holds one or more experts.

        Gain and shift are laid out to meet it; without them h stays as it is.
        """
        if self.gain is None or self.shift is None:
            return h
        width = self.weights[-1].shape[1]
        normal = functional.layer_norm(h.unflatten(-1, (-1, width)), (width,)).view_as(h)
        return torch.addcmul(self.shift.view(layout), normal, self.gain.view(layout))


def layer_widths(
    widths: Sequence[int], name: str = "widths", *, may_be_empty: bool = False
) -> tuple[int, ...]:
    """Widths as a tuple of Python's own integers, whatever sequence or array holds them.

    Parameters
    ----------
    widths : sequence of int
    name : str
        What an error calls them.
    may_be_empty : bool
        Whether there may be no layer at all.

    Returns
    -------
    tuple of int

    Raises
    ------
    ValueError
        If one is no integer or below 1, or there is no layer where there must be.
    """
    given = integers(widths, name)
    if min(given, default=1) < 1 or not (given or may_be_empty):
        layers = "layers" if may_be_empty else "at least one layer"
        raise ValueError(f"{name} must name {layers}, of at least 1 unit: {given}.")
    return given


def _equal_shares(sources: Sequence[int]) -> int | None:
    """Experts per source if experts come sorted by source in equal numbers, else None."""
    n_sources = max(sources) + 1
    per_source, rest = divmod(len(sources), n_sources)
    tidy = [s for s in range(n_sources) for _ in range(per_source)]
    return per_source if rest == 0 and list(sources) == tidy else None
