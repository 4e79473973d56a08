"""Data sets with several labels per row: a census, and synthetic tasks of a chosen kinship."""

from sklearn_ple.datasets.census_income import fetch_census_income, load_census_income
from sklearn_ple.datasets.related_oracle import RelatedTasks, label_correlation
from sklearn_ple.datasets.related_tasks import make_related_tasks

__all__ = [
    "RelatedTasks",
    "fetch_census_income",
    "label_correlation",
    "load_census_income",
    "make_related_tasks",
]
