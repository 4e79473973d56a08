"""PLE: progressive layered extraction, CGC in levels.

Drawing, paper and routing: `sklearn_ple/routings/ple.py`.
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
from sklearn_ple.base.search_space import EXPERTS_OF_A_LEVEL, Space, choice, whole
from sklearn_ple.nn import Routing
from sklearn_ple.nn.levels import Counts, Widths
from sklearn_ple.routings.ple import PLERouting


class PLEEstimator(GatedEstimator):
    """Progressive layered extraction: levels of shared and task experts, parted by gates.

    Parameters
    ----------
    n_levels : int, default=2
        Extraction levels; one is CGC.
    n_shared_experts : int or sequence of int, default=4
        Experts that every task may use: at every level, or at each in order.
    n_task_experts : int, sequence of int or list of such, default=1
        Experts of every task; or of each task in order, at every level; or a list of a level's
        numbers for each level: ``[(2, 1), (1, 1)]`` are two levels of two tasks. A list of
        numbers always goes by task. A task must have an expert to read at every level, and not a
        single one, shared, after a level at which it had a choice.
    expert_widths : tuple of int or list of tuples, default=(64,)
        Layers inside one expert; a list of such tuples gives one per level.

    References
    ----------
    H. Tang, J. Liu, M. Zhao, X. Gong, "Progressive Layered Extraction (PLE)", RecSys 2020
    (doi 10.1145/3383313.3412236), equations 2 to 7.

    Examples
    --------
    >>> from sklearn_ple import PLEClassifierRegressor, make_related_tasks
    >>> X, Y = make_related_tasks(200, 6, kinds=["binary", "regression"], random_state=0)
    >>> model = PLEClassifierRegressor(max_epochs=2, random_state=0).fit(X, Y)
    >>> [task.kind for task in model.tasks_]
    ['binary', 'regression']
    >>> model.predict(X).shape
    (200, 2)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_levels": [Interval(Integral, 1, None, closed="left")],
        "n_shared_experts": [Interval(Integral, 0, None, closed="left"), "array-like"],
        "n_task_experts": [Interval(Integral, 0, None, closed="left"), "array-like", list],
        "expert_widths": ["array-like", list],
    }

    def __init__(
        self,
        *,
        n_levels: int = 2,
        n_shared_experts: int | Sequence[int] = 4,
        n_task_experts: Counts = 1,
        expert_widths: Widths = (64,),
        **gated: Unpack[GatedParameters],
    ) -> None:
        self.n_levels = n_levels
        self.n_shared_experts = n_shared_experts
        self.n_task_experts = n_task_experts
        self.expert_widths = expert_widths
        super().__init__(**gated)

    @classmethod
    def _own_search_space(cls) -> Space:
        return {
            "n_levels": whole(1, 3),
            "n_shared_experts": whole(1, 8),
            "n_task_experts": whole(1, 4),
            "expert_widths": choice(*EXPERTS_OF_A_LEVEL),
            "expert_norm": choice(False, True),
        }

    def _make_routing(self, *, in_width: int, n_tasks: int, dropout: float) -> Routing:
        return PLERouting(
            in_width=in_width,
            n_tasks=n_tasks,
            n_levels=self.n_levels,
            n_shared_experts=self.n_shared_experts,
            n_task_experts=self.n_task_experts,
            expert_widths=self.expert_widths,
            **self._level_options(dropout),
        )


class PLEClassifier(ClassifierRole, PLEEstimator):
    pass


class PLERegressor(RegressorRole, PLEEstimator):
    pass


class PLEClassifierRegressor(ClassifierRegressorRole, PLEEstimator):
    pass
