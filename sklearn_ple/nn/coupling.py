"""`Coupling`: whether raw outputs depend on each other."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor

from sklearn_ple.nn.recorded import Recorded


class Coupling(Recorded, ABC):
    """From the towers' raw outputs to those that losses and predictions read."""

    @abstractmethod
    def forward(self, raw: Tensor) -> Tensor:
        """(batch, n_raw) to (batch, n_raw)."""

    def start(self, outputs: Tensor) -> Tensor:
        """What towers have to put out, (n_raw,), for coupled outputs (n_raw,) that are constant.

        Training starts there: an inverse of `forward`, as near as it can be met. The same for a
        coupling that leaves constant outputs alone.
        """
        return outputs

    def penalty(self, raw: Tensor) -> Tensor | None:
        """What coupled outputs (batch, n_raw) add to the loss, a scalar; None for nothing.

        It is a mean over rows, as the rows of a batch may lie in several processes.
        """
        return None


class Uncoupled(Coupling):
    """Every task keeps its tower's output."""

    def forward(self, raw: Tensor) -> Tensor:
        return raw
