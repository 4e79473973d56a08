"""Dropout that draws from a generator of its own, and draws it cheaply."""

from __future__ import annotations

import torch
from torch import Tensor, nn

_LEVELS = 256
_LENT: dict[int, torch.Generator] = {}  # while they are lent


class Dropout(nn.Module):
    """Zero a share `p` of the entries in training and scale up the rest.

    The decision for each entry costs one random byte: eight are cut from every 64-bit draw, some
    eight times faster on a CPU than a Bernoulli draw an entry. So `p` is met to the nearest
    1/256, and the scale belongs to the probability that is really used.

    Parameters
    ----------
    p : float
        Share of entries to zero, in [0, 1).

    Attributes
    ----------
    generator : torch.Generator or None
        Where noise comes from; None means torch's global generator. Whoever trains the module
        lends it one (see `lend_generator`).
    """

    generator: torch.Generator | None = None
    _number: int = 0

    def __init__(self, p: float) -> None:
        super().__init__()
        if not 0 <= p < 1:
            raise ValueError(f"dropout must lie in [0, 1), got {p}.")
        self.p = p
        self._dropped = min(round(p * _LEVELS), _LEVELS - 1)

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self._dropped == 0:
            return x
        if torch.compiler.is_compiling():  # no compiler reads a generator: it sees a number
            kept = torch.ops.sklearn_ple.draw_kept(x, self._dropped, self._number)
        else:
            kept = _draw(x, self._dropped, self.generator)
        return x * kept.to(x.dtype).mul(_LEVELS / (_LEVELS - self._dropped))

    def extra_repr(self) -> str:
        return f"p={self.p}"


def _draw(x: Tensor, dropped: int, generator: torch.Generator | None) -> Tensor:
    """For each entry of x whether it is kept, as booleans."""
    n_words = -(-x.numel() // 8)
    words = torch.empty(n_words, dtype=torch.int64, device=x.device)
    words.random_(-(2**63), None, generator=generator)
    return words.view(torch.uint8)[: x.numel()].view(x.shape) >= dropped


torch.library.define(
    "sklearn_ple::draw_kept",
    "(Tensor x, int dropped, int generator) -> Tensor",
    tags=(torch.Tag.nondeterministic_seeded,),
)


@torch.library.impl("sklearn_ple::draw_kept", "default")
def _draw_by_number(x: Tensor, dropped: int, generator: int) -> Tensor:
    return _draw(x, dropped, _LENT.get(generator))


@torch.library.register_fake("sklearn_ple::draw_kept")
def _shape_of_draw(x: Tensor, dropped: int, generator: int) -> Tensor:
    return torch.empty(x.shape, dtype=torch.bool, device=x.device)


def lend_generator(module: nn.Module, generator: torch.Generator | None) -> None:
    """Make every `Dropout` in a module draw from this generator (None: the global one)."""
    number = 0 if generator is None else id(generator)
    for part in module.modules():
        if isinstance(part, Dropout):
            _LENT.pop(part._number, None)
            part.generator, part._number = generator, number
    if generator is not None:
        _LENT[number] = generator
