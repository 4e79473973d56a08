"""Looking into a fitted model, and at what sharing gained."""

from sklearn_ple.inspection.gain_display import MTLGainDisplay
from sklearn_ple.inspection.gain_experiment import mtl_gain_report
from sklearn_ple.inspection.gain_report import MTLGainReport
from sklearn_ple.inspection.pareto_display import ParetoDisplay
from sklearn_ple.inspection.seesaw_display import SeesawDisplay
from sklearn_ple.inspection.single_task_twin import matched_single_task
from sklearn_ple.inspection.task_panel_display import TaskPanelDisplay
from sklearn_ple.inspection.training_curve_display import TrainingCurveDisplay
from sklearn_ple.inspection.utilization import UnusedExpertWarning, expert_utilization
from sklearn_ple.inspection.utilization_display import ExpertUtilizationDisplay

__all__ = [
    "ExpertUtilizationDisplay",
    "MTLGainDisplay",
    "MTLGainReport",
    "ParetoDisplay",
    "SeesawDisplay",
    "TaskPanelDisplay",
    "TrainingCurveDisplay",
    "UnusedExpertWarning",
    "expert_utilization",
    "matched_single_task",
    "mtl_gain_report",
]
