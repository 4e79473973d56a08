"""AsymmetricSharing: a bottom per task, and towers that read other tasks' bottoms too, as one says.

Drawing, paper and routing: `sklearn_ple/routings/asymmetric_sharing.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Unpack

from sklearn.utils._param_validation import StrOptions

from sklearn_ple.base import MultiTaskEstimator, SharedParameters
from sklearn_ple.base.search_space import BOTTOMS, Space, choice
from sklearn_ple.nn import Routing
from sklearn_ple.routings.asymmetric_sharing import AsymmetricSharingRouting, Fusion, Relations
from sklearn_ple.tasks import TaskSet


class AsymmetricSharingEstimator(MultiTaskEstimator):
    """Asymmetric sharing: a bottom per task, read by the towers of those tasks that you say.

    The encoding of features in front of the bottoms is common to all tasks.

    Parameters
    ----------
    bottom_widths : tuple of int, default=(256, 256)
        Layers of each task's bottom.
    relations : dict, list or None, default=None
        Whose bottoms each task reads, its own always included. A dict has lists of tasks by task,
        such as ``{"purchase": ["click"]}``; tasks that it leaves out read their own alone. A list
        has one list of tasks for each task in order. Tasks are called by target name or by
        position. None: a task reads those before it, so the first learns alone and the last from
        all, as a chain of ever rarer events suggests; with two tasks that is the paper's figure.
    fusion : {"concat", "sum", "mean"}, default="concat"
        How a tower reads several bottoms h. "sum" and "mean" add up their units. "concat" lets
        the tower weigh each bottom by a matrix of its own, as the blocks of its first layer over
        the bottoms side by side would. It is written h_k + sum_j W_kj h_j: a first layer U of the
        tower and blocks U, U W_kj over the bottoms side by side are the same. So all towers have
        one width, no bottom is padded, and there is no weight that only meets zeros.

    References
    ----------
    H. Tang, J. Liu, M. Zhao, X. Gong, "Progressive Layered Extraction (PLE)", RecSys 2020
    (doi 10.1145/3383313.3412236), figure 1b.

    Examples
    --------
    >>> from sklearn_ple import make_related_tasks
    >>> from sklearn_ple.architectures.asymmetric_sharing import AsymmetricSharingEstimator
    >>> X, Y = make_related_tasks(200, 6, n_tasks=3, random_state=0)
    >>> model = AsymmetricSharingEstimator(
    ...     relations={"y2": ["y0", "y1"]}, max_epochs=2, random_state=0
    ... )
    >>> model.fit(X, Y).module_.routing.reads
    ((0,), (1,), (0, 1, 2))
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "bottom_widths": ["array-like"],
        "relations": [Mapping, "array-like", None],
        "fusion": [StrOptions({"concat", "sum", "mean"})],
    }

    def __init__(
        self,
        *,
        bottom_widths: Sequence[int] = (256, 256),
        relations: Relations = None,
        fusion: Fusion = "concat",
        **shared: Unpack[SharedParameters],
    ) -> None:
        self.bottom_widths = bottom_widths
        self.relations = relations
        self.fusion = fusion
        super().__init__(**shared)

    @classmethod
    def _own_search_space(cls) -> Space:
        return {
            "bottom_widths": choice(*BOTTOMS),
            "fusion": choice("concat", "sum", "mean"),
        }

    def _make_routing(
        self,
        *,
        in_width: int,
        n_tasks: int,
        dropout: float,
        target_names: Sequence[str] | None = None,
    ) -> Routing:
        return AsymmetricSharingRouting(
            in_width=in_width,
            n_tasks=n_tasks,
            bottom_widths=self.bottom_widths,
            relations=self.relations,
            fusion=self.fusion,
            target_names=target_names,
            activation=self.activation,
            dropout=dropout,
        )

    def _make_routing_for(self, task_set: TaskSet, *, in_width: int, dropout: float) -> Routing:
        return self._make_routing(
            in_width=in_width, n_tasks=len(task_set), dropout=dropout, target_names=task_set.names
        )
