"""Saved models as files: what is in them, whether it is whole, and values as data alone."""

from sklearn_ple.archive.archive import Archive, write_archive
from sklearn_ple.archive.errors import SavedModelError, refusing
from sklearn_ple.archive.families import (
    Family,
    by_name,
    family_of_recorded,
    family_of_records,
)

__all__ = [
    "Archive",
    "Family",
    "SavedModelError",
    "by_name",
    "family_of_recorded",
    "family_of_records",
    "refusing",
    "write_archive",
]
