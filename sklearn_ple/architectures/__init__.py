"""How tasks share: one paper, one file."""

from sklearn_ple.architectures.adatt import AdaTTEstimator, AdaTTRouting
from sklearn_ple.architectures.aitm import AITMClassifier, AITMEstimator, AITMRouting
from sklearn_ple.architectures.asymmetric_sharing import (
    AsymmetricSharingEstimator,
    AsymmetricSharingRouting,
)
from sklearn_ple.architectures.cgc import (
    CGCClassifier,
    CGCClassifierRegressor,
    CGCEstimator,
    CGCRegressor,
    CGCRouting,
)
from sklearn_ple.architectures.cross_stitch import CrossStitchEstimator, CrossStitchRouting
from sklearn_ple.architectures.customized_sharing import (
    CustomizedSharingEstimator,
    CustomizedSharingRouting,
)
from sklearn_ple.architectures.esmm import ESMMClassifier, ESMMEstimator, ESMMRouting
from sklearn_ple.architectures.gumbel_routing import GumbelRouting, GumbelRoutingEstimator
from sklearn_ple.architectures.mlmmoe import MLMMOEEstimator, MLMMOERouting
from sklearn_ple.architectures.mmoe import (
    MMOEClassifier,
    MMOEClassifierRegressor,
    MMOEEstimator,
    MMOERegressor,
    MMOERouting,
)
from sklearn_ple.architectures.mtan import MTANEstimator, MTANRouting
from sklearn_ple.architectures.omoe import OMOEEstimator, OMOERouting
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
from sklearn_ple.architectures.sluice import SluiceEstimator, SluiceRouting
from sklearn_ple.architectures.snr import SNREstimator, SNRRouting

__all__ = [
    "AITMClassifier",
    "AITMEstimator",
    "AITMRouting",
    "AdaTTEstimator",
    "AdaTTRouting",
    "AsymmetricSharingEstimator",
    "AsymmetricSharingRouting",
    "CGCClassifier",
    "CGCClassifierRegressor",
    "CGCEstimator",
    "CGCRegressor",
    "CGCRouting",
    "CrossStitchEstimator",
    "CrossStitchRouting",
    "CustomizedSharingEstimator",
    "CustomizedSharingRouting",
    "ESMMClassifier",
    "ESMMEstimator",
    "ESMMRouting",
    "GumbelRouting",
    "GumbelRoutingEstimator",
    "MLMMOEEstimator",
    "MLMMOERouting",
    "MMOEClassifier",
    "MMOEClassifierRegressor",
    "MMOEEstimator",
    "MMOERegressor",
    "MMOERouting",
    "MTANEstimator",
    "MTANRouting",
    "OMOEEstimator",
    "OMOERouting",
    "PLEClassifier",
    "PLEClassifierRegressor",
    "PLEEstimator",
    "PLERegressor",
    "PLERouting",
    "SNREstimator",
    "SNRRouting",
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
    "SluiceEstimator",
    "SluiceRouting",
]
