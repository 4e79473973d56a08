"""`Material`: what a fit learns from, whether its rows are in memory or in files."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from sklearn_ple.base.fit.encoding import EncodingOptions
from sklearn_ple.features import Columns, FeatureTable
from sklearn_ple.tasks import TaskSet
from sklearn_ple.training import MultiTaskNet, RowData, dtype_of

if TYPE_CHECKING:
    from sklearn_ple.base.fit.fitting import Fitting

Floats = NDArray[np.float64]


class Material(ABC):
    """Checked rows, of which some may be held out.

    Attributes
    ----------
    columns : Columns
        Names and kinds of the features.
    is_1d : bool
        Whether y is one-dimensional.
    task_set : TaskSet
        Set by `settle`, as all that follow.
    n_rows : int
        Rows to train on.
    holds_out : bool
        Whether there are rows to stop by.
    """

    columns: Columns
    is_1d: bool
    task_set: TaskSet
    n_rows: int
    holds_out: bool

    def __init__(self, fitting: Fitting) -> None:
        self.fitting = fitting
        self.estimator = fitting.estimator
        self.params = fitting.params

    @abstractmethod
    def fingerprint(self) -> dict[str, str]:
        """What is learned from, in short, before anything is drawn."""

    @abstractmethod
    def settle(self) -> None:
        """Decide kinds of tasks and which rows are held out, and fit the tasks to the others."""

    @abstractmethod
    def features(self, options: EncodingOptions) -> FeatureTable:
        """What the training rows say of X."""

    @abstractmethod
    def label_share(self) -> Floats:
        """Weighted share of training rows with a label of each task, (n_tasks,)."""

    @abstractmethod
    def starting_outputs(self) -> Floats:
        """Raw outputs (n_raw,) of the constant predictors that are best under the class weights."""

    @abstractmethod
    def train(self, net: MultiTaskNet) -> RowData:
        """Rows to train on, encoded for a net."""

    @abstractmethod
    def valid(self, net: MultiTaskNet) -> RowData | None:
        """Rows to stop by, encoded for a net."""

    @abstractmethod
    def summary(self, earlier: pd.DataFrame | None) -> pd.DataFrame:
        """What the targets of all rows given were, added to an earlier summary."""


def float_of(net: MultiTaskNet) -> type[np.floating[Any]]:
    """NumPy's type of what a net reads."""
    return np.float64 if dtype_of(net.precision) is torch.float64 else np.float32
