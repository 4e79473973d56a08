"""How K losses become one step: one method, one file."""

from sklearn_ple.weighting.exponential import ExponentialWeighting
from sklearn_ple.weighting.loss_weighting import LossWeighting
from sklearn_ple.weighting.static import StaticWeighting
from sklearn_ple.weighting.task_weights import TaskWeights, resolve_task_weights

__all__ = [
    "ExponentialWeighting",
    "LossWeighting",
    "StaticWeighting",
    "TaskWeights",
    "resolve_task_weights",
]
