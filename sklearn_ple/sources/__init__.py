"""Rows that stay in files: what fit learns of them in passes, and batches of them for training."""

from sklearn_ple.sources.feature_digest import FeatureDigest
from sklearn_ple.sources.held_out import HeldOutRows
from sklearn_ple.sources.label_digest import LabelDigest, as_targets
from sklearn_ple.sources.open_source import OpenSource
from sklearn_ple.sources.parquet_source import ParquetSource
from sklearn_ple.sources.row_group import RowGroup
from sklearn_ple.sources.streamed_rows import StreamedRows

__all__ = [
    "FeatureDigest",
    "HeldOutRows",
    "LabelDigest",
    "OpenSource",
    "ParquetSource",
    "RowGroup",
    "StreamedRows",
    "as_targets",
]
