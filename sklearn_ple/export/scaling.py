"""Scalers of numbers in torch, float64 throughout: the same formulas as `features.numbers`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.polynomial import Chebyshev, Polynomial
from numpy.typing import NDArray
from scipy.special import ndtri
from torch import Tensor, nn

from sklearn_ple.export.segments import Segments
from sklearn_ple.features.numbers import EDGE, QuantileNormal, Robust, Scaler, Standard

_CENTRAL, _DEGREE = 0.425, 14


class Standardised(nn.Module):
    """(x - center) / scale."""

    center: Tensor
    scale: Tensor

    def __init__(self, scaler: Standard | Robust) -> None:
        super().__init__()
        self.register_buffer("center", torch.from_numpy(scaler.center))
        self.register_buffer("scale", torch.from_numpy(scaler.scale))

    def forward(self, numbers: Tensor) -> Tensor:
        return (numbers - self.center) / self.scale


class SmoothlyClipped(nn.Module):
    """z / sqrt(1 + (z / 3)^2) of standardised numbers z."""

    def __init__(self, scaler: Robust) -> None:
        super().__init__()
        self.standardised = Standardised(scaler)

    def forward(self, numbers: Tensor) -> Tensor:
        z: Tensor = self.standardised(numbers)
        size = z.abs().clamp(min=1.0)  # taken out, for the square of z might overflow
        unit, inverse = z / size, 1 / size
        return unit / torch.sqrt(inverse * inverse + unit * unit / 9)


class NormalScores(nn.Module):
    """Normal quantiles of the training distribution function, ties at the middle of their share."""

    steps: Tensor

    def __init__(self, scaler: QuantileNormal) -> None:
        super().__init__()
        self.segments = Segments(scaler.quantiles)
        self.normal = NormalQuantile()
        steps = torch.tensor([len(each) - 1.0 for each in scaler.quantiles], dtype=torch.float64)
        self.register_buffer("steps", steps)

    def forward(self, numbers: Tensor) -> Tensor:
        up, down = self.segments.sorted.at_most(numbers), self.segments.sorted.below(numbers)
        rows, fraction = self.segments(numbers)
        between = rows - self.segments.first + fraction.clamp(0, 1)
        tied = (up + down - 1).to(numbers) / 2
        scores: Tensor = self.normal(torch.where(up > down, tied, between) / self.steps)
        return scores


class NormalQuantile(nn.Module):
    """The inverse of the normal distribution function, which ONNX has no operator for.

    Polynomials fitted here to SciPy's: in the square of p - 1/2 in the middle, in the root of
    -log p towards the ends, smooth there; good to 1e-8 between the levels that a scaler clips at.

    Examples
    --------
    >>> import torch
    >>> NormalQuantile()(torch.tensor([0.025, 0.5], dtype=torch.float64)).round(decimals=4)
    tensor([-1.9600,  0.0000], dtype=torch.float64)
    """

    limits: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.centre = Fitted(
            lambda square: ndtri(0.5 + np.sqrt(square)) / np.sqrt(square), 0.0, _CENTRAL**2
        )
        self.tail = Fitted(
            lambda root: ndtri(np.exp(-(root**2))),
            np.sqrt(-np.log(0.5 - _CENTRAL)),
            np.sqrt(-np.log(EDGE)),
        )
        limits = torch.tensor([EDGE, _CENTRAL], dtype=torch.float64)
        self.register_buffer("limits", limits)

    def forward(self, p: Tensor) -> Tensor:
        edge, central = self.limits.unbind()
        q = p - 0.5
        side = torch.maximum(0.5 - q.abs(), edge)
        tail = -q.sign() * self.tail(torch.sqrt(-torch.log(side)))
        scores: Tensor = torch.where(q.abs() <= central, q * self.centre(q * q), tail)
        return scores


class Fitted(nn.Module):
    """A polynomial that agrees with a function on an interval, by Horner's scheme."""

    coefficients: Tensor
    interval: Tensor

    def __init__(self, function: Callable[[NDArray], NDArray], low: float, high: float) -> None:
        super().__init__()
        at_nodes = Chebyshev.interpolate(function, _DEGREE, domain=[low, high])
        of_unit = at_nodes.convert(kind=Polynomial, domain=[low, high]).coef[::-1]
        interval = torch.tensor([(low + high) / 2, (high - low) / 2], dtype=torch.float64)
        self.register_buffer("coefficients", torch.from_numpy(of_unit.copy()))
        self.register_buffer("interval", interval)

    def forward(self, x: Tensor) -> Tensor:
        middle, half = self.interval.unbind()
        z = (x - middle) / half
        value, *rest = self.coefficients.unbind()
        for coefficient in rest:
            value = value * z + coefficient
        return value


def scaling(scaler: Scaler) -> nn.Module:
    """A fitted scaler as a module, numbers (n, column) to scaled ones; NaN stays NaN or is any."""
    if isinstance(scaler, Standard):
        return Standardised(scaler)
    if isinstance(scaler, Robust):
        return SmoothlyClipped(scaler)
    return NormalScores(scaler)
