"""Every architecture and its twin: the same net as loops over experts, tasks and gates.

`SCHEMES[name].ours(sizes)` and `SCHEMES[name].twin(sizes)` are modules with as many parameters,
from rows (batch, features) to raw outputs (batch, task); each has a `penalty(raw)` for the loss.
Ours takes its rows by keyword, as `numbers`. Tests hold that with equal parameters both give equal
outputs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import loop_twins_bottoms as bottoms
import loop_twins_experts as experts
from loop_twins_parts import LoopNet, nothing, unchanged
from peers import LoopPLE
from torch import nn

from sklearn_ple import architectures as ours
from sklearn_ple.nn import Coupling, FeatureEncoder, MultiTaskModule, Routing, TowerBank, Uncoupled
from sklearn_ple.routings.aitm import BehaviouralCalibrator
from sklearn_ple.routings.esmm import ESMMCoupling


@dataclass(frozen=True)
class Sizes:
    """What ours and the twin have in common.

    Attributes
    ----------
    in_width, n_tasks : int
    widths : tuple of int
        Layers of a bottom or an expert; where a scheme has levels, one layer per level.
    tower_width : int
    n_shared, n_own : int
        Shared experts, and experts of each task; 2 or more, since a choice of one is no gate.
    attention_width : int
        Hidden layer of MTAN's masks.
    n_subspaces : int
        Of sluice nets; it divides every width.
    """

    in_width: int
    n_tasks: int
    widths: tuple[int, ...] = (256, 128)
    tower_width: int = 64
    n_shared: int = 2
    n_own: int = 2
    attention_width: int = 64
    n_subspaces: int = 2


Options = Callable[[Sizes], dict[str, Any]]


@dataclass(frozen=True)
class Scheme:
    """An architecture in two writings; in a chain tasks are binary steps, each within the last."""

    ours: Callable[[Sizes], MultiTaskModule]
    twin: Callable[[Sizes], nn.Module]
    chain: bool = False


def bottom(sizes: Sizes) -> dict[str, Any]:
    return {"bottom_widths": sizes.widths}


def shared(sizes: Sizes) -> dict[str, Any]:
    return {"n_experts": sizes.n_shared}


def own_and_shared(sizes: Sizes) -> dict[str, Any]:
    return {"n_shared_experts": sizes.n_shared, "n_task_experts": sizes.n_own}


def one_level(counts: Options) -> Options:
    return lambda sizes: counts(sizes) | {"expert_widths": sizes.widths}


def levels(counts: Options) -> Options:
    return lambda sizes: (
        counts(sizes)
        | {"n_levels": len(sizes.widths), "expert_widths": [(width,) for width in sizes.widths]}
    )


def sluice(sizes: Sizes) -> dict[str, Any]:
    return bottom(sizes) | {"n_subspaces": sizes.n_subspaces}


def mtan(sizes: Sizes) -> dict[str, Any]:
    return {"block_widths": sizes.widths, "attention_widths": (sizes.attention_width,)}


def module(
    routing_class: type[Routing],
    options: Options,
    coupling: Callable[[Sizes], Coupling] = lambda sizes: Uncoupled(),
    **fixed: Any,
) -> Callable[[Sizes], MultiTaskModule]:
    """The package's module, for sizes yet to come."""

    def make(sizes: Sizes) -> MultiTaskModule:
        n_tasks = sizes.n_tasks
        routing = routing_class(in_width=sizes.in_width, n_tasks=n_tasks, **options(sizes), **fixed)
        towers = TowerBank([1] * n_tasks, in_width=routing.out_width, widths=(sizes.tower_width,))
        encoder = FeatureEncoder(
            n_numbers=sizes.in_width, n_copies=n_tasks if routing.own_encodings else 1
        )
        return MultiTaskModule(encoder, routing, towers, coupling(sizes))

    return make


def net(
    trunk_class: type[nn.Module], options: Options, **outputs: Any
) -> Callable[[Sizes], nn.Module]:
    """Its twin, likewise."""

    def make(sizes: Sizes) -> nn.Module:
        trunk = trunk_class(in_width=sizes.in_width, n_tasks=sizes.n_tasks, **options(sizes))
        return LoopNet(
            trunk,
            n_tasks=sizes.n_tasks,
            tower_width=sizes.tower_width,
            couple=outputs.get("couple", unchanged),
            penalty=outputs.get("penalty", getattr(trunk, "penalty", nothing)),
        )

    return make


def ple_net(sizes: Sizes) -> nn.Module:
    """PLE's twin, which has towers of its own."""
    whole = LoopPLE(
        sizes.in_width,
        n_tasks=sizes.n_tasks,
        n_shared=sizes.n_shared,
        n_own=sizes.n_own,
        widths=sizes.widths,
        tower_width=sizes.tower_width,
    )
    whole.penalty = nothing
    return whole


def scheme(
    routing_class: type[Routing], trunk_class: type[nn.Module], options: Options, **fixed: Any
) -> Scheme:
    """A scheme whose two writings take the same options; `fixed` are further ones of ours."""
    return Scheme(module(routing_class, options, **fixed), net(trunk_class, options))


def calibrator(sizes: Sizes) -> Coupling:
    return BehaviouralCalibrator(list(pairwise(range(sizes.n_tasks))), strength=0.6)


SCHEMES: dict[str, Scheme] = {
    "SingleTask": scheme(ours.SingleTaskRouting, bottoms.LoopBottoms, bottom),
    "SharedBottom": scheme(ours.SharedBottomRouting, bottoms.LoopSharedBottom, bottom),
    "AsymmetricSharing": scheme(
        ours.AsymmetricSharingRouting, bottoms.LoopAsymmetricSharing, bottom
    ),
    "CustomizedSharing": scheme(
        ours.CustomizedSharingRouting, bottoms.LoopCustomizedSharing, bottom
    ),
    "CrossStitch": scheme(ours.CrossStitchRouting, bottoms.LoopCrossStitch, bottom),
    "Sluice": scheme(ours.SluiceRouting, bottoms.LoopSluice, sluice),
    "OMOE": scheme(ours.OMOERouting, experts.LoopOMOE, one_level(shared)),
    "MMOE": scheme(ours.MMOERouting, experts.LoopMMOE, one_level(shared)),
    "MLMMOE": scheme(ours.MLMMOERouting, experts.LoopMLMMOE, levels(shared)),
    "CGC": scheme(ours.CGCRouting, experts.LoopCGC, one_level(own_and_shared)),
    "PLE": Scheme(module(ours.PLERouting, levels(own_and_shared)), ple_net),
    "MTAN": scheme(ours.MTANRouting, bottoms.LoopMTAN, mtan),
    "SNR": scheme(ours.SNRRouting, experts.LoopSNR, levels(shared), rate=20.0, l0=1e-3),
    "GumbelRouting": scheme(ours.GumbelRouting, experts.LoopGumbel, levels(shared), rate=20.0),
    "AdaTT": scheme(ours.AdaTTRouting, experts.LoopAdaTT, levels(own_and_shared)),
    "ESMM": Scheme(
        module(ours.ESMMRouting, bottom, lambda sizes: ESMMCoupling(range(sizes.n_tasks))),
        net(bottoms.LoopBottoms, bottom, couple=bottoms.chain_log_odds),
        chain=True,
    ),
    "AITM": Scheme(
        module(ours.AITMRouting, bottom, calibrator),
        net(bottoms.LoopAITM, bottom, penalty=bottoms.rises),
        chain=True,
    ),
}
