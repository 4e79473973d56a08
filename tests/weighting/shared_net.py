"""PLE of two levels in float64, where every entry is reached by the losses it can be reached by."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sklearn_ple.architectures import PLERouting, SharedBottomRouting, SingleTaskRouting
from sklearn_ple.nn import FeatureEncoder, MultiTaskModule, Routing, TowerBank, initialise

N_TASKS, N_SHARED, OWN = 3, 2, (2, 1, 3)
SCALES = torch.tensor([1.0, 0.2, 5.0]).double()


def ple() -> MultiTaskModule:
    routing = PLERouting(
        in_width=5,
        n_tasks=N_TASKS,
        n_levels=2,
        n_shared_experts=N_SHARED,
        n_task_experts=OWN,
        expert_widths=[(11, 8), (6,)],
        activation="tanh",
    )
    return with_towers(routing)


def single_task() -> MultiTaskModule:
    return with_towers(
        SingleTaskRouting(in_width=5, n_tasks=N_TASKS, bottom_widths=(6,), activation="tanh")
    )


def shared_bottom() -> MultiTaskModule:
    return with_towers(
        SharedBottomRouting(in_width=5, n_tasks=N_TASKS, bottom_widths=(6,), activation="tanh")
    )


def with_towers(routing: Routing) -> MultiTaskModule:
    towers = TowerBank([1] * N_TASKS, in_width=6, widths=(4,), activation="tanh")
    net = MultiTaskModule(FeatureEncoder(n_numbers=5), routing, towers)
    initialise(net, torch.Generator().manual_seed(3))
    return net.double()


def losses(net: MultiTaskModule, absent: tuple[int, ...] = ()) -> Tensor:
    """Squared errors of three targets, of different scales."""
    generator = torch.Generator().manual_seed(4)
    x = torch.randn(23, 5, generator=generator).double()
    if routing_reads_copies(net):
        x = x[:, None].expand(-1, N_TASKS, -1)
    y = torch.randn(23, N_TASKS, generator=generator).double()
    each = (net.towers(net.routing(x)) - y).square().mean(0) * SCALES
    present = torch.tensor([task not in absent for task in range(N_TASKS)])
    return torch.where(present, each, 0.0)


def routing_reads_copies(net: MultiTaskModule) -> bool:
    return net.routing.own_encodings


def parameters(net: MultiTaskModule) -> list[nn.Parameter]:
    return list(net.parameters())


def plain_gradients(net: MultiTaskModule, task: int | None = None) -> list[Tensor]:
    """Of one loss, or of the sum."""
    each = losses(net)
    total = each.sum() if task is None else each[task]
    given = torch.autograd.grad(total, parameters(net), allow_unused=True, materialize_grads=True)
    return list(given)
