"""How tasks share, as estimators: one paper, one file."""

from sklearn_ple.architectures.adatt import AdaTTEstimator
from sklearn_ple.architectures.aitm import AITMClassifier, AITMEstimator
from sklearn_ple.architectures.asymmetric_sharing import AsymmetricSharingEstimator
from sklearn_ple.architectures.cgc import (
    CGCClassifier,
    CGCClassifierRegressor,
    CGCEstimator,
    CGCRegressor,
)
from sklearn_ple.architectures.cross_stitch import CrossStitchEstimator
from sklearn_ple.architectures.customized_sharing import CustomizedSharingEstimator
from sklearn_ple.architectures.esmm import ESMMClassifier, ESMMEstimator
from sklearn_ple.architectures.gumbel_routing import GumbelRoutingEstimator
from sklearn_ple.architectures.mlmmoe import MLMMOEEstimator
from sklearn_ple.architectures.mmoe import (
    MMOEClassifier,
    MMOEClassifierRegressor,
    MMOEEstimator,
    MMOERegressor,
)
from sklearn_ple.architectures.mtan import MTANEstimator
from sklearn_ple.architectures.omoe import OMOEEstimator
from sklearn_ple.architectures.ple import (
    PLEClassifier,
    PLEClassifierRegressor,
    PLEEstimator,
    PLERegressor,
)
from sklearn_ple.architectures.shared_bottom import (
    SharedBottomClassifier,
    SharedBottomClassifierRegressor,
    SharedBottomEstimator,
    SharedBottomRegressor,
)
from sklearn_ple.architectures.single_task import (
    SingleTaskClassifier,
    SingleTaskClassifierRegressor,
    SingleTaskEstimator,
    SingleTaskRegressor,
)
from sklearn_ple.architectures.sluice import SluiceEstimator
from sklearn_ple.architectures.snr import SNREstimator
from sklearn_ple.routings import (
    AdaTTRouting,
    AITMRouting,
    AsymmetricSharingRouting,
    CGCRouting,
    CrossStitchRouting,
    CustomizedSharingRouting,
    ESMMRouting,
    GumbelRouting,
    MLMMOERouting,
    MMOERouting,
    MTANRouting,
    OMOERouting,
    PLERouting,
    SharedBottomRouting,
    SingleTaskRouting,
    SluiceRouting,
    SNRRouting,
)

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
