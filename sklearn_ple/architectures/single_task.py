"""SingleTask: one network per task, nothing shared; the yardstick of every sharing scheme.

Drawing, paper and routing: `sklearn_ple/routings/single_task.py`.
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
from sklearn_ple.routings.single_task import SingleTaskRouting


class SingleTaskEstimator(MultiTaskEstimator):
    """One network per task, fitted together without sharing.

    Parameters
    ----------
    bottom_widths : tuple of int, default=(256, 256)
        Layers of each task's bottom.

    Examples
    --------
    >>> from sklearn_ple import SingleTaskEstimator, make_related_tasks
    >>> X, Y = make_related_tasks(200, 6, random_state=0)
    >>> SingleTaskEstimator(max_epochs=2, random_state=0).fit(X, Y).predict(X).shape
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
        return SingleTaskRouting(
            in_width=in_width,
            n_tasks=n_tasks,
            bottom_widths=self.bottom_widths,
            activation=self.activation,
            dropout=dropout,
        )


class SingleTaskClassifier(ClassifierRole, SingleTaskEstimator):
    pass


class SingleTaskRegressor(RegressorRole, SingleTaskEstimator):
    pass


class SingleTaskClassifierRegressor(ClassifierRegressorRole, SingleTaskEstimator):
    pass
