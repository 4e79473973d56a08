"""`Gate`: softmax mixing weights, all gates of a level as one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from sklearn_ple.nn.experts import ExpertBank, layer_widths
from sklearn_ple.nn.layer import Layer, provisional, uniform_

Owner = int | None


@dataclass(frozen=True)
class GateReading:
    """What one gate says about a batch of rows.

    Attributes
    ----------
    level : int
        Counted from 1.
    gate : int or None
        Index of the task that reads the gate; None for the shared gate.
    experts : tuple of (int or None, int)
        For each candidate, the task that owns it (None when shared) and its number in its group.
    weights : Tensor of shape (batch, candidates)
        Rows sum to one, or are zero where connections can close and a reader has none.
    number : int or None
        Which of several shared gates of the level; None where there is one at most.
    besides : tuple of (int or None, int)
        Experts that the gate's reader is given besides what the gate mixes, whatever it says.
    """

    level: int
    gate: Owner
    experts: tuple[tuple[Owner, int], ...]
    weights: Tensor
    number: int | None = None
    besides: tuple[tuple[Owner, int], ...] = ()


class Gate(Layer):
    """Gates over one set of experts, each with candidates of its own.

    Gate g gives softmax(W_g x / temperature) over its candidates and exactly zero elsewhere
    (equations 3 and 6 of the PLE paper, doi 10.1145/3383313.3412236, where the temperature is 1).
    With `widths` it looks at x through hidden layers of its own first. A gate with a single
    candidate passes it on and has no parameters.

    Parameters
    ----------
    candidates : sequence of sequence of int
        For each gate, the experts it may choose from.
    n_experts : int
    in_width : int
        Width of what a gate reads.
    bias : bool
        Whether gates have a bias; the paper's have none.
    widths : sequence of int
        Hidden layers of every gate; the paper's have none. They are never dropped out.
    temperature : float
        Above 1 it evens weights out, below 1 it sharpens them.
    activation : str
        A name in `ACTIVATIONS`, applied after every hidden layer.

    Examples
    --------
    >>> import torch
    >>> gate = Gate([[0, 2], [1]], n_experts=3, in_width=5)
    >>> gate(torch.randn(7, 5)).sum(dim=-1).allclose(torch.ones(7, 2))
    True
    """

    closed: Tensor
    slots: Tensor
    hidden_of: Tensor

    def __init__(
        self,
        candidates: Sequence[Sequence[int]],
        *,
        n_experts: int,
        in_width: int,
        bias: bool = False,
        widths: Sequence[int] = (),
        temperature: float = 1.0,
        activation: str = "relu",
    ) -> None:
        super().__init__()
        if not 0 < temperature < math.inf:
            raise ValueError(f"temperature must be positive and finite, got {temperature}.")
        self.temperature = temperature
        self.candidates = [tuple(each) for each in candidates]
        self.n_experts = n_experts
        slots, closed = [], torch.full((len(candidates) * n_experts,), -torch.inf)
        for g, each in enumerate(self.candidates):
            open_slots = [g * n_experts + e for e in each]
            closed[open_slots] = 0.0
            slots += open_slots if len(each) > 1 else []
        self.register_buffer("closed", closed, persistent=False)
        self.register_buffer("slots", torch.tensor(slots, dtype=torch.int64), persistent=False)
        self._everywhere = len(slots) == len(closed) and slots == sorted(slots)
        widths = layer_widths(widths, "gate_widths", may_be_empty=True)
        self.hidden = self._make_hidden(in_width, widths, activation)
        width = [in_width, *widths][-1]
        self.weight = nn.Parameter(torch.empty(len(slots), width)) if slots else None
        self.bias = nn.Parameter(torch.empty(len(slots))) if slots and bias else None
        self.reset_parameters(provisional())

    def _make_hidden(
        self, in_width: int, widths: tuple[int, ...], activation: str
    ) -> ExpertBank | None:
        """Hidden layers of the gates that choose; `hidden_of` says where each gate finds its own.

        A gate that does not choose has none: it may look at any, with weights of zero.
        """
        choosing = [g for g, each in enumerate(self.candidates) if len(each) > 1]
        n_gates = len(self.candidates)
        hidden_of = [choosing.index(g) if g in choosing else 0 for g in range(n_gates)]
        self.register_buffer("hidden_of", torch.tensor(hidden_of), persistent=False)
        self._all_choose = len(choosing) == n_gates
        if not choosing or not widths:
            return None
        return ExpertBank(
            len(choosing),
            in_width=in_width,
            widths=widths,
            sources=choosing,
            activation=activation,
        )

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        if self.weight is not None:
            uniform_(self.weight, 1 / math.sqrt(self.weight.shape[1]), generator)
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, in_width), or (batch, gate, in_width), to weights (batch, gate, expert)."""
        n_gates = len(self.candidates)
        if self.weight is None:
            weights = torch.softmax(self.closed.view(n_gates, -1), dim=-1)
            return weights.expand(len(x), -1, -1)
        if self.hidden is not None:
            x = self.hidden(x)
            x = x if self._all_choose else x.index_select(1, self.hidden_of)
        weight, offset = self._spread()
        # Rows last: the softmax then runs along them, four times faster than along few experts.
        if x.dim() == 2:
            logits = torch.addmm(offset[:, None], weight, x.t()).view(n_gates, self.n_experts, -1)
        else:
            logits = torch.baddbmm(
                offset.view(n_gates, self.n_experts, 1),
                weight.view(n_gates, self.n_experts, -1),
                x.permute(1, 2, 0),
            )
        return torch.softmax(logits, dim=1).permute(2, 0, 1).contiguous()

    def _spread(self) -> tuple[Tensor, Tensor]:
        """Weights and offsets of every (gate, expert) pair: zero and minus infinity where shut.

        The temperature divides both, which are small, instead of the logits of every row.
        """
        assert self.weight is not None
        weight: Tensor = self.weight
        offset = self.closed
        if not self._everywhere:
            spread = weight.new_zeros(len(self.closed), weight.shape[1])
            weight = spread.index_copy(0, self.slots, weight)
        if self.bias is not None:
            offset = offset.index_add(0, self.slots, self.bias)
        if self.temperature != 1:
            weight, offset = weight / self.temperature, offset / self.temperature
        return weight, offset
