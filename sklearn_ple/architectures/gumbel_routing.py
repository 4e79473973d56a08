"""GumbelRouting: every task learns which experts it uses, yes or no, in each of several levels.

Drawing, paper and routing: `sklearn_ple/routings/gumbel_routing.py`.
"""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar, Unpack

from sklearn.utils._param_validation import Interval

from sklearn_ple.base import MultiTaskEstimator, SharedParameters
from sklearn_ple.base.search_space import EXPERTS_OF_A_LEVEL, Space, choice, number, whole
from sklearn_ple.nn import Routing
from sklearn_ple.nn.levels import Widths
from sklearn_ple.routings.gumbel_routing import GumbelRouting


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
        Layers inside one expert; a list of such tuples gives one per level.
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
