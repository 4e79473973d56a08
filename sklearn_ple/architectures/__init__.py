"""How tasks share: one paper, one file."""

from sklearn_ple.architectures.cgc import (
    CGCClassifier,
    CGCClassifierRegressor,
    CGCEstimator,
    CGCRegressor,
    CGCRouting,
)
from sklearn_ple.architectures.mmoe import (
    MMOEClassifier,
    MMOEClassifierRegressor,
    MMOEEstimator,
    MMOERegressor,
    MMOERouting,
)
from sklearn_ple.architectures.ple import (
    PLEClassifier,
    PLEClassifierRegressor,
    PLEEstimator,
    PLERegressor,
    PLERouting,
)
from sklearn_ple.architectures.shared_bottom import (
    SharedBottomClassifier,
    SharedBottomClassifierRegressor,
    SharedBottomEstimator,
    SharedBottomRegressor,
    SharedBottomRouting,
)
from sklearn_ple.architectures.single_task import (
    SingleTaskClassifier,
    SingleTaskClassifierRegressor,
    SingleTaskEstimator,
    SingleTaskRegressor,
    SingleTaskRouting,
)

__all__ = [
    "CGCClassifier",
    "CGCClassifierRegressor",
    "CGCEstimator",
    "CGCRegressor",
    "CGCRouting",
    "MMOEClassifier",
    "MMOEClassifierRegressor",
    "MMOEEstimator",
    "MMOERegressor",
    "MMOERouting",
    "PLEClassifier",
    "PLEClassifierRegressor",
    "PLEEstimator",
    "PLERegressor",
    "PLERouting",
    "SharedBottomClassifier",
    "SharedBottomClassifierRegressor",
    "SharedBottomEstimator",
    "SharedBottomRegressor",
    "SharedBottomRouting",
    "SingleTaskClassifier",
    "SingleTaskClassifierRegressor",
    "SingleTaskEstimator",
    "SingleTaskRegressor",
    "SingleTaskRouting",
]
