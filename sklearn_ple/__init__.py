"""Multi-task learning on tables behind `fit` and `predict`: PLE, MMOE, CGC and their kin."""

from sklearn_ple.architectures import *  # noqa: F403
from sklearn_ple.datasets import make_related_tasks
