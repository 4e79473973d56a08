"""`GatedEstimator`: what estimators whose experts are mixed by gates take besides their sizes."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any, ClassVar, Unpack

from sklearn.utils._param_validation import Interval

from sklearn_ple.base.estimator import MultiTaskEstimator
from sklearn_ple.base.parameters import SharedParameters
from sklearn_ple.nn.extraction import LevelOptions


class GatedParameters(SharedParameters, total=False):
    """What every gated estimator takes besides its architecture's own sizes."""

    gate_bias: bool
    gate_widths: Sequence[int]
    gate_temperature: float
    expert_norm: bool


class GatedEstimator(MultiTaskEstimator):
    """Base of estimators whose experts are mixed by gates.

    A subclass passes `_level_options` on to its routing.

    Parameters
    ----------
    gate_bias : bool, default=False
        Whether gates have a bias; the papers' have none.
    gate_widths : tuple of int, default=()
        Hidden layers of every gate, without dropout; the papers' have none.
    gate_temperature : float, default=1.0
        What gates' logits are divided by before the softmax; above 1 weights are more even.
    expert_norm : bool, default=False
        Whether what an expert puts out is normalised before its last activation, so that all
        experts put out numbers of one size: HoME's idea (arXiv 2408.05430), but over the units of
        the expert instead of rows of a batch. A prediction depends on its own row alone.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "gate_bias": ["boolean"],
        "gate_widths": ["array-like"],
        "gate_temperature": [Interval(Real, 0, None, closed="neither")],
        "expert_norm": ["boolean"],
    }

    def __init__(
        self,
        *,
        gate_bias: bool = False,
        gate_widths: Sequence[int] = (),
        gate_temperature: float = 1.0,
        expert_norm: bool = False,
        **shared: Unpack[SharedParameters],
    ) -> None:
        self.gate_bias = gate_bias
        self.gate_widths = gate_widths
        self.gate_temperature = gate_temperature
        self.expert_norm = expert_norm
        super().__init__(**shared)

    def _level_options(self, dropout: float) -> LevelOptions:
        """Of gates, experts and layers, as routings and levels take them."""
        return {
            "gate_bias": self.gate_bias,
            "gate_widths": self.gate_widths,
            "gate_temperature": self.gate_temperature,
            "expert_norm": self.expert_norm,
            "activation": self.activation,
            "dropout": dropout,
        }
