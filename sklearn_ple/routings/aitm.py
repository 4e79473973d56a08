"""AITM: each task of a funnel reads its own bottom and what the task before hands on.

        ┌─ bottom A ── q_A = z_A ──────────────────────────────── tower A ── ŷ_A
        │                │ transfer
    x ──┤                └─ p_B ─┐
        │                        ├─ attention ── z_B ─────────── tower B ── ŷ_B
        └─ bottom B ────── q_B ──┘                │ transfer
                                                  └─ p_C … task C, likewise

D. Xi, Z. Chen, P. Yan, Y. Zhang, Y. Zhu, F. Zhuang, Y. Chen, "Modeling the Sequential Dependence
among Audience Multi-step Conversions with Multi-task Learning in Targeted Display Advertising",
KDD 2021 (doi 10.1145/3447548.3467071, arXiv 2105.08489). New: what to take over from the step
before is learned row by row, and a penalty asks that no step be likelier than the one before.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from sklearn_ple.nn import (
    ACTIVATIONS,
    Coupling,
    Dropout,
    ExpertBank,
    GateReading,
    Layer,
    Routing,
    layer_widths,
)
from sklearn_ple.nn.layer import provisional, uniform_


class InformationTransfer(Layer):
    """The chain z_1 = q_1, z_t = attention(p_t, q_t) with p_t = g_t(z_{t-1}).

    g_t is one layer with activation. The attention weighs its two tokens by themselves,

        z_t = sum over u in {p_t, q_t} of w_u V_t u,    w = softmax((K_t u) · (Q_t u) / sqrt(width))

    with matrices of each step's own (the paper's h_1, h_2 and h_3, without biases).

    Parameters
    ----------
    n_steps : int
        Transfers, one fewer than tasks.
    width : int
        Width of q and z.
    activation, dropout
        As in `ExpertBank`, for g.
    """

    def __init__(
        self, n_steps: int, *, width: int, activation: str = "relu", dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.activation = ACTIVATIONS[activation]
        self.dropout = Dropout(dropout)
        self.weight = nn.Parameter(torch.empty(n_steps, width, width))
        self.bias = nn.Parameter(torch.empty(n_steps, width))
        self.value = nn.Parameter(torch.empty(n_steps, width, width))
        self.key = nn.Parameter(torch.empty(n_steps, width, width))
        self.query = nn.Parameter(torch.empty(n_steps, width, width))
        self.reset_parameters(provisional())

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        width = self.weight.shape[2]
        uniform_(self.weight, math.sqrt(6 / width) * 0.7, generator)
        uniform_(self.bias, 1 / math.sqrt(width), generator)
        uniform_(self.value, math.sqrt(6 / width) * 0.7, generator)
        uniform_(self.key, 1 / math.sqrt(width), generator)
        uniform_(self.query, 1 / math.sqrt(width), generator)

    def forward(self, own: Tensor) -> tuple[Tensor, Tensor]:
        """q (batch, task, width) to z, alike, and the weights of p and q (batch, step, 2)."""
        projections = torch.cat([self.value, self.key, self.query], dim=1).transpose(1, 2)
        # Taken apart at once: an index at each step would fill a gradient of the whole with zeros.
        first, later = own.transpose(0, 1).split([1, len(self.weight)])
        of_own = torch.bmm(later, projections)
        steps = zip(of_own, self.weight, self.bias, projections, strict=True)
        z, chosen, root = [first.squeeze(0)], [], math.sqrt(own.shape[2])
        for projected, weight, bias, projection in steps:  # each needs the one before
            handed = self.dropout(self.activation(torch.addmm(bias, z[-1], weight.t())))
            values, keys, queries = zip(
                (handed @ projection).chunk(3, dim=1), projected.chunk(3, dim=1), strict=True
            )
            scores = [(key * query).sum(1) for key, query in zip(keys, queries, strict=True)]
            weights = torch.softmax(torch.stack(scores, dim=1) / root, dim=1)
            z.append(weights[:, :1] * values[0] + weights[:, 1:] * values[1])
            chosen.append(weights)
        return torch.stack(z).transpose(0, 1), torch.stack(chosen, dim=1)


class AITMRouting(Routing):
    """One bottom per task, and transfers from each task to the next.

    Parameters
    ----------
    in_width, n_tasks : int
    bottom_widths : sequence of int
        Layers of each bottom.
    activation, dropout
        As in `ExpertBank`.
    """

    def __init__(
        self,
        *,
        in_width: int,
        n_tasks: int,
        bottom_widths: Sequence[int],
        activation: str = "relu",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        bottom_widths = layer_widths(bottom_widths, "bottom_widths")
        sizes: dict[str, Any] = {"activation": activation, "dropout": dropout}
        self.bottoms = ExpertBank(n_tasks, in_width=in_width, widths=bottom_widths, **sizes)
        self.out_width = bottom_widths[-1]
        self.transfer = (
            InformationTransfer(n_tasks - 1, width=self.out_width, **sizes) if n_tasks > 1 else None
        )

    def forward(self, x: Tensor) -> Tensor:
        own: Tensor = self.bottoms(x)
        return own if self.transfer is None else self.transfer(own)[0]

    def gate_readings(self, x: Tensor) -> list[GateReading]:
        """For every task but the first, the weights of what came over and of its own bottom."""
        if self.transfer is None:
            return []
        weights = self.transfer(self.bottoms(x))[1]
        return [
            GateReading(1, step + 1, ((step, 0), (step + 1, 0)), weights[:, step])
            for step in range(weights.shape[1])
        ]


class BehaviouralCalibrator(Coupling):
    """Outputs as they are, and a penalty on a step that is likelier than the one before it.

    strength · mean over rows of the sum over steps of max(p_t - p_{t-1}, 0)

    Parameters
    ----------
    steps : sequence of (int, int)
        Raw outputs that are log-odds: those of a step, and of the one that follows it.
    strength : float

    Examples
    --------
    >>> import torch
    >>> calibrator = BehaviouralCalibrator([(0, 1)], strength=0.6)
    >>> calibrator.penalty(torch.logit(torch.tensor([[0.2, 0.7], [0.7, 0.2]])))
    tensor(0.1500)
    """

    before: Tensor
    after: Tensor

    def __init__(self, steps: Sequence[tuple[int, int]], *, strength: float) -> None:
        super().__init__()
        self.strength = strength
        before, after = torch.tensor(steps).t().contiguous()
        self.register_buffer("before", before, persistent=False)
        self.register_buffer("after", after, persistent=False)

    def forward(self, raw: Tensor) -> Tensor:
        return raw

    def penalty(self, raw: Tensor) -> Tensor:
        probability = torch.sigmoid(raw)
        rise = probability.index_select(1, self.after) - probability.index_select(1, self.before)
        return self.strength * rise.clamp(min=0).sum(1).mean()

    def extra_repr(self) -> str:
        return f"strength={self.strength}"
