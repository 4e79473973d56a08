"""How good is each task? On its own sample space, in scikit-learn's terms."""

from sklearn_ple.metrics.gain import mean_gain_percent, mtl_gain
from sklearn_ple.metrics.masked import masked_score
from sklearn_ple.metrics.multitask import multitask_scorers
from sklearn_ple.metrics.scorers import TaskScorer, deviance_explained_scorer, task_scorer

__all__ = [
    "TaskScorer",
    "deviance_explained_scorer",
    "masked_score",
    "mean_gain_percent",
    "mtl_gain",
    "multitask_scorers",
    "task_scorer",
]
