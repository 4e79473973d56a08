"""Saved models as files: what is in them, whether it is whole, and values as data alone."""

from sklearn_ple.archive.errors import SavedModelError

__all__ = ["SavedModelError"]
