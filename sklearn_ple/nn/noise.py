"""Noise that a layer draws from a generator lent to it, compiled or not."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

_LENT: dict[int, torch.Generator] = {}  # while they are lent


class Noisy(nn.Module):
    """A module that draws while it trains.

    Attributes
    ----------
    generator : torch.Generator or None
        Where noise comes from; None means torch's global generator. Whoever trains the module
        lends it one (see `lend_generator`).
    """

    generator: torch.Generator | None = None
    _number: int = 0

    def draw_bytes(self, like: Tensor) -> Tensor:
        """A random byte for each entry of a tensor, on its device: uint8 of its shape."""
        if torch.compiler.is_compiling():  # no compiler reads a generator: it sees a number
            drawn: Tensor = torch.ops.sklearn_ple.draw_bytes(like, self._number)
            return drawn
        return _bytes(like, self.generator)

    def draw_uniform(self, shape: Sequence[int], like: Tensor) -> Tensor:
        """Draws from U(0, 1) of this shape, both ends excluded, of a tensor's dtype and device."""
        like = like.detach()  # noise has no gradient; compiled, it would be asked for one
        if torch.compiler.is_compiling():
            drawn: Tensor = torch.ops.sklearn_ple.draw_uniform(like, list(shape), self._number)
            return drawn
        return _uniform(like, shape, self.generator)


def lend_generator(module: nn.Module, generator: torch.Generator | None) -> None:
    """Make every `Noisy` part of a module draw from this generator.

    Parameters
    ----------
    module : nn.Module
    generator : torch.Generator or None
        None means torch's global one.
    """
    number = 0 if generator is None else id(generator)
    for part in module.modules():
        if isinstance(part, Noisy):
            _LENT.pop(part._number, None)
            part.generator, part._number = generator, number
    if generator is not None:
        _LENT[number] = generator


def _bytes(like: Tensor, generator: torch.Generator | None) -> Tensor:
    """Eight are cut from each 64-bit draw: on a CPU eight times faster than a draw an entry."""
    n_words = -(-like.numel() // 8)
    words = torch.empty(n_words, dtype=torch.int64, device=like.device)
    words.random_(-(2**63), None, generator=generator)
    return words.view(torch.uint8)[: like.numel()].view(like.shape)


def _uniform(like: Tensor, shape: Sequence[int], generator: torch.Generator | None) -> Tensor:
    smallest = torch.finfo(like.dtype).eps
    return torch.empty(shape, dtype=like.dtype, device=like.device).uniform_(
        smallest, 1 - smallest, generator=generator
    )


for _name, _arguments in (
    ("draw_bytes", "Tensor like, int generator"),
    ("draw_uniform", "Tensor like, int[] shape, int generator"),
):
    torch.library.define(
        f"sklearn_ple::{_name}",
        f"({_arguments}) -> Tensor",
        tags=(torch.Tag.nondeterministic_seeded,),
    )


@torch.library.impl("sklearn_ple::draw_bytes", "default")
def _bytes_by_number(like: Tensor, generator: int) -> Tensor:
    return _bytes(like, _LENT.get(generator)).clone()


@torch.library.register_fake("sklearn_ple::draw_bytes")
def _shape_of_bytes(like: Tensor, generator: int) -> Tensor:
    return torch.empty(like.shape, dtype=torch.uint8, device=like.device)


@torch.library.impl("sklearn_ple::draw_uniform", "default")
def _uniform_by_number(like: Tensor, shape: Sequence[int], generator: int) -> Tensor:
    return _uniform(like, shape, _LENT.get(generator))


@torch.library.register_fake("sklearn_ple::draw_uniform")
def _shape_of_uniform(like: Tensor, shape: Sequence[int], generator: int) -> Tensor:
    return torch.empty(shape, dtype=like.dtype, device=like.device)
