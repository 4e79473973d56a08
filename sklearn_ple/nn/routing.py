"""`Routing`: how tasks share, as a contract."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn

from sklearn_ple.nn.gate import GateReading


class Routing(nn.Module, ABC):
    """From one representation of a row to one for each task.

    A sharing scheme is a subclass: `__init__` takes `in_width`, `n_tasks` and the scheme's own
    sizes by keyword and sets `out_width`.

    Attributes
    ----------
    out_width : int
        Width of each task's representation.
    """

    out_width: int

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """(batch, in_width) to (batch, task, out_width)."""

    def gate_readings(self, x: Tensor) -> list[GateReading]:
        """Every gate's weights for rows (batch, in_width); empty where there are no gates."""
        return []
