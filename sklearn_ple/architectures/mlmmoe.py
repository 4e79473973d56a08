"""MLMMOE: MMOE in levels, whose gates all look at the input.

Drawing, paper and routing: `sklearn_ple/routings/mlmmoe.py`.
"""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar, Unpack

from sklearn.utils._param_validation import Interval

from sklearn_ple.base import GatedEstimator, GatedParameters
from sklearn_ple.base.search_space import EXPERTS_OF_A_LEVEL, Space, choice, whole
from sklearn_ple.nn import Routing
from sklearn_ple.nn.levels import Widths
from sklearn_ple.routings.mlmmoe import MLMMOERouting


class MLMMOEEstimator(GatedEstimator):
    """Multi-level MMOE: levels of shared experts with gates between them that look at the input.

    `expert_utilization` calls the gate that feeds expert 2 of the next level "shared 2".

    Parameters
    ----------
    n_levels : int, default=2
        Levels of experts; one is MMOE.
    n_experts : int, default=6
        Experts of every level, all shared.
    expert_widths : tuple of int or list of tuples, default=(64,)
        Layers inside one expert; a list of such tuples gives one per level.

    References
    ----------
    H. Tang, J. Liu, M. Zhao, X. Gong, "Progressive Layered Extraction (PLE)", RecSys 2020
    (doi 10.1145/3383313.3412236), figure 1h.
    J. Ma et al., "Modeling Task Relationships in Multi-task Learning with Multi-gate
    Mixture-of-Experts", KDD 2018 (doi 10.1145/3219819.3220007).

    Examples
    --------
    >>> from sklearn_ple import make_related_tasks
    >>> from sklearn_ple.architectures.mlmmoe import MLMMOEEstimator
    >>> X, Y = make_related_tasks(200, 6, random_state=0)
    >>> MLMMOEEstimator(max_epochs=2, random_state=0).fit(X, Y).predict(X).shape
    (200, 2)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_levels": [Interval(Integral, 1, None, closed="left")],
        "n_experts": [Interval(Integral, 1, None, closed="left")],
        "expert_widths": ["array-like", list],
    }

    def __init__(
        self,
        *,
        n_levels: int = 2,
        n_experts: int = 6,
        expert_widths: Widths = (64,),
        **gated: Unpack[GatedParameters],
    ) -> None:
        self.n_levels = n_levels
        self.n_experts = n_experts
        self.expert_widths = expert_widths
        super().__init__(**gated)

    @classmethod
    def _own_search_space(cls) -> Space:
        return {
            "n_levels": whole(1, 3),
            "n_experts": whole(2, 10),
            "expert_widths": choice(*EXPERTS_OF_A_LEVEL),
            "expert_norm": choice(False, True),
        }

    def _make_routing(self, *, in_width: int, n_tasks: int, dropout: float) -> Routing:
        return MLMMOERouting(
            in_width=in_width,
            n_tasks=n_tasks,
            n_levels=self.n_levels,
            n_experts=self.n_experts,
            expert_widths=self.expert_widths,
            **self._level_options(dropout),
        )
