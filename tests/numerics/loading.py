"""Weights of the reference into the package's modules."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from paper_forward import GateOf, Layers, Level, Tower
from torch import nn

from sklearn_ple.nn import ExpertBank, ExtractionLevel, Gate, TowerBank


@torch.no_grad()
def _fill(parameter: nn.Parameter, values: np.ndarray) -> None:
    assert parameter.shape == values.shape
    parameter.copy_(torch.from_numpy(values))


def load_experts(bank: ExpertBank, experts: Sequence[Layers]) -> None:
    for j, (weight, bias) in enumerate(zip(bank.weights, bank.biases, strict=True)):
        _fill(weight, np.stack([layers[j][0] for layers in experts]))
        _fill(bias, np.stack([layers[j][1] for layers in experts]))


def load_gates(gate: Gate, gates: Sequence[GateOf]) -> None:
    """Gates with parameters, in order; nothing to do where there is none."""
    if not gates:
        assert gate.weight is None
        return
    assert gate.weight is not None
    _fill(gate.weight, np.concatenate([weight for weight, _ in gates]))
    if gate.bias is not None:
        _fill(gate.bias, np.concatenate([offset for _, offset in gates]))


def load_level(module: ExtractionLevel, level: Level) -> None:
    load_experts(module.experts, level.experts)
    load_gates(module.gate, level.gates)


def load_towers(bank: TowerBank, towers: Sequence[Tower]) -> None:
    if towers[0].hidden:
        assert isinstance(bank.hidden, ExpertBank)
        load_experts(bank.hidden, [tower.hidden for tower in towers])
    _fill(bank.weight, np.concatenate([tower.last[0] for tower in towers]))
    _fill(bank.bias, np.concatenate([tower.last[1] for tower in towers]))
