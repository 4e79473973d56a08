"""Exponential weighting: equation 10 of the PLE paper."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, Literal

import torch
from torch import Tensor

from sklearn_ple.weighting.loss_weighting import LossWeighting
from sklearn_ple.weighting.order import check_order


class ExponentialWeighting(LossWeighting):
    """Weights that grow or fade geometrically over training.

    Tang, Liu, Zhao, Gong, "Progressive Layered Extraction", RecSys 2020, equation 10
    (doi 10.1145/3383313.3412236):

        w_k(t) = w_k(0) * ratio_k ** t

    where w_k(0) comes from `task_weights`. The paper speaks both of steps and of epochs; here t
    counts completed epochs, so that the first epoch uses w_k(0), unless `every` says "step".
    `warm_start` and `partial_fit` carry t on; a fresh fit starts at zero.

    Parameters
    ----------
    ratios : float, sequence of float or dict
        The ratio of every task: one for all, one per task in order, or by target name (others: 1).
    every : {"epoch", "step"}, default="epoch"
        What t counts.

    Raises
    ------
    ValueError
        If `every` is another word; at fit, if the number, the names or the order of ratios do not
        match the tasks, or one is not positive.

    Examples
    --------
    >>> import torch
    >>> weighting = ExponentialWeighting(ratios=[1.0, 0.5])
    >>> weighting.setup(["click", "watch"])
    >>> weighting.on_epoch_begin(2)
    >>> weighting.current_weights()
    tensor([1.0000, 0.2500])
    """

    weights: Tensor

    def __init__(
        self,
        ratios: float | Sequence[float] | Mapping[str, float],
        *,
        every: Literal["epoch", "step"] = "epoch",
    ) -> None:
        super().__init__()
        if every not in ("epoch", "step"):
            raise ValueError(f"every={every!r} is neither 'epoch' nor 'step'.")
        self.ratios = ratios
        self.every = every
        self.steps = 0
        self.register_buffer("weights", torch.ones(0))

    def setup(self, names: Sequence[str]) -> None:
        self._log_ratios = torch.tensor(self._by_task(names), dtype=torch.float64).log()
        self.weights = torch.ones(len(names))

    def _by_task(self, names: Sequence[str]) -> list[float]:
        given: Any = self.ratios
        if isinstance(self.ratios, Mapping):
            if unknown := set(self.ratios) - set(names):
                raise ValueError(f"ratios names {sorted(unknown)}, but the tasks are {names}.")
            ratios = [float(self.ratios.get(name, 1.0)) for name in names]
        elif isinstance(given, Real):
            ratios = [float(given)] * len(names)
        else:
            check_order("ratios", given, names)
            ratios = [float(ratio) for ratio in given]
        if len(ratios) != len(names):
            raise ValueError(f"ratios has {len(ratios)} entries for {len(names)} tasks {names}.")
        if not all(0 < ratio < math.inf for ratio in ratios):
            raise ValueError(f"ratios must be positive and finite, got {ratios}.")
        return ratios

    def on_epoch_begin(self, epoch: int) -> None:
        if self.every == "epoch":
            self._set(epoch)

    def _set(self, t: int) -> None:
        self.weights = torch.exp(self._log_ratios * t).to(self.weights)

    def forward(self, losses: Tensor) -> Tensor:
        total = (self.weights.to(losses) * losses).sum()
        if self.every == "step" and self.training:
            self.steps += 1
            self._set(self.steps)
        return total

    def current_weights(self) -> Tensor:
        return self.weights

    def get_extra_state(self) -> dict[str, Any]:
        """For `state_dict`: the number of steps."""
        return {"steps": self.steps}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """Set the number of steps again, from `get_extra_state`."""
        self.steps = state["steps"]

    def extra_repr(self) -> str:
        return f"ratios={self.ratios}, every={self.every!r}"
