"""CrossStitch: one bottom per task, and linear combinations of them after every layer.

Drawing, paper and routing: `sklearn_ple/routings/cross_stitch.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any, ClassVar, Unpack

from sklearn.utils._param_validation import Interval

from sklearn_ple.base import MultiTaskEstimator, SharedParameters
from sklearn_ple.base.search_space import BOTTOMS, Space, choice, number
from sklearn_ple.nn import Routing
from sklearn_ple.routings.cross_stitch import CrossStitchRouting


class CrossStitchEstimator(MultiTaskEstimator):
    """Cross-stitch network: a bottom for each task, mixed after every layer.

    The mixing weights are learned with the rest, free of weight decay; they do not depend on the
    row. A single task has nothing to mix and is a plain network.

    The paper trains them by plain gradient descent, at 100 to 1000 times the rate of the others.
    Here they have the common rate, at which AdamW moves them by about a tenth in a fit: what they
    start from matters, so try other values of `self_share`.

    Parameters
    ----------
    bottom_widths : tuple of int, default=(256, 256)
        Layers of each task's bottom; a stitch follows every one.
    self_share : float, default=0.9
        What a task takes from its own bottom at the start of training, between 0 and 1; the rest
        comes from the others in equal parts. One divided by the number of tasks starts with
        everything shared, 1 with nothing.
    per_unit : bool, default=False
        Whether each unit of a layer has mixing weights of its own, as each channel in the paper,
        or all have the same.

    References
    ----------
    I. Misra, A. Shrivastava, A. Gupta, M. Hebert, "Cross-stitch Networks for Multi-task
    Learning", CVPR 2016 (doi 10.1109/CVPR.2016.433).

    Examples
    --------
    >>> from sklearn_ple import make_related_tasks
    >>> from sklearn_ple.architectures.cross_stitch import CrossStitchEstimator
    >>> X, Y = make_related_tasks(200, 6, random_state=0)
    >>> model = CrossStitchEstimator(max_epochs=2, random_state=0).fit(X, Y)
    >>> model.predict(X).shape
    (200, 2)
    >>> [tuple(stitch.alpha.shape) for stitch in model.module_.routing.stitches]
    [(2, 2), (2, 2)]
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "bottom_widths": ["array-like"],
        "self_share": [Interval(Real, 0, 1, closed="both")],
        "per_unit": ["boolean"],
    }

    def __init__(
        self,
        *,
        bottom_widths: Sequence[int] = (256, 256),
        self_share: float = 0.9,
        per_unit: bool = False,
        **shared: Unpack[SharedParameters],
    ) -> None:
        self.bottom_widths = bottom_widths
        self.self_share = self_share
        self.per_unit = per_unit
        super().__init__(**shared)

    @classmethod
    def _own_search_space(cls) -> Space:
        return {
            "bottom_widths": choice(*BOTTOMS),
            "self_share": number(0.5, 1.0),
            "per_unit": choice(False, True),
        }

    def _make_routing(self, *, in_width: int, n_tasks: int, dropout: float) -> Routing:
        return CrossStitchRouting(
            in_width=in_width,
            n_tasks=n_tasks,
            bottom_widths=self.bottom_widths,
            self_share=self.self_share,
            per_unit=self.per_unit,
            activation=self.activation,
            dropout=dropout,
        )
