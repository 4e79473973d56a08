"""MMOE: experts that all tasks share, and a gate per task that mixes them.

Drawing, paper and routing: `sklearn_ple/routings/mmoe.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any, ClassVar, Unpack

from sklearn.utils._param_validation import Interval

from sklearn_ple.base import (
    ClassifierRegressorRole,
    ClassifierRole,
    GatedEstimator,
    GatedParameters,
    RegressorRole,
)
from sklearn_ple.base.search_space import EXPERTS, Space, choice, whole
from sklearn_ple.nn import Routing
from sklearn_ple.routings.mmoe import MMOERouting


class MMOEEstimator(GatedEstimator):
    """Multi-gate mixture of experts: shared experts, mixed by a gate for each task.

    Parameters
    ----------
    n_experts : int, default=6
        Experts, all shared.
    expert_widths : tuple of int, default=(128, 64)
        Layers inside one expert.

    References
    ----------
    J. Ma et al., "Modeling Task Relationships in Multi-task Learning with Multi-gate
    Mixture-of-Experts", KDD 2018 (doi 10.1145/3219819.3220007).

    Examples
    --------
    >>> from sklearn_ple import MMOEEstimator, make_related_tasks
    >>> X, Y = make_related_tasks(200, 6, random_state=0)
    >>> MMOEEstimator(max_epochs=2, random_state=0).fit(X, Y).predict(X).shape
    (200, 2)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_experts": [Interval(Integral, 1, None, closed="left")],
        "expert_widths": ["array-like"],
    }

    def __init__(
        self,
        *,
        n_experts: int = 6,
        expert_widths: Sequence[int] = (128, 64),
        **gated: Unpack[GatedParameters],
    ) -> None:
        self.n_experts = n_experts
        self.expert_widths = expert_widths
        super().__init__(**gated)

    @classmethod
    def _own_search_space(cls) -> Space:
        return {
            "n_experts": whole(2, 10),
            "expert_widths": choice(*EXPERTS),
            "expert_norm": choice(False, True),
        }

    def _make_routing(self, *, in_width: int, n_tasks: int, dropout: float) -> Routing:
        return MMOERouting(
            in_width=in_width,
            n_tasks=n_tasks,
            n_experts=self.n_experts,
            expert_widths=self.expert_widths,
            **self._level_options(dropout),
        )


class MMOEClassifier(ClassifierRole, MMOEEstimator):
    pass


class MMOERegressor(RegressorRole, MMOEEstimator):
    pass


class MMOEClassifierRegressor(ClassifierRegressorRole, MMOEEstimator):
    pass
