"""`Coupling`: whether raw outputs depend on each other."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn


class Coupling(nn.Module, ABC):
    """From the towers' raw outputs to those that losses and predictions read."""

    @abstractmethod
    def forward(self, raw: Tensor) -> Tensor:
        """(batch, n_raw) to (batch, n_raw)."""


class Uncoupled(Coupling):
    """Every task keeps its tower's output."""

    def forward(self, raw: Tensor) -> Tensor:
        return raw
