"""CGC: customized gate control, shared experts and experts of each task.

Drawing, paper and routing: `sklearn_ple/routings/cgc.py`.
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
from sklearn_ple.routings.cgc import CGCRouting


class CGCEstimator(GatedEstimator):
    """Customized gate control: each task mixes its own and the shared experts.

    Parameters
    ----------
    n_shared_experts : int, default=4
        Experts that every task may use.
    n_task_experts : int or sequence of int, default=1
        Experts of every task, or of each task in order.
    expert_widths : tuple of int, default=(128, 64)
        Layers inside one expert.

    References
    ----------
    H. Tang, J. Liu, M. Zhao, X. Gong, "Progressive Layered Extraction (PLE)", RecSys 2020
    (doi 10.1145/3383313.3412236), equations 2 to 4.

    Examples
    --------
    >>> from sklearn_ple import CGCEstimator, make_related_tasks
    >>> X, Y = make_related_tasks(200, 6, random_state=0)
    >>> CGCEstimator(max_epochs=2, random_state=0).fit(X, Y).predict(X).shape
    (200, 2)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_shared_experts": [Interval(Integral, 0, None, closed="left")],
        "n_task_experts": [Interval(Integral, 0, None, closed="left"), "array-like"],
        "expert_widths": ["array-like"],
    }

    def __init__(
        self,
        *,
        n_shared_experts: int = 4,
        n_task_experts: int | Sequence[int] = 1,
        expert_widths: Sequence[int] = (128, 64),
        **gated: Unpack[GatedParameters],
    ) -> None:
        self.n_shared_experts = n_shared_experts
        self.n_task_experts = n_task_experts
        self.expert_widths = expert_widths
        super().__init__(**gated)

    @classmethod
    def _own_search_space(cls) -> Space:
        return {
            "n_shared_experts": whole(1, 8),
            "n_task_experts": whole(1, 4),
            "expert_widths": choice(*EXPERTS),
            "expert_norm": choice(False, True),
        }

    def _make_routing(self, *, in_width: int, n_tasks: int, dropout: float) -> Routing:
        return CGCRouting(
            in_width=in_width,
            n_tasks=n_tasks,
            n_shared_experts=self.n_shared_experts,
            n_task_experts=self.n_task_experts,
            expert_widths=self.expert_widths,
            **self._level_options(dropout),
        )


class CGCClassifier(ClassifierRole, CGCEstimator):
    pass


class CGCRegressor(RegressorRole, CGCEstimator):
    pass


class CGCClassifierRegressor(ClassifierRegressorRole, CGCEstimator):
    pass
