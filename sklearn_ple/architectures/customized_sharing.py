"""CustomizedSharing: a bottom that all tasks share and one of the task's own, side by side.

Drawing, paper and routing: `sklearn_ple/routings/customized_sharing.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Unpack

from sklearn_ple.base import MultiTaskEstimator, SharedParameters
from sklearn_ple.base.search_space import BOTTOMS, Space, choice
from sklearn_ple.nn import Routing
from sklearn_ple.routings.customized_sharing import CustomizedSharingRouting


class CustomizedSharingEstimator(MultiTaskEstimator):
    """Customized sharing: each task reads a shared bottom and one of its own.

    Parameters
    ----------
    bottom_widths : tuple of int, default=(256, 256)
        Layers of each bottom; there is one per task, and one for all.

    References
    ----------
    H. Tang, J. Liu, M. Zhao, X. Gong, "Progressive Layered Extraction (PLE)", RecSys 2020
    (doi 10.1145/3383313.3412236), figure 1c.

    Examples
    --------
    >>> from sklearn_ple import make_related_tasks
    >>> from sklearn_ple.architectures.customized_sharing import CustomizedSharingEstimator
    >>> X, Y = make_related_tasks(200, 6, random_state=0)
    >>> CustomizedSharingEstimator(max_epochs=2, random_state=0).fit(X, Y).predict(X).shape
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
        return CustomizedSharingRouting(
            in_width=in_width,
            n_tasks=n_tasks,
            bottom_widths=self.bottom_widths,
            activation=self.activation,
            dropout=dropout,
        )
