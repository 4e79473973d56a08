"""The pure torch vocabulary: experts, gates, towers, encoder, and the contracts of sharing."""

from sklearn_ple.nn.activation import ACTIVATIONS
from sklearn_ple.nn.coupling import Coupling, Uncoupled
from sklearn_ple.nn.dropout import Dropout
from sklearn_ple.nn.experts import ExpertBank, layer_widths
from sklearn_ple.nn.extraction import ExtractionLevel, per_task
from sklearn_ple.nn.feature_encoder import FeatureEncoder
from sklearn_ple.nn.gate import Gate, GateReading
from sklearn_ple.nn.layer import Layer, initialise
from sklearn_ple.nn.mixing import mix
from sklearn_ple.nn.module import MultiTaskModule
from sklearn_ple.nn.noise import Noisy, lend_generator
from sklearn_ple.nn.recorded import Recorded
from sklearn_ple.nn.routing import Routing
from sklearn_ple.nn.tower import TowerBank

__all__ = [
    "ACTIVATIONS",
    "Coupling",
    "Dropout",
    "ExpertBank",
    "ExtractionLevel",
    "FeatureEncoder",
    "Gate",
    "GateReading",
    "Layer",
    "MultiTaskModule",
    "Noisy",
    "Recorded",
    "Routing",
    "TowerBank",
    "Uncoupled",
    "initialise",
    "layer_widths",
    "lend_generator",
    "mix",
    "per_task",
]
