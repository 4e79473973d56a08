"""GumbelRouting: every task learns which experts it uses, yes or no, in each of several levels.

        ┌─ expert 1 ─┐   A reads 1 0 1   ┌─ expert 1 ─┐   A reads 0 1 1 ── tower A ── ŷ_A
    x ──┼─ expert 2 ─┼───────────────────┼─ expert 2 ─┤
        └─ expert 3 ─┘   B reads 1 1 0   └─ expert 3 ─┘   B reads 1 0 0 ── tower B ── ŷ_B
           level 1                          level 2

K. Maziarz, E. Kokiopoulou, A. Gesmundo, L. Sbaiz, G. Bartok, J. Berent, "Flexible Multi-task
Networks by Learning Parameter Allocation", 2019 (arXiv 1910.04915; its first version is called
"Gumbel-Matrix Routing for Flexible Multi-task Learning"). Against MMOE: a binary matrix of tasks
and experts in the place of gates, learned by a straight-through Gumbel-sigmoid (E. Jang, S. Gu,
B. Poole, "Categorical Reparameterization with Gumbel-Softmax", ICLR 2017, arXiv 1611.01144).

As in the authors' published code: the mean over the experts in use, and zero where there are
none; noise in training only; a level of one expert is not routed; logits that start at a
probability of 0.97 and learn 20 times as fast as weights; a budget on the share of experts that a
task uses. Interpretations: the temperature is constant, where that code lowers it from 50 to 0.5;
and one matrix is drawn a step, for the rows of all tasks, where each step there serves one task.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sklearn_ple.nn import ExpertBank, GateReading, Routing, mix
from sklearn_ple.nn.connections import GumbelSigmoid
from sklearn_ple.nn.levels import Widths, widths_by_level


class GumbelRouting(Routing):
    """By level h_k becomes sum_e A_ke f_e(h_k) / max(1, sum_e A_ke), with A binary.

    Parameters
    ----------
    in_width, n_tasks, n_levels : int
    n_experts : int
        Experts of every level; all tasks may use them.
    expert_widths : sequence of int, or sequence of such
        Layers inside one expert: the same at every level, or one such tuple a level.
    start, rate, temperature : float
        As in `GumbelSigmoid`.
    budget : float
        Share of all experts that a task may be expected to use for free.
    budget_penalty : float
        Weight in the loss of what a task's expected share exceeds the budget by.
    activation, dropout
        As in `ExpertBank`.
    """

    def __init__(
        self,
        *,
        in_width: int,
        n_tasks: int,
        n_levels: int,
        n_experts: int,
        expert_widths: Widths,
        start: float = 3.5,
        rate: float = 1.0,
        temperature: float = 1.0,
        budget: float = 1.0,
        budget_penalty: float = 0.0,
        activation: str = "relu",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.budget, self.budget_penalty = budget, budget_penalty
        by_level = widths_by_level(expert_widths, n_levels)
        self.experts = nn.ModuleList(
            ExpertBank(
                n_experts,
                in_width=by_level[j - 1][-1] if j > 0 else in_width,
                widths=widths,
                activation=activation,
                dropout=dropout,
            )
            for j, widths in enumerate(by_level)
        )
        self.out_width = by_level[-1][-1]
        self.matrices = nn.ModuleList(
            GumbelSigmoid(n_tasks, n_experts, start=start, rate=rate, temperature=temperature)
            for _ in range(n_levels)
        )

    def forward(self, x: Tensor) -> Tensor:
        for j, (experts, matrix) in enumerate(zip(self.experts, self.matrices, strict=True)):
            used = matrix()
            weights = (used / used.sum(1, keepdim=True).clamp(min=1)).expand(len(x), -1, -1)
            if j == 0:
                x = mix(weights, experts(x))
            else:  # tasks have parted: each row is one row per task, with one gate
                n_tasks = x.shape[1]
                mixed = mix(weights.flatten(0, 1)[:, None], experts(x.flatten(0, 1)))
                x = mixed.view(-1, n_tasks, mixed.shape[-1])
        return x

    def penalty(self) -> Tensor | None:
        odds = [matrix.odds() for matrix in self._matrices]
        given = [each for each in odds if each is not None]
        if self.budget_penalty == 0 or not given:
            return None
        share = torch.cat(given, dim=1).mean(1)
        return self.budget_penalty * (share - self.budget).clamp(min=0).sum()

    def connections(self) -> list[Tensor]:
        """The binary matrices (task, expert) that predictions use, one per level."""
        return [matrix.at_prediction().detach() for matrix in self._matrices]

    def gate_readings(self, x: Tensor) -> list[GateReading]:
        """1 / n for each of the n experts that a task uses: every task's gate at every level."""
        readings: list[GateReading] = []
        for level, matrix in enumerate(self._matrices, start=1):
            readings += matrix.readings(level, len(x), by_tasks=True)
        return readings

    @property
    def _matrices(self) -> list[GumbelSigmoid]:
        return [matrix for matrix in self.matrices if isinstance(matrix, GumbelSigmoid)]
