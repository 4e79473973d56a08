"""Binary classification: one logit, cross-entropy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sklearn_ple.tasks.classification import Classification
from sklearn_ple.tasks.task import Floats


@dataclass
class Binary(Classification):
    """A target with two classes.

    Examples
    --------
    >>> import numpy as np
    >>> task = Binary().fit("click", np.array(["no", "yes", "no", None]), np.ones(4))
    >>> task.encode(np.array(["yes", None, "no"], dtype=object))
    array([ 1., nan,  0.])
    """

    kind: ClassVar[str] = "binary"

    @property
    def n_raw(self) -> int:
        return 1

    def fit_labels(self, labels: NDArray, weight: Floats) -> None:
        super().fit_labels(labels, weight)
        if len(self.classes_) > 2:
            raise ValueError(
                f"Task {self.name_!r} is declared binary but has {len(self.classes_)} classes: "
                f"{self.classes_.tolist()}."
            )

    def log_odds(self, shares: Floats) -> Floats:
        return np.log(shares[1:] / shares[:1])

    def losses(self, raw: Tensor, target: Tensor) -> Tensor:
        return torch.nn.functional.binary_cross_entropy_with_logits(
            raw[..., 0], target, reduction="none"
        )

    def activate(self, raw: Tensor) -> Tensor:
        return torch.sigmoid(torch.cat([-raw, raw], dim=1))
