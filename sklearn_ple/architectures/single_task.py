"""SingleTask: one network a task, nothing shared; the yardstick of every sharing scheme.

    x ─┬─ encoding A ── bottom A ── tower A ── ŷ_A
       └─ encoding B ── bottom B ── tower B ── ŷ_B

Tang et al. (RecSys 2020) measure multi-task gain against it. The nets are fitted together, in one
batched product a layer, and have no parameter in common.
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


class SingleTaskRouting(Routing):
    """One bottom a task, over an encoding of its own.

    Parameters
    ----------
    in_width, n_tasks : int
    bottom_widths : sequence of int
        Layers of each bottom.
    activation, dropout
        As in `ExpertBank`.
    """

    own_encodings: ClassVar[bool] = True

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
        self.bottoms = ExpertBank(
            n_tasks,
            in_width=in_width,
            widths=bottom_widths,
            sources=range(n_tasks),
            activation=activation,
            dropout=dropout,
        )
        self.out_width = bottom_widths[-1]

    def forward(self, x: Tensor) -> Tensor:
        return self.bottoms(x)


class SingleTaskEstimator(MultiTaskEstimator):
    """One network a task, fitted together without sharing.

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
