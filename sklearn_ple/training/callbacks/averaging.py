"""`WeightAveraging`: an exponential moving average of the weights, which is what gets scored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from skorch import NeuralNet
from skorch.callbacks import Callback
from torch import Tensor


class WeightAveraging(Callback):
    """Keep theta_avg = d theta_avg + (1 - d) theta, with d growing from zero to `decay`.

    At step t the decay is min(decay, (1 + t) / (10 + t)), so that the start is soon forgotten.

    Parameters
    ----------
    decay : float
        Share of the average kept at each step, in [0, 1).
    """

    def __init__(self, decay: float) -> None:
        self.decay = decay

    def on_train_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        self._parameters = list(net.module_.parameters())
        self._average = [p.detach().clone() for p in self._parameters]
        self._steps = 0

    @torch.no_grad()
    def on_batch_end(self, net: NeuralNet, training: bool = False, **kwargs: Any) -> None:
        if not training:
            return
        decay = min(self.decay, (1 + self._steps) / (10 + self._steps))
        self._steps += 1
        parameters = [p.detach() for p in self._parameters]
        torch._foreach_lerp_(self._average, parameters, 1 - decay)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """The module with averaged weights, for as long as the context lasts."""
        self.swap()
        try:
            yield
        finally:
            self.swap()

    @torch.no_grad()
    def swap(self) -> None:
        """Exchange the module's weights and their average."""
        for parameter, average in zip(self._parameters, self._average, strict=True):
            held: Tensor = parameter.detach().clone()
            parameter.copy_(average)
            average.copy_(held)

    def state_dict(self) -> dict[str, Any]:
        """The average and the number of its steps, while training lasts."""
        return {"average": self._average, "steps": self._steps}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a state, once training has begun."""
        for average, kept in zip(self._average, state["average"], strict=True):
            average.copy_(kept)
        self._steps = state["steps"]

    def on_train_end(self, net: NeuralNet, **kwargs: Any) -> None:
        if self._steps:
            self.swap()
        del self._parameters, self._average
