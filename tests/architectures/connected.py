"""Sizes and weights that tests of schemes with learned connections share."""

from __future__ import annotations

import numpy as np
from drawn import IN_WIDTH
from torch import Tensor, nn


def random_sizes(seed: int) -> dict[str, object]:
    """Levels, experts, tasks and layers, all different from each other and from the features."""
    rng = np.random.default_rng(seed)
    n_levels = 1 + seed % 3
    drawn = [n for n in rng.permutation(np.arange(6, 20)).tolist() if n != IN_WIDTH]
    widths = [tuple(drawn[2 * j : 2 * j + 2]) for j in range(n_levels)]
    n_tasks, n_experts = rng.choice(np.arange(2, 6), size=2, replace=False).tolist()
    return {
        "n_levels": n_levels,
        "n_experts": n_experts,
        "n_tasks": n_tasks,
        "expert_widths": widths,
    }


def flat_widths(seed: int) -> list[int]:
    return [width for widths in random_sizes(seed)["expert_widths"] for width in widths]


def chained(routing: nn.Module) -> dict[str, Tensor]:
    """All levels' layers, one after the other, as the state of one bank of experts."""
    state = {}
    for part in ("weights", "biases"):
        layers = [layer for bank in routing.experts for layer in getattr(bank, part)]
        state |= {f"{part}.{j}": layer for j, layer in enumerate(layers)}
    return state
