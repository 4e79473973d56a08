"""Single-task nets fitted together are the nets fitted apart, to the last step."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from drawn import IN_WIDTH, N_TASKS, ROUTINGS, draw, rows, towers
from torch import Tensor, nn

N_RAW = (1, 3, 2)
N_STEPS, BATCH, N = 9, 8, 40
Optimiser = Callable[[list[nn.Parameter]], torch.optim.Optimizer]

OPTIMISERS: dict[str, Optimiser] = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.1),
}


def _labels() -> list[Tensor]:
    generator = torch.Generator().manual_seed(8)
    return [torch.randn(N, n, generator=generator, dtype=torch.float64) for n in N_RAW]


def _outside() -> Tensor:
    """Rows outside each task's sample space; in every batch some are inside."""
    generator = torch.Generator().manual_seed(9)
    return torch.rand(N, N_TASKS, generator=generator) < 0.4


def _loss(raw: Tensor, target: Tensor, outside: Tensor) -> Tensor:
    each = (raw - target).square().mean(1)
    return torch.where(outside, 0.0, each).sum() / (~outside).sum()


def _batches() -> list[Tensor]:
    generator = torch.Generator().manual_seed(10)
    return [torch.randint(0, N, (BATCH,), generator=generator) for _ in range(N_STEPS)]


def _train_together(optimiser: Optimiser) -> list[Tensor]:
    routing = draw(ROUTINGS["SingleTask"])
    bank = towers(routing, N_RAW)
    step = optimiser([*routing.parameters(), *bank.parameters()])
    x, labels, outside = rows(n=N), _labels(), _outside()
    for index in _batches():
        step.zero_grad()
        parts = bank(routing(x[index])).split(N_RAW, dim=1)
        losses = [
            _loss(part, y[index], outside[index, k])
            for k, (part, y) in enumerate(zip(parts, labels, strict=True))
        ]
        torch.stack(losses).sum().backward()
        step.step()
    with torch.no_grad():
        return list(bank(routing(x)).split(N_RAW, dim=1))


def _plain_net(task: int) -> nn.Sequential:
    """torch's own layers with the initial values of one task's net."""
    routing = draw(ROUTINGS["SingleTask"])
    bank = towers(routing, N_RAW)
    start = sum(N_RAW[:task])
    layers: list[nn.Module] = []
    for experts in (routing.bottoms, bank.hidden):
        for weight, bias in zip(experts.weights, experts.biases, strict=True):
            layers += [_linear(weight[task], bias[task]), nn.Tanh()]
    last = slice(start, start + N_RAW[task])
    return nn.Sequential(*layers, _linear(bank.weight[last], bank.bias[last]))


@torch.no_grad()
def _linear(weight: Tensor, bias: Tensor) -> nn.Linear:
    layer = nn.Linear(weight.shape[1], weight.shape[0]).double()
    layer.weight.copy_(weight)
    layer.bias.copy_(bias)
    return layer


def _train_apart(task: int, optimiser: Optimiser) -> Tensor:
    net = _plain_net(task)
    step = optimiser(list(net.parameters()))
    x, y, outside = rows(n=N), _labels()[task], _outside()
    for index in _batches():
        step.zero_grad()
        _loss(net(x[index]), y[index], outside[index, task]).backward()
        step.step()
    with torch.no_grad():
        return net(x)


@pytest.mark.parametrize("name", OPTIMISERS)
def test_fitted_together_or_apart(name: str) -> None:
    together = _train_together(OPTIMISERS[name])
    for task in range(N_TASKS):
        apart = _train_apart(task, OPTIMISERS[name])
        torch.testing.assert_close(together[task], apart, rtol=1e-11, atol=1e-11)


def test_another_tasks_labels_have_no_say() -> None:
    """Exactly: the gradient of one task's net does not know what the others have to learn."""
    routing = draw(ROUTINGS["SingleTask"])
    x = torch.randn(N, IN_WIDTH, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    seen = []
    for factor in (1.0, -1000.0):
        out = routing(x)
        loss = out[:, 0].square().mean() + factor * (out[:, 1:] ** 3).mean()
        seen.append(torch.autograd.grad(loss, list(routing.parameters())))
    for one, other in zip(*seen, strict=True):
        assert torch.equal(one[0], other[0])
        assert not torch.equal(one[1], other[1])
