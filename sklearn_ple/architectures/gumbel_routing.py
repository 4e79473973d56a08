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

from numbers import Integral, Real
from typing import Any, ClassVar, Unpack

import torch
from sklearn.utils._param_validation import Interval
from torch import Tensor, nn

from sklearn_ple.base import MultiTaskEstimator, SharedParameters
from sklearn_ple.base.search_space import EXPERTS_OF_A_LEVEL, Space, choice, number, whole
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
        self.out_width = by_level[-1][-1]
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
            else:  # tasks have parted: each row is one row a task, with one gate
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
        """The binary matrices (task, expert) that predictions use, one a level."""
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


class GumbelRoutingEstimator(MultiTaskEstimator):
    """Gumbel-matrix routing: each task learns which of the shared experts it uses.

    Each step of training draws every task's choice anew, one for all rows; predictions use an
    expert where that is more likely than not. `model.module_.routing.connections()` shows the
    choices, a binary matrix of tasks and experts a level. A task that has given up all experts
    of a level predicts a constant; a higher `gate_start` or less `budget_penalty` prevents it.

    Parameters
    ----------
    n_levels : int, default=2
        Levels of experts between features and towers.
    n_experts : int, default=6
        Experts of every level, which all tasks may use.
    expert_widths : tuple of int or list of tuples, default=(64,)
        Layers inside one expert; a list of such tuples gives one a level.
    gate_start : float, default=3.5
        Where the logit of every choice starts; 3.5 is a probability of 0.97, so that tasks share
        everything at first.
    gate_rate : float, default=20.0
        How many times as fast as weights these logits learn (with an optimizer of Adam's kind).
    temperature : float, default=1.0
        Of the Gumbel-sigmoid that the choices' gradients are taken from. The higher, the less
        such a gradient depends on what was drawn.
    budget : float, default=1.0
        Share of all experts that a task may use for free, in expectation.
    budget_penalty : float, default=0.0
        Weight in the loss of what a task's share exceeds `budget` by.

    References
    ----------
    K. Maziarz, E. Kokiopoulou, A. Gesmundo, L. Sbaiz, G. Bartok, J. Berent, "Flexible Multi-task
    Networks by Learning Parameter Allocation", 2019 (arXiv 1910.04915).
    E. Jang, S. Gu, B. Poole, "Categorical Reparameterization with Gumbel-Softmax", ICLR 2017
    (arXiv 1611.01144).

    Examples
    --------
    >>> from sklearn_ple import GumbelRoutingEstimator, make_related_tasks
    >>> X, Y = make_related_tasks(200, 6, random_state=0)
    >>> model = GumbelRoutingEstimator(n_experts=3, max_epochs=2, random_state=0).fit(X, Y)
    >>> model.predict(X).shape
    (200, 2)
    >>> model.module_.routing.connections()[0].tolist()
    [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_levels": [Interval(Integral, 1, None, closed="left")],
        "n_experts": [Interval(Integral, 1, None, closed="left")],
        "expert_widths": ["array-like", list],
        "gate_start": [Interval(Real, None, None, closed="neither")],
        "gate_rate": [Interval(Real, 0, None, closed="neither")],
        "temperature": [Interval(Real, 0, None, closed="neither")],
        "budget": [Interval(Real, 0, 1, closed="both")],
        "budget_penalty": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(
        self,
        *,
        n_levels: int = 2,
        n_experts: int = 6,
        expert_widths: Widths = (64,),
        gate_start: float = 3.5,
        gate_rate: float = 20.0,
        temperature: float = 1.0,
        budget: float = 1.0,
        budget_penalty: float = 0.0,
        **shared: Unpack[SharedParameters],
    ) -> None:
        self.n_levels = n_levels
        self.n_experts = n_experts
        self.expert_widths = expert_widths
        self.gate_start = gate_start
        self.gate_rate = gate_rate
        self.temperature = temperature
        self.budget = budget
        self.budget_penalty = budget_penalty
        super().__init__(**shared)

    @classmethod
    def _own_search_space(cls) -> Space:
        return {
            "n_levels": whole(1, 3),
            "n_experts": whole(2, 10),
            "expert_widths": choice(*EXPERTS_OF_A_LEVEL),
            "gate_start": number(0.0, 4.0),
            "budget_penalty": number(0.0, 0.1),
        }

    def _make_routing(self, *, in_width: int, n_tasks: int, dropout: float) -> Routing:
        return GumbelRouting(
            in_width=in_width,
            n_tasks=n_tasks,
            n_levels=self.n_levels,
            n_experts=self.n_experts,
            expert_widths=self.expert_widths,
            start=self.gate_start,
            rate=self.gate_rate,
            temperature=self.temperature,
            budget=self.budget,
            budget_penalty=self.budget_penalty,
            activation=self.activation,
            dropout=dropout,
        )
