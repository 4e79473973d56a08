"""`Layer`: a torch module that draws its initial values and its noise from a given generator."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from torch import Tensor, nn


class Layer(nn.Module, ABC):
    """A module whose parameters start from a generator that the caller owns.

    torch's own layers draw from the global generator, which a library must leave alone. A layer
    here is drawn from a fixed seed when it is made, so that layers of one shape start alike, and
    anew by `initialise`, from the generator of whoever trains it.

    Attributes
    ----------
    without_decay : tuple of str
        Names of the layer's own matrices that are no weights of features, such as shares of
        streams, and that weight decay must leave alone.
    """

    without_decay: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """Draw the layer's own parameters anew (not those of its children)."""


def initialise(module: nn.Module, generator: torch.Generator | None = None) -> None:
    """Draw the parameters of every `Layer` in a module, in order of registration.

    Parameters
    ----------
    module : Module
    generator : torch.Generator or None, default=None
        What they are drawn from; None is torch's global one.
    """
    for layer in module.modules():
        if isinstance(layer, Layer):
            layer.reset_parameters(generator)


def without_decay(module: nn.Module) -> set[nn.Parameter]:
    """The parameters that layers of a module ask to be spared by weight decay."""
    return {
        parameter
        for layer in module.modules()
        if isinstance(layer, Layer)
        for name, parameter in layer.named_parameters(recurse=False)
        if name in layer.without_decay
    }


def provisional() -> torch.Generator:
    """What a layer is drawn from until somebody calls `initialise`."""
    return torch.Generator().manual_seed(0)


@torch.no_grad()
def uniform_(parameter: Tensor, bound: float, generator: torch.Generator | None) -> None:
    """Fill with draws from U(-bound, bound)."""
    parameter.uniform_(-bound, bound, generator=generator)
