"""Routings with random weights from a fixed seed, in float64, and their relatives' weights."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from sklearn_ple.architectures import (
    CGCRouting,
    MMOERouting,
    PLERouting,
    SharedBottomRouting,
    SingleTaskRouting,
)
from sklearn_ple.nn import Routing, TowerBank, initialise
from sklearn_ple.routings.adatt import AdaTTRouting
from sklearn_ple.routings.aitm import AITMRouting
from sklearn_ple.routings.asymmetric_sharing import AsymmetricSharingRouting
from sklearn_ple.routings.cross_stitch import CrossStitchRouting
from sklearn_ple.routings.customized_sharing import CustomizedSharingRouting
from sklearn_ple.routings.esmm import ESMMRouting
from sklearn_ple.routings.gumbel_routing import GumbelRouting
from sklearn_ple.routings.mlmmoe import MLMMOERouting
from sklearn_ple.routings.mtan import MTANRouting
from sklearn_ple.routings.omoe import OMOERouting
from sklearn_ple.routings.sluice import SluiceRouting
from sklearn_ple.routings.snr import SNRRouting

BATCH, IN_WIDTH, N_TASKS = 7, 5, 3
Make = Callable[..., Routing]

# By name, every scheme with distinct sizes; counts of experts in the order of tasks.
ROUTINGS: dict[str, Make] = {
    "SingleTask": lambda **kw: SingleTaskRouting(bottom_widths=(11, 6), **kw),
    "ESMM": lambda **kw: ESMMRouting(bottom_widths=(11, 6), **kw),
    "AITM": lambda **kw: AITMRouting(bottom_widths=(11, 6), **kw),
    "SharedBottom": lambda **kw: SharedBottomRouting(bottom_widths=(11, 6), **kw),
    "AsymmetricSharing": lambda **kw: AsymmetricSharingRouting(bottom_widths=(11, 6), **kw),
    "CustomizedSharing": lambda **kw: CustomizedSharingRouting(bottom_widths=(11, 6), **kw),
    "CrossStitch": lambda **kw: CrossStitchRouting(bottom_widths=(11, 6), **kw),
    "Sluice": lambda **kw: SluiceRouting(bottom_widths=(11, 6), **kw),
    "MTAN": lambda **kw: MTANRouting(block_widths=(8, 6), attention_widths=(9, 4), **kw),
    "MMOE": lambda **kw: MMOERouting(n_experts=4, expert_widths=(11, 6), **kw),
    "OMOE": lambda **kw: OMOERouting(n_experts=4, expert_widths=(11, 6), **kw),
    "MLMMOE": lambda **kw: MLMMOERouting(
        n_levels=2, n_experts=4, expert_widths=[(11, 8), (6,)], **kw
    ),
    "CGC": lambda **kw: CGCRouting(
        n_shared_experts=2, n_task_experts=(2, 1, 3), expert_widths=(11, 6), **kw
    ),
    "PLE": lambda **kw: PLERouting(
        n_levels=2,
        n_shared_experts=2,
        n_task_experts=(2, 1, 3),
        expert_widths=[(11, 8), (6,)],
        **kw,
    ),
    "AdaTT": lambda **kw: AdaTTRouting(
        n_levels=2,
        n_shared_experts=2,
        n_task_experts=(2, 1, 3),
        expert_widths=[(11, 8), (6,)],
        **kw,
    ),
    # Without the noise that a step of training adds.
    "SNR": lambda **kw: SNRRouting(
        n_levels=2, n_experts=4, expert_widths=[(11, 8), (6,)], **kw
    ).eval(),
    "GumbelRouting": lambda **kw: GumbelRouting(
        n_levels=2, n_experts=4, expert_widths=[(11, 8), (6,)], **kw
    ).eval(),
}


def draw(make: Make, *, seed: int = 0, n_tasks: int = N_TASKS, **options: object) -> Routing:
    """A smooth routing (tanh) unless told otherwise, so that no unit is dead by chance."""
    routing = make(in_width=IN_WIDTH, n_tasks=n_tasks, **{"activation": "tanh"} | options)
    initialise(routing, torch.Generator().manual_seed(seed))
    return routing.double()


def rows(n: int = BATCH, seed: int = 1) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, IN_WIDTH, dtype=torch.float64, generator=generator)


def towers(routing: Routing, n_raw: tuple[int, ...] = (1, 3, 2), seed: int = 2) -> TowerBank:
    bank = TowerBank(n_raw, in_width=routing.out_width, widths=(4,), activation="tanh")
    initialise(bank, torch.Generator().manual_seed(seed))
    return bank.double()


def n_parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
