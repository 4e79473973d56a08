"""SharedBottom: one bottom for all tasks, a tower each (hard parameter sharing).

    x ── bottom ─┬─ tower A ── ŷ_A
                 └─ tower B ── ŷ_B

R. Caruana, "Multitask Learning", Machine Learning 28 (1997).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Unpack

from torch import Tensor

from sklearn_ple.base import (
    ClassifierRegressorRole,
    ClassifierRole,
    MultiTaskEstimator,
    RegressorRole,
    SharedParameters,
)
from sklearn_ple.base.search_space import BOTTOMS, Space, choice
from sklearn_ple.nn import ExpertBank, Routing


class SharedBottomRouting(Routing):
    """One bottom that every task reads.

    Parameters
    ----------
    in_width, n_tasks : int
    bottom_widths : sequence of int
        Layers of the bottom.
    activation, dropout
        As in `ExpertBank`.
    """

    def __init__(
        self,
        *,
        in_width: int,
        n_tasks: int,
        bottom_widths: Sequence[int],
        activation: str = "relu",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.bottom = ExpertBank(
            1, in_width=in_width, widths=bottom_widths, activation=activation, dropout=dropout
        )
        self.n_tasks = n_tasks
        self.out_width = bottom_widths[-1]

    def forward(self, x: Tensor) -> Tensor:
        return self.bottom(x).expand(-1, self.n_tasks, -1)


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
