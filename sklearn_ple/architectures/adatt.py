"""AdaTT: every task chooses among the experts of all tasks, and is given its own besides.

Drawing, paper and routing: `sklearn_ple/routings/adatt.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any, ClassVar, Unpack

from sklearn.utils._param_validation import Interval

from sklearn_ple.base import GatedEstimator, GatedParameters
from sklearn_ple.base.search_space import EXPERTS_OF_A_LEVEL, Space, choice, whole
from sklearn_ple.nn import Routing
from sklearn_ple.nn.levels import Widths
from sklearn_ple.routings.adatt import AdaTTRouting


class AdaTTEstimator(GatedEstimator):
    """Adaptive task-to-task fusion: gates over the experts of all tasks, plus each task's own.

    With several experts of its own a task is given a learned linear combination of them, the same
    for all rows, beside the gate's mixture; with a single one, that one as it is.

    Parameters
    ----------
    n_levels : int, default=2
        Levels of experts and gates.
    n_shared_experts : int, default=2
        Experts that belong to no task, at every level; the paper's AdaTT-sp has none.
    n_task_experts : int or sequence of int, default=2
        Experts of every task, or of each task in order, at every level.
    expert_widths : tuple of int or list of tuples, default=(64,)
        Layers inside one expert; a list of such tuples gives one per level.

    References
    ----------
    D. Li, Z. Zhang, S. Yuan, M. Gao, W. Zhang, C. Yang, X. Liu, J. Yang, "AdaTT: Adaptive
    Task-to-Task Fusion Network for Multitask Learning in Recommendations", KDD 2023
    (doi 10.1145/3580305.3599769).

    Examples
    --------
    >>> from sklearn_ple import make_related_tasks
    >>> from sklearn_ple.architectures.adatt import AdaTTEstimator
    >>> X, Y = make_related_tasks(200, 6, random_state=0)
    >>> model = AdaTTEstimator(n_task_experts=(1, 3), max_epochs=2, random_state=0)
    >>> model.fit(X, Y).predict(X).shape
    (200, 2)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_levels": [Interval(Integral, 1, None, closed="left")],
        "n_shared_experts": [Interval(Integral, 0, None, closed="left")],
        "n_task_experts": [Interval(Integral, 0, None, closed="left"), "array-like"],
        "expert_widths": ["array-like", list],
    }

    def __init__(
        self,
        *,
        n_levels: int = 2,
        n_shared_experts: int = 2,
        n_task_experts: int | Sequence[int] = 2,
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
            "n_shared_experts": whole(0, 4),
            "n_task_experts": whole(1, 4),
            "expert_widths": choice(*EXPERTS_OF_A_LEVEL),
            "expert_norm": choice(False, True),
        }

    def _make_routing(self, *, in_width: int, n_tasks: int, dropout: float) -> Routing:
        return AdaTTRouting(
            in_width=in_width,
            n_tasks=n_tasks,
            n_levels=self.n_levels,
            n_shared_experts=self.n_shared_experts,
            n_task_experts=self.n_task_experts,
            expert_widths=self.expert_widths,
            **self._level_options(dropout),
        )
