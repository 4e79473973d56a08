"""Multiclass classification: one logit per class, softmax cross-entropy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from sklearn_ple.tasks.classification import Classification
from sklearn_ple.tasks.task import Floats


@dataclass
class Multiclass(Classification):
    """A target with several classes, of which exactly one holds.

    Examples
    --------
    >>> import numpy as np
    >>> task = Multiclass().fit("colour", np.array(["red", "blue", "green"]), np.ones(3))
    >>> task.n_raw
    3
    """

    kind: ClassVar[str] = "multiclass"

    @property
    def n_raw(self) -> int:
        return len(self.classes_)

    def log_odds(self, shares: Floats) -> Floats:
        return np.log(shares)

    def losses(self, raw: Tensor, target: Tensor) -> Tensor:
        log_probability = torch.log_softmax(raw, dim=-1)
        return -log_probability.gather(-1, target.long().unsqueeze(-1)).squeeze(-1)

    def activate(self, raw: Tensor) -> Tensor:
        return torch.softmax(raw, dim=1)
