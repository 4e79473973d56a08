"""Looking into a fitted model."""

from sklearn_ple.inspection.utilization import expert_utilization
from sklearn_ple.inspection.utilization_display import ExpertUtilizationDisplay

__all__ = ["ExpertUtilizationDisplay", "expert_utilization"]
