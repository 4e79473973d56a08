"""The engine trains exactly as a plain PyTorch loop over the same module and batches does."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import small_net
import torch
from small_net import NAMES, TASK_WEIGHTS, N, Recorder
from torch import Tensor, nn
from torch.nn import functional

from sklearn_ple.training import LearningRateSchedule, RandomStreams, WeightAveraging

N_EPOCHS, BATCH, LR, DECAY, WEIGHT_DECAY = 4, 9, 0.05, 0.8, 0.1
N_BATCHES = -(-N // BATCH)
LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "click": lambda z, y: functional.binary_cross_entropy_with_logits(z, y, reduction="none"),
    "price": lambda z, y: (z - y).square(),
    "visits": lambda z, y: z.exp() - y * z + torch.xlogy(y, y) - y,
}


def _loss(raw: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """Task by task, on its own rows."""
    total = raw.new_zeros(())
    for k, task in enumerate(small_net.task_set()):
        rows = weights[:, k] > 0
        out, y, w = raw[rows, k], labels[rows, k], weights[rows, k]
        each = LOSSES[NAMES[k]](out, y)
        total = total + TASK_WEIGHTS[k] * (w * each).sum() / w.sum() / task.null_deviance_
    return total


def _batches() -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """The rows in the order that the fit's own generator draws."""
    data = small_net.data()
    order = RandomStreams(np.random.RandomState(7), small_net.CPU).order
    for _ in range(N_EPOCHS):
        permuted = torch.randperm(N, generator=order)
        for index in np.array_split(permuted.numpy(), N_BATCHES):
            yield data.X["numbers"][index], data.y[0][index], data.y[1][index]


def _groups(module: nn.Module) -> list[dict[str, object]]:
    """Weight decay on weight matrices, none on biases."""
    named = list(module.named_parameters())
    biases = [p for name, p in named if "bias" in name]
    matrices = [p for name, p in named if "bias" not in name]
    assert len(biases) + len(matrices) == len(named)
    return [
        {"params": matrices, "weight_decay": WEIGHT_DECAY},
        {"params": biases, "weight_decay": 0.0},
    ]


OPTIMISERS = {
    "sgd": (torch.optim.SGD, {"momentum": 0.9}),
    "adamw": (torch.optim.AdamW, {"betas": (0.9, 0.99)}),
}


@pytest.mark.parametrize("name", OPTIMISERS)
def test_plain_training(name: str) -> None:
    kind, options = OPTIMISERS[name]
    net = small_net.net(
        optimizer=kind,
        lr=LR,
        batch_size=BATCH,
        weight_decay=WEIGHT_DECAY,
        **{f"optimizer__{option}": value for option, value in options.items()},
    )
    net.train(small_net.data(), None, epochs=N_EPOCHS, engine_callbacks=[])

    module = small_net.module()
    optimiser = kind(_groups(module), lr=LR, **options)
    for x, labels, weights in _batches():
        optimiser.zero_grad()
        _loss(module(numbers=x), labels, weights).backward()
        optimiser.step()

    x = torch.from_numpy(small_net.features(31, seed=9))
    with torch.no_grad():
        expected = module(numbers=x)
    torch.testing.assert_close(
        net.raw_outputs({"numbers": x}).clone(), expected, rtol=1e-12, atol=1e-12
    )


@pytest.mark.parametrize("schedule", ["cosine", "linear", "constant"])
def test_with_schedule_and_averaged_weights(schedule: str) -> None:
    n_steps = N_EPOCHS * N_BATCHES
    course = LearningRateSchedule(schedule, n_steps, warm_up=0.2)
    net = small_net.net(lr=LR, batch_size=BATCH)
    net.train(
        small_net.data(),
        None,
        epochs=N_EPOCHS,
        engine_callbacks=[("schedule", course), ("averaging", WeightAveraging(DECAY))],
    )

    module = small_net.module()
    average = [p.detach().clone() for p in module.parameters()]
    for step, (x, labels, weights) in enumerate(_batches()):
        gradients = torch.autograd.grad(
            _loss(module(numbers=x), labels, weights), list(module.parameters())
        )
        decay = min(DECAY, (1 + step) / (10 + step))
        with torch.no_grad():
            for p, g, a in zip(module.parameters(), gradients, average, strict=True):
                p -= LR * course.factor(step) * g
                a.mul_(decay).add_((1 - decay) * p)
    for got, expected in zip(small_net.parameters(net), average, strict=True):
        torch.testing.assert_close(got, expected, rtol=1e-11, atol=1e-12)


def test_every_step_is_reported() -> None:
    recorder = Recorder()
    net = small_net.net(batch_size=BATCH, callbacks=[("recorder", recorder)])
    net.train(small_net.data(), None, epochs=N_EPOCHS, engine_callbacks=[])
    seen = dict(net.callbacks_)["recorder"]
    assert len(seen.steps) == len(seen.rates) == N_EPOCHS * N_BATCHES
    assert len(seen.epochs) == N_EPOCHS
    for kept, now in zip(seen.epochs[-1], small_net.parameters(net), strict=True):
        assert torch.equal(kept, now)


def test_raw_outputs_do_not_depend_on_the_chunks() -> None:
    net = small_net.net()
    x = {"numbers": torch.from_numpy(small_net.features(31, seed=9))}
    whole = net.raw_outputs(x)
    for chunk in (1, 7, 31, 100):
        torch.testing.assert_close(net.raw_outputs(x, chunk), whole, rtol=1e-13, atol=1e-13)


def test_raw_outputs_move_features_to_the_nets_device() -> None:
    """On the device without memory, where nothing is computed but everything has a place."""
    net = small_net.net()
    net.module_.to("meta")
    net.device = "meta"
    x = {"numbers": torch.from_numpy(small_net.features(31, seed=9))}
    assert net.raw_outputs(x).device.type == "meta"
