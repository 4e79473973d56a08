"""What an architecture adds to the loss: in the loss and the gradients exactly that, no more."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import small_net
import torch
from skorch.callbacks import Callback
from torch import Tensor

from sklearn_ple.nn import Coupling, MultiTaskModule
from sklearn_ple.training import MultiTaskNet
from sklearn_ple.weighting import WEIGHTINGS, ExponentialWeighting, LossWeighting

LR = 0.05


class Gradients(Callback):
    """Keeps every parameter's gradient after each backward pass."""

    def on_train_begin(self, net: MultiTaskNet, **kwargs: object) -> None:
        self.steps: list[dict[str, Tensor]] = []

    def on_grad_computed(self, net: MultiTaskNet, *args: object, **kwargs: object) -> None:
        named = net.module_.named_parameters()
        self.steps.append({name: p.grad.clone() for name, p in named if p.grad is not None})


class Shrunk(Coupling):
    """Outputs as they are, at a price that grows with their squares."""

    def forward(self, raw: Tensor) -> Tensor:
        return raw

    def penalty(self, raw: Tensor) -> Tensor:
        return 0.3 * raw.square().sum()


def first_step(
    change: Callable[[MultiTaskModule], None], weighting: LossWeighting | None = None
) -> tuple[float, dict[str, Tensor], MultiTaskModule]:
    """Loss and gradients of the one batch, and the module as it was before its step."""
    module = small_net.module()
    change(module)
    gradients = Gradients()
    net = small_net.net(batch_size=small_net.N, callbacks=[gradients], lr=1e-12)
    net.set_params(module=module, criterion=small_net.criterion(weighting)).initialize()
    net.train(small_net.data(), None, epochs=1, engine_callbacks=[])
    ((_, recorded),) = net.callbacks_
    return net.history[-1, "train_loss"], recorded.steps[0], module


def nothing(module: MultiTaskModule) -> None:
    """No penalty."""


def squares_of_experts(module: MultiTaskModule) -> None:
    weight = module.routing.levels[1].experts.weights[0]
    module.routing.penalty = lambda: 0.7 * weight.square().sum()


def of_outputs(module: MultiTaskModule) -> None:
    module.coupling = Shrunk()


def both(module: MultiTaskModule) -> None:
    squares_of_experts(module)
    of_outputs(module)


def raw_outputs(module: MultiTaskModule) -> Tensor:
    return module(**small_net.data().X)


def plus(before: dict[str, Tensor], penalty: Tensor, module: MultiTaskModule) -> dict[str, Tensor]:
    names, parameters = zip(*module.named_parameters(), strict=True)
    own = torch.autograd.grad(penalty, parameters, allow_unused=True, materialize_grads=True)
    return {name: before[name] + mine for name, mine in zip(names, own, strict=True)}


@pytest.mark.parametrize("change", [squares_of_experts, of_outputs, both])
def test_loss_and_gradients_grow_by_exactly_the_penalty(
    change: Callable[[MultiTaskModule], None],
) -> None:
    loss, gradients, _ = first_step(nothing)
    with_it, and_its, module = first_step(change)
    penalty = module.penalty(raw_outputs(module))
    assert penalty is not None
    assert with_it - loss == pytest.approx(penalty.item(), rel=1e-9)
    for name, expected in plus(gradients, penalty, module).items():
        torch.testing.assert_close(and_its[name], expected, rtol=1e-9, atol=1e-12)


def test_by_hand_a_penalty_of_squares() -> None:
    _, gradients, module = first_step(nothing)
    _, and_its, _ = first_step(squares_of_experts)
    name = "routing.levels.1.experts.weights.0"
    added = and_its[name] - gradients[name]
    torch.testing.assert_close(added, 1.4 * module.get_parameter(name).detach())
    for other in gradients.keys() - {name}:
        torch.testing.assert_close(and_its[other], gradients[other], rtol=0, atol=0)


@pytest.mark.parametrize("name", [*WEIGHTINGS, "exponential"])
def test_no_weighting_weighs_it(name: str) -> None:
    """The gradients of the tasks are what they are without it, those of the penalty plain."""

    def weighting() -> LossWeighting:
        return ExponentialWeighting(0.5) if name == "exponential" else WEIGHTINGS[name]()

    _, gradients, _ = first_step(nothing, weighting())
    _, and_its, module = first_step(both, weighting())
    penalty = module.penalty(raw_outputs(module))
    assert penalty is not None
    for parameter, expected in plus(gradients, penalty, module).items():
        torch.testing.assert_close(and_its[parameter], expected, rtol=1e-7, atol=1e-10)


def test_without_one_there_is_none() -> None:
    module = small_net.module()
    assert module.penalty(raw_outputs(module)) is None


def test_it_is_no_tasks_loss() -> None:
    """`loss/…` in the history is the tasks' alone."""
    records = []
    for change in (nothing, both):
        net = small_net.net(lr=1e-12)
        module = small_net.module()
        change(module)
        net.set_params(module=module).initialize()
        net.train(small_net.data(), None, epochs=1, engine_callbacks=[])
        records.append([net.history[-1, f"loss/{name}"] for name in small_net.NAMES])
    assert records[0] == pytest.approx(records[1], rel=1e-9)
