"""Equations 2 to 7 of the PLE paper in NumPy, one row, one expert, one gate at a time.

Tang, Liu, Zhao, Gong, RecSys 2020 (doi 10.1145/3383313.3412236). Nothing here knows how the
package stores or stacks weights.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Layers = list[tuple[Array, Array]]
GateOf = tuple[Array, Array]

FUNCTIONS: dict[str, Callable[[Array], Array]] = {
    "relu": lambda a: np.where(a > 0, a, 0.0),
    "silu": lambda a: a / (1 + np.exp(-a)),
    "tanh": np.tanh,
}


@dataclass
class Level:
    """Experts and gates of one extraction level."""

    of_task: list[list[Layers]]
    shared: list[Layers]
    task_gates: list[GateOf | None]
    shared_gate: GateOf | None

    @property
    def experts(self) -> list[Layers]:
        return [e for own in self.of_task for e in own] + self.shared

    @property
    def gates(self) -> list[GateOf]:
        """Those with parameters, the shared one last."""
        return [g for g in [*self.task_gates, self.shared_gate] if g is not None]


@dataclass
class Tower:
    hidden: Layers
    last: tuple[Array, Array]


def draw_layers(rng: np.random.Generator, in_width: int, widths: Sequence[int]) -> Layers:
    ins = [in_width, *widths[:-1]]
    return [
        (rng.normal(size=(out, n)) / np.sqrt(n), rng.normal(size=out))
        for out, n in zip(widths, ins, strict=True)
    ]


def draw_gate(
    rng: np.random.Generator, n_candidates: int, in_width: int, *, bias: bool
) -> GateOf | None:
    """None for a single candidate: there is nothing to choose."""
    if n_candidates == 1:
        return None
    offset = rng.normal(size=n_candidates) if bias else np.zeros(n_candidates)
    return rng.normal(size=(n_candidates, in_width)), offset


def draw_level(
    rng: np.random.Generator,
    n_task: Sequence[int],
    n_shared: int,
    in_width: int,
    widths: Sequence[int],
    *,
    bias: bool,
    has_shared_gate: bool,
) -> Level:
    n_all = sum(n_task) + n_shared
    return Level(
        [[draw_layers(rng, in_width, widths) for _ in range(m)] for m in n_task],
        [draw_layers(rng, in_width, widths) for _ in range(n_shared)],
        [draw_gate(rng, m + n_shared, in_width, bias=bias) for m in n_task],
        draw_gate(rng, n_all, in_width, bias=bias) if has_shared_gate else None,
    )


def draw_tower(rng: np.random.Generator, in_width: int, widths: Sequence[int], n_raw: int) -> Tower:
    last = [in_width, *widths][-1]
    return Tower(
        draw_layers(rng, in_width, widths) if widths else [],
        (rng.normal(size=(n_raw, last)), rng.normal(size=n_raw)),
    )


def run_layers(layers: Layers, x: Array, activation: str) -> Array:
    for weight, bias in layers:
        x = FUNCTIONS[activation](weight @ x + bias)
    return x


def run_gate(gate: GateOf | None, x: Array) -> Array:
    """Equations 3 and 6."""
    if gate is None:
        return np.ones(1)
    scores = np.exp(gate[0] @ x + gate[1])
    return scores / scores.sum()


def run_level(
    level: Level, of_task: Sequence[Array], shared: Array | None, activation: str
) -> tuple[list[Array], Array | None]:
    """Equations 2 and 5 (task outputs) and 7 (shared output) for one row."""
    own = [
        [run_layers(e, z, activation) for e in experts]
        for experts, z in zip(level.of_task, of_task, strict=True)
    ]
    common = [] if shared is None else [run_layers(e, shared, activation) for e in level.shared]
    outputs = []
    for candidates, gate, z in zip(own, level.task_gates, of_task, strict=True):
        weights = run_gate(gate, z)
        stacked = [*candidates, *common]
        outputs.append(sum(w * e for w, e in zip(weights, stacked, strict=True)))
    if level.shared_gate is None or shared is None:
        return outputs, None
    everything = [e for candidates in own for e in candidates] + common
    weights = run_gate(level.shared_gate, shared)
    return outputs, sum(w * e for w, e in zip(weights, everything, strict=True))


def run_levels(levels: Sequence[Level], x: Array, activation: str) -> list[Array]:
    """One representation per task for one row: CGC for one level, PLE for more."""
    n_tasks = len(levels[0].of_task)
    of_task, shared = [x] * n_tasks, x if levels[0].shared else None
    for level in levels:
        of_task, shared = run_level(level, of_task, shared, activation)
    return of_task


def run_towers(towers: Sequence[Tower], of_task: Sequence[Array], activation: str) -> Array:
    """Raw outputs of all tasks in a row (equation 4)."""
    raw = []
    for tower, z in zip(towers, of_task, strict=True):
        weight, bias = tower.last
        raw.append(weight @ run_layers(tower.hidden, z, activation) + bias)
    return np.concatenate(raw)
