"""What binary and multiclass targets share: the labels and their coding."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sklearn_ple.tables import missing
from sklearn_ple.tasks.task import Floats, Task


class Classification(Task):
    """A target whose labels come out of a finite set, `classes_`."""

    is_classification: ClassVar[bool] = True
    classes_: NDArray

    @abstractmethod
    def log_odds(self, shares: Floats) -> Floats:
        """Class shares (n_classes,) to the raw outputs that predict them."""

    def fit_labels(self, labels: NDArray, weight: Floats) -> None:
        if labels.dtype.kind == "f":
            if np.isinf(labels).any():
                raise ValueError(f"Task {self.name_!r}: y contains infinity.")
            if (labels != np.round(labels)).any():
                example = labels[labels % 1 != 0][0]
                raise ValueError(
                    f"Task {self.name_!r}: continuous labels (such as {example}) can't be classes. "
                    f"Unknown label type: continuous. Declare it a regression, or cut it into "
                    f"classes first."
                )
        try:
            self.classes_ = np.unique(labels) if self.declared_ is None else self.declared_
        except TypeError:
            raise ValueError(
                f"Task {self.name_!r}: labels mix types that can't be sorted, such as text and "
                f"numbers."
            ) from None
        if len(self.classes_) < 2:
            only = self.classes_.tolist()[0]
            raise ValueError(
                f"Task {self.name_!r} has one class only ({only!r}) among its training labels; a "
                f"classification needs two."
            )
        codes = self.encode(labels).astype(int)
        totals: NDArray = np.bincount(codes, weights=weight, minlength=len(self.classes_))
        if self.declared_ is not None:
            totals = totals + 1.0  # a declared class may be absent from the first rows
        self.baseline_ = self.log_odds(totals / totals.sum())

    def encode(self, column: NDArray) -> Floats:
        absent = missing(column)
        codes = np.full(len(column), np.nan)
        present = column[~absent]
        try:
            index = np.searchsorted(self.classes_, present).clip(max=len(self.classes_) - 1)
            known = self.classes_[index] == present
        except TypeError:
            classes = set(self.classes_.tolist())
            known = np.array([label in classes for label in present.tolist()])
        if not np.all(known):
            strange = present[~np.asarray(known, dtype=bool)].tolist()[0]
            raise ValueError(
                f"Task {self.name_!r}: label {strange!r} is not one of the classes seen at fit "
                f"({self.classes_.tolist()})."
            )
        codes[~absent] = index
        return codes

    def strata(self, encoded: Floats) -> NDArray[np.int64]:
        return np.where(np.isnan(encoded), -1, encoded).astype(np.int64)

    def decode(self, activated: Floats) -> NDArray:
        return self.classes_[activated.argmax(axis=1)]
