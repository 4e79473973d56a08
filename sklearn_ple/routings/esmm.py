"""ESMM: a chain of events, each learned on all rows as the product of the steps that lead to it.

        ┌─ bottom click ── tower click ── p(click) ──────────┬────── p(click)
    x ──┤                                                    │
        └─ bottom buy ──── tower buy ──── p(buy | click) ─ product ─ p(click and buy)

X. Ma, L. Zhao, G. Huang, Z. Wang, Z. Hu, X. Zhu, K. Gai, "Entire Space Multi-Task Model: An
Effective Approach for Estimating Post-Click Conversion Rate", SIGIR 2018
(doi 10.1145/3209978.3210104, arXiv 1804.07931). New: the later step is never trained on the few
rows that got there, but through the product, which has a label in every row.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from sklearn_ple.nn import Coupling, ExpertBank, Routing, layer_widths

_SUREST_STEP = math.log(0.99)


class ESMMRouting(Routing):
    """One bottom per task, over an encoding that all tasks share.

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
        self.bottoms = ExpertBank(
            n_tasks,
            in_width=in_width,
            widths=bottom_widths,
            activation=activation,
            dropout=dropout,
        )
        self.out_width = bottom_widths[-1]

    def forward(self, x: Tensor) -> Tensor:
        return self.bottoms(x)


class ESMMCoupling(Coupling):
    """From the log-odds of every step of a chain to the log-odds of having come so far.

    With towers a_1, a_2, … of the chain's tasks, task j comes out as

        log p_j - log(1 - p_j),    p_j = s(a_1) s(a_2) … s(a_j),    s the logistic function

    so that a binary task's own loss and probabilities are those of p_j. All is done in logarithms,
    1 - p_j as the sum over i <= j of the probabilities p_{i-1} (1 - s(a_i)) that the chain breaks
    at step i: nothing is subtracted, and nothing overflows or rounds to 0 or 1.

    Parameters
    ----------
    columns : sequence of int
        Raw outputs of the chain's tasks, in the order of the chain; others pass as they are.

    Examples
    --------
    >>> import torch
    >>> coupling = ESMMCoupling([0, 1])
    >>> torch.sigmoid(coupling(torch.logit(torch.tensor([[0.5, 0.2]]))))
    tensor([[0.5000, 0.1000]])
    """

    chain: Tensor
    shut: Tensor

    def __init__(self, columns: Sequence[int]) -> None:
        super().__init__()
        self.columns = list(columns)
        later = torch.full((len(self.columns), len(self.columns)), -torch.inf).triu(1)
        self.register_buffer("chain", torch.tensor(self.columns), persistent=False)
        self.register_buffer("shut", later, persistent=False)

    def forward(self, raw: Tensor) -> Tensor:
        own = raw.index_select(1, self.chain).t().contiguous()  # rows last: sums run along them
        happens, fails = logsigmoid(own), logsigmoid(-own)
        reached = happens.cumsum(0)
        before = torch.cat([reached.new_zeros(1, len(raw)), reached[:-1]])
        breaks_at = before + fails + self.shut.unsqueeze(2)
        coupled = reached - torch.logsumexp(breaks_at, dim=1)
        return raw.index_copy(1, self.chain, coupled.t())

    def start(self, outputs: Tensor) -> Tensor:
        """Log-odds of each step; at most 0.99 where a task is as frequent as the one before."""
        own = outputs[self.columns]
        step = log_steps(own[None])[0].clamp(max=_SUREST_STEP)
        towers = step - torch.log(-torch.expm1(step))
        towers[0] = own[0]
        started = outputs.clone()
        started[self.columns] = towers
        return started


def log_steps(log_odds: Tensor) -> Tensor:
    """Log-odds (batch, chain) of having come so far to log-probabilities of each step alone."""
    reached = logsigmoid(log_odds)
    before = torch.cat([reached.new_zeros(len(reached), 1), reached[:, :-1]], dim=1)
    return (reached - before).clamp(max=0.0)
