"""Initial values come from the generator that is given, and from nowhere else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from sklearn_ple.architectures import PLERouting
from sklearn_ple.nn import (
    ExpertBank,
    FeatureEncoder,
    Gate,
    Layer,
    MultiTaskModule,
    TowerBank,
    initialise,
)
from sklearn_ple.nn.feature_encoder import CategoryTable, KnotTable

LAYERS: dict[str, Callable[[], Layer]] = {
    "ExpertBank": lambda: ExpertBank(3, in_width=5, widths=(11, 7)),
    "Gate": lambda: Gate([[0, 2], [1, 2]], n_experts=3, in_width=5, bias=True),
    "ExpertBank with norm": lambda: ExpertBank(3, in_width=5, widths=(11, 7), norm=True),
    "Gate with hidden layers": lambda: Gate(
        [[0, 2], [1], [1, 2]], n_experts=3, in_width=5, widths=(11, 7)
    ),
    "TowerBank": lambda: TowerBank([1, 4, 2], in_width=5, widths=(11,)),
    "KnotTable": lambda: KnotTable([4, 6, 1], n_missing=2, width=3),
    "CategoryTable": lambda: CategoryTable([(0.5, 0.5), (0.25, 0.5, 0.25)], width=3),
}


def _module() -> MultiTaskModule:
    encoder = FeatureEncoder(
        n_numbers=3,
        n_knots=[4, 6],
        n_missing=1,
        one_hot=[(0.5, 0.5)],
        embedded=[(0.25, 0.75)],
        number_width=2,
        category_width=3,
    )
    routing = PLERouting(
        in_width=encoder.out_width,
        n_tasks=2,
        n_levels=2,
        n_shared_experts=2,
        n_task_experts=(1, 3),
        expert_widths=[(9, 8), (6,)],
        gate_bias=True,
    )
    return MultiTaskModule(encoder, routing, TowerBank([1, 4], in_width=6, widths=(5,)))


MAKE: dict[str, Callable[[], nn.Module]] = {**LAYERS, "MultiTaskModule": _module}


def _values(module: nn.Module) -> dict[str, torch.Tensor]:
    return {name: p.detach().clone() for name, p in module.named_parameters()}


def _is_constant(values: torch.Tensor) -> bool:
    return bool((values == values.flatten()[0]).all())


@pytest.mark.parametrize("name", MAKE)
def test_same_generator_same_values(name: str) -> None:
    modules = [MAKE[name](), MAKE[name]()]
    for module in modules:
        initialise(module, torch.Generator().manual_seed(5))
    one, other = map(_values, modules)
    assert one.keys() == other.keys()
    assert all(torch.equal(one[key], other[key]) for key in one)


@pytest.mark.parametrize("name", MAKE)
def test_every_parameter_is_drawn_anew(name: str) -> None:
    """Whatever stood there before; biases may start from one value, but from the same again."""
    module = MAKE[name]()
    initialise(module, torch.Generator().manual_seed(5))
    drawn = _values(module)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.fill_(torch.nan)
    initialise(module, torch.Generator().manual_seed(6))
    for key, values in _values(module).items():
        assert torch.isfinite(values).all(), key
        if not _is_constant(drawn[key]):
            assert not torch.equal(values, drawn[key]), key


@pytest.mark.parametrize("name", MAKE)
def test_torchs_own_generator_is_neither_read_nor_moved(name: str) -> None:
    before = torch.get_rng_state()
    first = MAKE[name]()
    initialise(first, torch.Generator().manual_seed(5))
    assert torch.equal(before, torch.get_rng_state())
    try:
        torch.manual_seed(99)
        second = _values(MAKE[name]())
        torch.manual_seed(100)
        assert all(torch.equal(p, second[key]) for key, p in _values(MAKE[name]()).items())
    finally:
        torch.set_rng_state(before)


@pytest.mark.parametrize("name", MAKE)
def test_usable_as_made(name: str) -> None:
    assert all(torch.isfinite(values).all() for values in _values(MAKE[name]()).values())


def test_layers_do_not_share_their_draws() -> None:
    """Two equal layers in one module start apart: the generator goes on."""
    pair = nn.ModuleList([LAYERS["ExpertBank"](), LAYERS["ExpertBank"]()])
    initialise(pair, torch.Generator().manual_seed(5))
    one, other = map(_values, pair)
    assert not any(torch.equal(one[key], other[key]) for key in one)


@pytest.mark.parametrize("name", MAKE)
def test_every_parameter_belongs_to_a_layer(name: str) -> None:
    """A parameter of anything else would keep what it was made with."""
    module = MAKE[name]()
    owned = {
        id(parameter)
        for layer in module.modules()
        if isinstance(layer, Layer)
        for parameter in layer.parameters()
    }
    assert all(id(parameter) in owned for parameter in module.parameters())
