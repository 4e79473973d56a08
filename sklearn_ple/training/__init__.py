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
from sklearn_ple.training.launched import own_device, process_group, shared_random_state
from sklearn_ple.training.net import MultiTaskNet
from sklearn_ple.training.process_group import ProcessGroup, ProcessGroupError
from sklearn_ple.training.random_streams import RandomStreams
from sklearn_ple.training.row_data import Batch, Batches, RowData, Share
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
    "ProcessGroup",
    "ProcessGroupError",
    "ProgressLine",
    "RandomStreams",
    "RowData",
    "Schedule",
    "Share",
    "TensorBatches",
    "TensorData",
    "WeightAveraging",
    "available_devices",
    "dtype_of",
    "masked_mean",
    "own_device",
    "process_group",
    "resolve_device",
    "shared_random_state",
    "size_on_disk",
]
