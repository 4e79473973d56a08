"""AITM: each task of a funnel reads its own bottom and what the task before hands on.

Drawing, paper and routing: `sklearn_ple/routings/aitm.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from numbers import Real
from typing import Any, ClassVar, Unpack

from sklearn.utils._param_validation import Interval

from sklearn_ple.base import ClassifierRole, MultiTaskEstimator, SharedParameters
from sklearn_ple.base.search_space import BOTTOMS, Space, choice, number
from sklearn_ple.nn import (
    Coupling,
    Routing,
)
from sklearn_ple.routings.aitm import AITMRouting, BehaviouralCalibrator
from sklearn_ple.tasks import Binary, TaskSet


class AITMEstimator(MultiTaskEstimator):
    """Adaptive information transfer: each task of a funnel learns from the one before it.

    Parameters
    ----------
    bottom_widths : tuple of int, default=(256, 256)
        Layers of each task's bottom. All tasks but the first, of any kind, also take over from the
        one before it in the order of targets, which should be that of the funnel.
    calibration : float, default=0.6
        Strength of the penalty on a binary target that is likelier (its second class) than the
        binary target before it: times the mean over rows of the sum of all such excesses. It is
        added to losses in units of the null deviance, where the paper adds it, of the same
        strength, to plain cross-entropies. 0 turns it off.
        It is meant for labels of having come so far, on all rows: 0, not missing, where the step
        before did not happen. Labels that are missing there teach p(buy | click), which may well be
        above p(click): turn it off for them.

    References
    ----------
    D. Xi et al., "Modeling the Sequential Dependence among Audience Multi-step Conversions with
    Multi-task Learning in Targeted Display Advertising", KDD 2021 (doi 10.1145/3447548.3467071).

    Examples
    --------
    >>> from sklearn_ple import AITMEstimator, make_related_tasks
    >>> X, Y = make_related_tasks(200, 6, random_state=0)
    >>> AITMEstimator(max_epochs=2, random_state=0).fit(X, Y).predict(X).shape
    (200, 2)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "bottom_widths": ["array-like"],
        "calibration": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(
        self,
        *,
        bottom_widths: Sequence[int] = (256, 256),
        calibration: float = 0.6,
        **shared: Unpack[SharedParameters],
    ) -> None:
        self.bottom_widths = bottom_widths
        self.calibration = calibration
        super().__init__(**shared)

    @classmethod
    def _own_search_space(cls) -> Space:
        return {
            "bottom_widths": choice(*BOTTOMS),
            "calibration": number(0.0, 1.0),
        }

    def _make_routing(self, *, in_width: int, n_tasks: int, dropout: float) -> Routing:
        return AITMRouting(
            in_width=in_width,
            n_tasks=n_tasks,
            bottom_widths=self.bottom_widths,
            activation=self.activation,
            dropout=dropout,
        )

    def _make_coupling(self, task_set: TaskSet) -> Coupling | None:
        steps = [
            (before[1].start, after[1].start)
            for before, after in pairwise(zip(task_set, task_set.slices, strict=True))
            if isinstance(before[0], Binary) and isinstance(after[0], Binary)
        ]
        if not steps or self.calibration == 0:
            return None
        return BehaviouralCalibrator(steps, strength=self.calibration)


class AITMClassifier(ClassifierRole, AITMEstimator):
    pass
