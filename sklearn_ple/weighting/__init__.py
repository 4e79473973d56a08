"""How K losses become one step: one method, one file."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sklearn_ple.weighting.aggregated import AGGREGATORS, AggregatedWeighting
from sklearn_ple.weighting.dwa import DWAWeighting
from sklearn_ple.weighting.exponential import ExponentialWeighting
from sklearn_ple.weighting.famo import FAMOWeighting
from sklearn_ple.weighting.geometric_mean import GeometricMeanWeighting
from sklearn_ple.weighting.gradients import GradientWeighting
from sklearn_ple.weighting.log_sum import LogSumWeighting
from sklearn_ple.weighting.loss_weighting import LossWeighting
from sklearn_ple.weighting.pcgrad import PCGradWeighting
from sklearn_ple.weighting.rlw import RLWWeighting
from sklearn_ple.weighting.static import StaticWeighting
from sklearn_ple.weighting.stch import STCHWeighting
from sklearn_ple.weighting.stepwise import StepwiseWeighting
from sklearn_ple.weighting.task_weights import TaskWeights, resolve_task_weights
from sklearn_ple.weighting.uncertainty import UncertaintyWeighting

WEIGHTINGS: dict[str, Callable[[], LossWeighting]] = {
    "static": StaticWeighting,
    "uncertainty": UncertaintyWeighting,
    "dwa": DWAWeighting,
    "rlw": RLWWeighting,
    "geometric_mean": GeometricMeanWeighting,
    "log_sum": LogSumWeighting,
    "stch": STCHWeighting,
    "famo": FAMOWeighting,
    "pcgrad": PCGradWeighting,
    **{name: partial(AggregatedWeighting, name) for name in AGGREGATORS},
}

__all__ = [
    "AGGREGATORS",
    "WEIGHTINGS",
    "AggregatedWeighting",
    "DWAWeighting",
    "ExponentialWeighting",
    "FAMOWeighting",
    "GeometricMeanWeighting",
    "GradientWeighting",
    "LogSumWeighting",
    "LossWeighting",
    "PCGradWeighting",
    "RLWWeighting",
    "STCHWeighting",
    "StaticWeighting",
    "StepwiseWeighting",
    "TaskWeights",
    "UncertaintyWeighting",
    "resolve_task_weights",
]
