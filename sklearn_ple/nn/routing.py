"""`Routing`: how tasks share, as a contract."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from torch import Tensor

from sklearn_ple.nn.gate import GateReading
from sklearn_ple.nn.recorded import Recorded


class Routing(Recorded, ABC):
    """From one representation of a row to one for each task.

    It says what of a row's encoding is shared, too: `own_encodings` gives every task one of its
    own to read.

    A sharing scheme is a subclass: `__init__` takes `in_width`, `n_tasks` and the scheme's own
    sizes by keyword and sets `out_width`.

    Attributes
    ----------
    out_width : int
        Width of each task's representation.
    own_encodings : bool
        Whether `forward` takes (batch, task, in_width), one encoding per task with no parameter in
        common, instead of (batch, in_width); with a single task both are the latter.
    """

    out_width: int
    own_encodings: ClassVar[bool] = False

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """(batch, in_width) to (batch, task, out_width)."""

    def penalty(self) -> Tensor | None:
        """What the scheme adds to the loss for its own parameters, a scalar; None for nothing."""
        return None

    def gate_readings(self, x: Tensor) -> list[GateReading]:
        """Every gate's weights for rows (batch, in_width); empty where there are no gates."""
        return []
