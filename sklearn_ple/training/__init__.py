"""The engine: data as tensors, the loss over sample spaces, and the loop, on skorch."""

from sklearn_ple.training.callbacks import (
    BestWeights,
    Checkpoint,
    DivergenceError,
    DivergenceGuard,
    EpochHook,
    EpochReport,
    LearningRateSchedule,
    ProgressLine,
    Schedule,
    WeightAveraging,
    size_on_disk,
)
from sklearn_ple.training.checkpoint_files import CheckpointFolder
from sklearn_ple.training.criterion import MultiTaskLoss, masked_mean
from sklearn_ple.training.device import Precision, available_devices, dtype_of, resolve_device
from sklearn_ple.training.net import MultiTaskNet
from sklearn_ple.training.random_streams import RandomStreams
from sklearn_ple.training.row_data import Batch, Batches, RowData
from sklearn_ple.training.tensor_data import TensorBatches, TensorData

__all__ = [
    "Batch",
    "Batches",
    "BestWeights",
    "Checkpoint",
    "CheckpointFolder",
    "DivergenceError",
    "DivergenceGuard",
    "EpochHook",
    "EpochReport",
    "LearningRateSchedule",
    "MultiTaskLoss",
    "MultiTaskNet",
    "Precision",
    "ProgressLine",
    "RandomStreams",
    "RowData",
    "Schedule",
    "TensorBatches",
    "TensorData",
    "WeightAveraging",
    "available_devices",
    "dtype_of",
    "masked_mean",
    "resolve_device",
    "size_on_disk",
]
