"""SharedBottom: one bottom for all tasks, a tower each (hard parameter sharing).

Drawing, paper and routing: `sklearn_ple/routings/shared_bottom.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Unpack

from sklearn_ple.base import (
    ClassifierRegressorRole,
    ClassifierRole,
    MultiTaskEstimator,
    RegressorRole,
    SharedParameters,
)
from sklearn_ple.base.search_space import BOTTOMS, Space, choice
from sklearn_ple.nn import Routing
from sklearn_ple.routings.shared_bottom import SharedBottomRouting


class SharedBottomEstimator(MultiTaskEstimator):
    """One bottom shared by all tasks, and a tower for each.

    Parameters
    ----------
    bottom_widths : tuple of int, default=(256, 256)
        Layers of the bottom.

    References
    ----------
    R. Caruana, "Multitask Learning", Machine Learning 28 (1997).

    Examples
    --------
    >>> from sklearn_ple import SharedBottomEstimator, make_related_tasks
    >>> X, Y = make_related_tasks(200, 6, random_state=0)
    >>> SharedBottomEstimator(max_epochs=2, random_state=0).fit(X, Y).predict(X).shape
    (200, 2)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {"bottom_widths": ["array-like"]}

    def __init__(
        self, *, bottom_widths: Sequence[int] = (256, 256), **shared: Unpack[SharedParameters]
    ) -> None:
        self.bottom_widths = bottom_widths
        super().__init__(**shared)

    @classmethod
    def _own_search_space(cls) -> Space:
        return {"bottom_widths": choice(*BOTTOMS)}

    def _make_routing(self, *, in_width: int, n_tasks: int, dropout: float) -> Routing:
        return SharedBottomRouting(
            in_width=in_width,
            n_tasks=n_tasks,
            bottom_widths=self.bottom_widths,
            activation=self.activation,
            dropout=dropout,
        )


class SharedBottomClassifier(ClassifierRole, SharedBottomEstimator):
    pass


class SharedBottomRegressor(RegressorRole, SharedBottomEstimator):
    pass


class SharedBottomClassifierRegressor(ClassifierRegressorRole, SharedBottomEstimator):
    pass
