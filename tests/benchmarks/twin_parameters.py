"""Our parameters, copied into the loop twins: what ours stacks is a module each there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from sklearn_ple.nn import ExpertBank, Gate, MultiTaskModule, TowerBank


@torch.no_grad()
def copy_parameters(name: str, ours: MultiTaskModule, twin: Any) -> None:
    """Give the twin of an architecture the numbers that ours has."""
    _towers(ours.towers, twin.towers)
    if name == "PLE":
        _ple(ours.routing, twin)
    else:
        TRUNKS[name](ours.routing, twin.trunk)


def _copy(targets: Iterable[Tensor], values: Iterable[Tensor]) -> None:
    for target, value in zip(targets, values, strict=True):
        assert target.shape == value.shape
        target.copy_(value)


def _weights(linears: Iterable[nn.Module]) -> list[Tensor]:
    return [linear.weight for linear in linears]


def _bank(bank: ExpertBank, experts: Iterable[nn.Sequential]) -> None:
    """Experts in order; only linear layers have parameters."""
    for e, expert in enumerate(experts):
        layers = [layer for layer in expert if isinstance(layer, nn.Linear)]
        _copy(_weights(layers), [weight[e] for weight in bank.weights])
        _copy([layer.bias for layer in layers], [bias[e] for bias in bank.biases])
    assert bank.n_experts == e + 1


def _gates(gate: Gate, linears: Iterable[nn.Module]) -> None:
    rows = gate.weight.split([len(each) for each in gate.candidates])
    _copy(_weights(linears), rows)


def _towers(towers: TowerBank, twins: nn.ModuleList) -> None:
    _bank(towers.hidden, [tower[:-1] for tower in twins])
    _copy(_weights(tower[-1] for tower in twins), towers.weight.split(1))
    _copy([tower[-1].bias for tower in twins], towers.bias.split(1))


def _bottoms(ours: Any, twin: Any) -> None:
    _bank(ours.bottoms, twin.bottoms)


def _shared_bottom(ours: Any, twin: Any) -> None:
    _bank(ours.bottom, [twin.bottom])


def _asymmetric(ours: Any, twin: Any) -> None:
    """The twin has a task's matrices side by side."""
    _bottoms(ours, twin)
    per_task = ours.projections.weight.split([k + 1 for k in range(len(twin.fuse))])
    _copy(_weights(twin.fuse), [torch.cat(list(matrices), dim=1) for matrices in per_task])


def _customized(ours: Any, twin: Any) -> None:
    _bank(ours.bottoms, [*twin.bottoms, twin.shared])


def _cross_stitch(ours: Any, twin: Any) -> None:
    for bank, layers in zip(ours.bottoms, twin.layers, strict=True):
        _bank(bank, layers)
    _copy(twin.alphas, [stitch.alpha for stitch in ours.stitches])


def _sluice(ours: Any, twin: Any) -> None:
    for level, layers in zip(ours.levels, twin.layers, strict=True):
        _bank(level.bottom, layers)
    _copy(twin.alphas, [level.stitch.alpha for level in ours.levels])
    _copy([twin.beta], [ours.mix.beta])
    for bank, linears in zip(ours.mix.projections, twin.projections, strict=True):
        if isinstance(bank, ExpertBank):
            _bank(bank, [nn.Sequential(linear) for linear in linears])


def _mtan(ours: Any, twin: Any) -> None:
    for part in ("first", "second", "carry"):
        for bank, layer in zip(getattr(ours, part), getattr(twin, part), strict=True):
            _bank(bank, [layer])
    for bank, masks in zip(ours.attention, twin.attention, strict=True):
        _bank(bank.hidden, [mask[:-2] for mask in masks])
        _copy(_weights(mask[-2] for mask in masks), bank.weight)
        _copy([mask[-2].bias for mask in masks], bank.bias)


def _aitm(ours: Any, twin: Any) -> None:
    _bottoms(ours, twin)
    transfer = ours.transfer
    _copy(_weights(layer[0] for layer in twin.hand), transfer.weight)
    _copy([layer[0].bias for layer in twin.hand], transfer.bias)
    for part in ("value", "key", "query"):
        _copy(_weights(getattr(twin, part)), getattr(transfer, part))


def _omoe(ours: Any, twin: Any) -> None:
    _bank(ours.experts, twin.experts)
    _gates(ours.gate, [twin.gate])


def _mmoe(ours: Any, twin: Any) -> None:
    _bank(ours.experts, twin.experts)
    _gates(ours.gate, twin.gates)


def _mlmmoe(ours: Any, twin: Any) -> None:
    for bank, experts in zip(ours.experts, twin.experts, strict=True):
        _bank(bank, experts)
    _gates(ours.gate, [gate for level in twin.gates for gate in level])


def _cgc(ours: Any, twin: Any) -> None:
    groups = [*twin.own, twin.shared]
    _bank(ours.level.experts, [expert for group in groups for expert in group])
    _gates(ours.level.gate, twin.gates)


def _ple(ours: Any, twin: Any) -> None:
    for level, its_twin in zip(ours.levels, twin.levels, strict=True):
        _bank(level.experts, [expert for group in its_twin["experts"] for expert in group])
        _gates(level.gate, its_twin["gates"])


def _adatt(ours: Any, twin: Any) -> None:
    for j, (level, own) in enumerate(zip(ours.levels, ours.own, strict=True)):
        _bank(level.experts, [expert for group in twin.experts[j] for expert in group])
        _gates(level.gate, twin.gates[j])
        _copy(twin.residuals[j], own.weight.split([len(each) for each in twin.residuals[j]]))


def _snr(ours: Any, twin: Any) -> None:
    for bank, experts in zip(ours.experts, twin.experts, strict=True):
        _bank(bank, experts)
    _copy(twin.log_alpha, [gates.logits for gates in ours.gates])
    for joint, rows in zip(ours.transformations, twin.transformations, strict=True):
        for i, row in enumerate(rows):
            _copy(_weights(row), joint.weight[i].unbind(1))


def _gumbel(ours: Any, twin: Any) -> None:
    for bank, experts in zip(ours.experts, twin.experts, strict=True):
        _bank(bank, experts)
    _copy(twin.logits, [matrix.logits for matrix in ours.matrices])


TRUNKS: dict[str, Callable[[Any, Any], None]] = {
    "SingleTask": _bottoms,
    "SharedBottom": _shared_bottom,
    "AsymmetricSharing": _asymmetric,
    "CustomizedSharing": _customized,
    "CrossStitch": _cross_stitch,
    "Sluice": _sluice,
    "OMOE": _omoe,
    "MMOE": _mmoe,
    "MLMMOE": _mlmmoe,
    "CGC": _cgc,
    "MTAN": _mtan,
    "SNR": _snr,
    "GumbelRouting": _gumbel,
    "AdaTT": _adatt,
    "ESMM": _bottoms,
    "AITM": _aitm,
}
