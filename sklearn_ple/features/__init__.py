"""Columns of any table to what a network can read: scales, knots, vocabularies."""

from sklearn_ple.features.columns import Columns, read_columns
from sklearn_ple.features.feature_table import FeatureTable, NumericEncoding, Prepared
from sklearn_ple.features.levels import are_text
from sklearn_ple.features.vocabulary import Vocabulary

__all__ = [
    "Columns",
    "FeatureTable",
    "NumericEncoding",
    "Prepared",
    "Vocabulary",
    "are_text",
    "read_columns",
]
