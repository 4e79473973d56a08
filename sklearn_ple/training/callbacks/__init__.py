"""What happens around steps and epochs: skorch callbacks, one idea per file."""

from sklearn_ple.training.callbacks.averaging import WeightAveraging
from sklearn_ple.training.callbacks.best_weights import BestWeights
from sklearn_ple.training.callbacks.checkpoint import Checkpoint, size_on_disk
from sklearn_ple.training.callbacks.divergence import DivergenceError, DivergenceGuard
from sklearn_ple.training.callbacks.epoch_report import EpochReport
from sklearn_ple.training.callbacks.progress import EpochHook, ProgressLine
from sklearn_ple.training.callbacks.schedule import LearningRateSchedule, Schedule

__all__ = [
    "BestWeights",
    "Checkpoint",
    "DivergenceError",
    "DivergenceGuard",
    "EpochHook",
    "EpochReport",
    "LearningRateSchedule",
    "ProgressLine",
    "Schedule",
    "WeightAveraging",
    "size_on_disk",
]
