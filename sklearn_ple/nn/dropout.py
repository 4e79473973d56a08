"""Dropout that draws from a generator of its own, and draws it cheaply."""

from __future__ import annotations

from torch import Tensor

from sklearn_ple.nn.noise import Noisy

_LEVELS = 256


class Dropout(Noisy):
    """Zero a share `p` of the entries in training and scale up the rest.

    The decision for each entry costs one random byte, so `p` is met to the nearest 1/256, and the
    scale belongs to the probability that is really used.

    Parameters
    ----------
    p : float
        Share of entries to zero, in [0, 1).
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        if not 0 <= p < 1:
            raise ValueError(f"dropout must lie in [0, 1), got {p}.")
        self.p = p
        self._dropped = min(round(p * _LEVELS), _LEVELS - 1)

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self._dropped == 0:
            return x
        kept = self.draw_bytes(x) >= self._dropped
        return x * kept.to(x.dtype).mul_(_LEVELS / (_LEVELS - self._dropped))

    def extra_repr(self) -> str:
        return f"p={self.p}"
