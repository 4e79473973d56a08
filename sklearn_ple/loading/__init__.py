"""Saved models back as the estimators that they were."""

from sklearn_ple.loading.estimators import load

__all__ = ["load"]
