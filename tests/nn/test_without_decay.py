"""Layers name what weight decay must leave alone."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import nn

from sklearn_ple.nn import ExpertBank, Layer
from sklearn_ple.nn.layer import without_decay


class Shares(Layer):
    """Two matrices, one of them spared, and a layer inside that has a matrix of that name too."""

    without_decay: ClassVar[tuple[str, ...]] = ("share",)

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.share, self.weight = nn.Parameter(torch.ones(2, 3)), nn.Parameter(torch.ones(4, 5))
        self.inner = inner

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        nn.init.ones_(self.share)


class Decayed(Shares):
    without_decay: ClassVar[tuple[str, ...]] = ()


def _spared(module: nn.Module) -> set[str]:
    spared = without_decay(module)
    return {name for name, parameter in module.named_parameters() if parameter in spared}


def test_a_layer_speaks_for_its_own_parameters_at_any_depth() -> None:
    bank = ExpertBank(3, in_width=5, widths=(11,))
    assert _spared(nn.Sequential(nn.Tanh(), Shares(Decayed(bank)))) == {"1.share"}
    assert _spared(nn.ModuleList([Decayed(Shares(bank))])) == {"0.inner.share"}


def test_nothing_is_spared_unless_named() -> None:
    assert _spared(Decayed(ExpertBank(3, in_width=5, widths=(11,)))) == set()
