"""What binary and multiclass targets share: the labels and their coding."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sklearn_ple.tables import missing
from sklearn_ple.tasks.task import Floats, Task
from sklearn_ple.tasks.user_warning import warn_user

# What scikit-learn's log loss charges for a label that was given no probability at all.
UNSEEN_DEVIANCE = float(-np.log(np.finfo(np.float64).eps))


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
                f"classification needs two. If it is a quantity: tasks={{{self.name_!r}: "
                f"'regression'}}."
            )
        codes = self.encode(labels).astype(int)
        totals: NDArray = np.bincount(codes, weights=weight, minlength=len(self.classes_))
        if self.declared_ is not None:
            totals = totals + 1.0  # a row of each, as a class may be absent from the first rows
        self.baseline_ = self.log_odds(totals / totals.sum())

    def encode(self, column: NDArray) -> Floats:
        codes = np.full(len(column), np.nan)
        unseen = unseen_labels(column, self.classes_)
        if unseen.any():
            raise ValueError(
                f"Task {self.name_!r}: label {column[unseen].tolist()[0]!r} is not one of the "
                f"classes seen at fit ({self.classes_.tolist()})."
            )
        present = ~missing(column)
        codes[present] = np.searchsorted(self.classes_, column[present])
        return codes

    def strata(self, encoded: Floats) -> NDArray[np.int64]:
        return np.where(np.isnan(encoded), -1, encoded).astype(np.int64)

    def decode(self, activated: Floats) -> NDArray:
        return self.classes_[activated.argmax(axis=1)]


def unseen_labels(column: NDArray, classes: NDArray) -> NDArray[np.bool_]:
    """Where a column (n,) has a label that is none of the sorted `classes`."""
    unseen = ~missing(column)
    present = column[unseen]
    try:
        index = np.searchsorted(classes, present).clip(max=len(classes) - 1)
        known = classes[index] == present
    except TypeError:  # text beside numbers, which have no order
        among = set(classes.tolist())
        known = np.array([label in among for label in present.tolist()], dtype=bool)
    unseen[unseen] = ~np.asarray(known, dtype=bool)
    return unseen


def warn_of_unseen(name: str, labels: NDArray) -> None:
    """Say that a task is scored on labels of classes that its training part lacked."""
    from sklearn.exceptions import UndefinedMetricWarning  # no import where one only predicts

    classes = ", ".join(sorted({repr(label) for label in labels.tolist()}))
    warn_user(
        f"Task {name!r} is scored on {len(labels)} label(s) of classes that fit did not see "
        f"({classes}), which no model can predict. Merge rare classes, or split so that every "
        f"training part has each.",
        UndefinedMetricWarning,
    )
