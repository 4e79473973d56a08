"""`Task`: what is predicted, as one abstraction that owns link, loss and units."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Hashable
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sklearn_ple.tables import missing

Floats = NDArray[np.float64]
NO_DEVIANCE = 1e-12


class Task(ABC):
    """One kind of target: how labels become numbers, a loss, and labels again.

    A kind is a small dataclass whose fields are its options; what it learns from the training
    labels (classes, mean, scale) is kept in attributes that end in an underscore, on the copy
    that `fit` returns. Subclass it to teach every architecture a kind of your own.

    Attributes
    ----------
    kind : str
        The short name under which `tasks=` accepts this kind.
    is_classification : bool
        Whether predictions are labels out of `classes_`.
    name_ : str
        The target's name, set by `fit`.
    classes_ : ndarray or None
        The labels, sorted, for classifications.
    baseline_ : ndarray of shape (n_raw,)
        Raw outputs of the best constant predictor on the training labels.
    null_deviance_ : float
        Weighted mean deviance of that constant predictor; the unit in which losses are measured.
        Zero where it is perfect, but for rounding.
    """

    kind: ClassVar[str]
    is_classification: ClassVar[bool]

    name_: str
    declared_: NDArray | None = None
    classes_: NDArray | None = None
    baseline_: Floats
    null_deviance_: float

    @property
    @abstractmethod
    def n_raw(self) -> int:
        """Number of raw outputs, known once fitted."""

    @abstractmethod
    def fit_labels(self, labels: NDArray, weight: Floats) -> None:
        """Learn classes or scale from the present labels; set `baseline_`."""

    @abstractmethod
    def encode(self, column: NDArray) -> Floats:
        """Labels, shape (n,), to numbers, shape (n,); a missing label becomes NaN."""

    @abstractmethod
    def losses(self, raw: Tensor, target: Tensor) -> Tensor:
        """Loss of every label: raw (b, k, n_raw) and target (b, k) to (b, k).

        `k` stacks all tasks of one kind, so this must depend on options only, never on what
        `fit` learned. It is zero for a perfect prediction and positive elsewhere.
        """

    @abstractmethod
    def activate(self, raw: Tensor) -> Tensor:
        """Raw outputs (n, n_raw) to class probabilities (n, n_classes) or means (n,)."""

    @abstractmethod
    def decode(self, activated: Floats) -> NDArray:
        """What `activate` gave to predictions (n,) in the labels' own type or unit."""

    @abstractmethod
    def strata(self, encoded: Floats) -> NDArray[np.int64]:
        """Encoded labels (n,) to strata (n,) for splitting; -1 where the label is missing."""

    def deviance(self, raw: Tensor, target: Tensor) -> Tensor:
        """What `score` measures, shapes as in `losses`; the loss itself unless a kind says more."""
        return self.losses(raw, target)

    def fit(self, name: str, column: NDArray, weight: Floats, classes: Any = None) -> Self:
        """Return a fitted copy.

        Parameters
        ----------
        name : str
            The target's name, used in error messages.
        column : ndarray of shape (n,)
            Labels as the user gave them, missing ones as NaN or None.
        weight : ndarray of shape (n,)
            Sample weights of this task.
        classes : array-like or None
            Labels of a classification that are known beforehand and may be absent here.

        Raises
        ------
        ValueError
            If no label is present, or the labels do not fit the kind; the message names the task.
        """
        task = copy.deepcopy(self)
        task.name_ = name
        present = ~missing(column) & (weight > 0)
        if not present.any():
            raise ValueError(
                f"Task {name!r} has no label in the training data: all are missing or weigh "
                f"nothing. Leave the column out of y."
            )
        task.declared_ = None if classes is None else np.unique(np.asarray(classes))
        task.fit_labels(column[present], weight[present])
        target = torch.from_numpy(task.encode(column[present]))[:, None]
        raw = torch.from_numpy(task.baseline_).expand(len(target), 1, -1)
        each = task.deviance(raw, target)[:, 0].numpy()
        null = float(np.average(each, weights=weight[present]))
        task.null_deviance_ = null if null > NO_DEVIANCE else 0.0
        return task

    def loss_key(self) -> Hashable:
        """Tasks with equal keys share one call of `losses`."""
        options = tuple(sorted((k, v) for k, v in vars(self).items() if not k.endswith("_")))
        key = type(self), options, self.n_raw
        try:
            hash(key)
        except TypeError:  # an option that is a list, say: the task keeps to itself
            return type(self), id(self)
        return key
