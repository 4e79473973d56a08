"""How tasks share, in pure torch: one paper, one file."""

from sklearn_ple.routings.adatt import AdaTTRouting
from sklearn_ple.routings.aitm import AITMRouting, BehaviouralCalibrator
from sklearn_ple.routings.asymmetric_sharing import AsymmetricSharingRouting
from sklearn_ple.routings.cgc import CGCRouting
from sklearn_ple.routings.cross_stitch import CrossStitchRouting
from sklearn_ple.routings.customized_sharing import CustomizedSharingRouting
from sklearn_ple.routings.esmm import ESMMCoupling, ESMMRouting
from sklearn_ple.routings.gumbel_routing import GumbelRouting
from sklearn_ple.routings.mlmmoe import MLMMOERouting
from sklearn_ple.routings.mmoe import MMOERouting
from sklearn_ple.routings.mtan import MTANRouting
from sklearn_ple.routings.omoe import OMOERouting
from sklearn_ple.routings.ple import PLERouting
from sklearn_ple.routings.shared_bottom import SharedBottomRouting
from sklearn_ple.routings.single_task import SingleTaskRouting
from sklearn_ple.routings.sluice import SluiceRouting
from sklearn_ple.routings.snr import SNRRouting

__all__ = [
    "AITMRouting",
    "AdaTTRouting",
    "AsymmetricSharingRouting",
    "BehaviouralCalibrator",
    "CGCRouting",
    "CrossStitchRouting",
    "CustomizedSharingRouting",
    "ESMMCoupling",
    "ESMMRouting",
    "GumbelRouting",
    "MLMMOERouting",
    "MMOERouting",
    "MTANRouting",
    "OMOERouting",
    "PLERouting",
    "SNRRouting",
    "SharedBottomRouting",
    "SingleTaskRouting",
    "SluiceRouting",
]
