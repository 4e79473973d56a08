"""How good is each task? On its own sample space, in scikit-learn's terms."""

from sklearn_ple.metrics.calibration import calibration_ratio, expected_calibration_error
from sklearn_ple.metrics.combiner import ScoreCombiner
from sklearn_ple.metrics.gain import mean_gain_percent, mtl_gain
from sklearn_ple.metrics.gain_verdicts import gain_verdicts
from sklearn_ple.metrics.gauc import GAUCReport, gauc, gauc_report
from sklearn_ple.metrics.masked import masked_score
from sklearn_ple.metrics.multitask import multitask_scorers
from sklearn_ple.metrics.row_bootstrap import GainOverRows, bootstrap_gain
from sklearn_ple.metrics.scorers import deviance_explained_scorer, task_scorer
from sklearn_ple.metrics.task_scorers import TaskScorer

__all__ = [
    "GAUCReport",
    "GainOverRows",
    "ScoreCombiner",
    "TaskScorer",
    "bootstrap_gain",
    "calibration_ratio",
    "deviance_explained_scorer",
    "expected_calibration_error",
    "gain_verdicts",
    "gauc",
    "gauc_report",
    "masked_score",
    "mean_gain_percent",
    "mtl_gain",
    "multitask_scorers",
    "task_scorer",
]
