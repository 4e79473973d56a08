"""The scikit-learn contract: one base estimator, its shared parameters, and the roles."""

from sklearn_ple.base.estimator import MultiTaskEstimator
from sklearn_ple.base.gated import GatedEstimator, GatedParameters
from sklearn_ple.base.parameters import SharedParameters
from sklearn_ple.base.roles import ClassifierRegressorRole, ClassifierRole, RegressorRole

__all__ = [
    "ClassifierRegressorRole",
    "ClassifierRole",
    "GatedEstimator",
    "GatedParameters",
    "MultiTaskEstimator",
    "RegressorRole",
    "SharedParameters",
]
