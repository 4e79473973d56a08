"""Gradients of the masked loss against finite differences, in float64."""

from __future__ import annotations

from collections.abc import Callable

import mixed_tasks as mixed
import numpy as np
import pytest
import torch
from torch import Tensor

from sklearn_ple.architectures import (
    CGCRouting,
    MMOERouting,
    PLERouting,
    SharedBottomRouting,
    SingleTaskRouting,
)
from sklearn_ple.nn import FeatureEncoder, MultiTaskModule, Routing, TowerBank, initialise
from sklearn_ple.tasks import TaskSet, read_targets
from sklearn_ple.training import MultiTaskLoss
from sklearn_ple.weighting import ExponentialWeighting, LossWeighting, StaticWeighting

N, NUMBERS = 19, 3
STEP = 1e-6


def _fitted(weighting: LossWeighting) -> tuple[MultiTaskLoss, TaskSet, tuple[Tensor, Tensor]]:
    """Fitted on some rows, and other rows with a third of the labels missing."""
    weight = mixed.weights(N)
    task_set, _ = mixed.fit_tasks(mixed.labels(31), mixed.weights(31))
    encoded = task_set.encode(read_targets(mixed.labels(N, seed=5)))
    return mixed.make_loss(task_set, weighting), task_set, mixed.as_tensors(encoded, weight)


def _differences(f: Callable[[], Tensor], at: Tensor, where: list[int]) -> list[float]:
    """Central differences of f by some entries of a tensor that it reads."""
    slopes = []
    flat = at.detach().view(-1)
    for i in where:
        kept = flat[i].item()
        values = []
        for sign in (1, -1):
            flat[i] = kept + sign * STEP
            values.append(f().item())
        flat[i] = kept
        slopes.append((values[0] - values[1]) / (2 * STEP))
    return slopes


@pytest.mark.parametrize("name", list(mixed.KINDS))
def test_of_one_task_by_raw_outputs(name: str) -> None:
    criterion, task_set, (labels, weights) = _fitted(StaticWeighting())
    k = task_set.names.index(name)
    raw = torch.from_numpy(mixed.draw_raw(N, task_set.n_raw)).requires_grad_()

    def loss() -> Tensor:
        return criterion.task_losses(raw, labels, weights)[k]

    (gradient,) = torch.autograd.grad(loss(), raw)
    with torch.no_grad():
        slopes = _differences(loss, raw, list(range(raw.numel())))
    np.testing.assert_allclose(gradient.flatten().numpy(), slopes, rtol=1e-6, atol=1e-9)
    foreign = np.ones(task_set.n_raw, dtype=bool)
    foreign[task_set.slices[k]] = False
    assert not gradient[:, torch.from_numpy(foreign)].any()
    assert not gradient[weights[:, k] == 0].any()


ROUTINGS: dict[str, Callable[..., Routing]] = {
    "single task": lambda **kw: SingleTaskRouting(bottom_widths=(6, 5), **kw),
    "shared bottom": lambda **kw: SharedBottomRouting(bottom_widths=(6, 5), **kw),
    "mmoe": lambda **kw: MMOERouting(n_experts=3, expert_widths=(6, 5), gate_bias=True, **kw),
    "cgc": lambda **kw: CGCRouting(
        n_shared_experts=2, n_task_experts=[1, 2, 0, 1, 1, 3, 1], expert_widths=(6,), **kw
    ),
    "ple": lambda **kw: PLERouting(
        n_levels=2,
        n_shared_experts=2,
        n_task_experts=[1, 2, 0, 1, 1, 3, 1],
        expert_widths=[(6, 4), (5,)],
        gate_bias=True,
        **kw,
    ),
}


def _module(name: str, task_set: TaskSet) -> tuple[MultiTaskModule, dict[str, Tensor]]:
    """Numbers, embedded numbers and both sorts of categories, through a smooth network."""
    encoder = FeatureEncoder(
        n_numbers=NUMBERS,
        n_knots=[4, 6],
        n_missing=1,
        one_hot=[(0.5, 0.5)],
        embedded=[(0.25, 0.5, 0.25)],
        number_width=2,
        category_width=3,
    )
    routing = ROUTINGS[name](in_width=encoder.out_width, n_tasks=len(task_set), activation="tanh")
    towers = TowerBank(
        [task.n_raw for task in task_set],
        in_width=routing.out_width,
        widths=(4,),
        activation="silu",
    )
    module = MultiTaskModule(encoder, routing, towers)
    initialise(module, torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(1)
    features = {
        "numbers": torch.randn(N, NUMBERS, generator=generator, dtype=torch.float64),
        "bins": torch.stack(
            [
                torch.randint(0, 3, (N,), generator=generator),
                torch.randint(4, 9, (N,), generator=generator),
            ],
            dim=1,
        ),
        "fractions": torch.rand(N, 2, generator=generator, dtype=torch.float64),
        "small_codes": torch.randint(0, 3, (N, 1), generator=generator),
        "codes": torch.randint(0, 4, (N, 1), generator=generator),
    }
    features["bins"][3, 1], features["fractions"][3, 1] = 10, 0.0  # a missing value
    return module.double(), features


@pytest.mark.parametrize("name", ROUTINGS)
def test_of_the_whole_by_every_parameter(name: str) -> None:
    weighting = ExponentialWeighting([1.5, 0.5, 1.0, 2.0, 0.7, 1.1, 0.9])
    criterion, task_set, y = _fitted(weighting)
    weighting.on_epoch_begin(3)
    module, features = _module(name, task_set)

    def loss() -> Tensor:
        return criterion(module(**features), y)

    rng = np.random.default_rng(0)
    parameters = dict(module.named_parameters())
    gradients = torch.autograd.grad(loss(), list(parameters.values()))
    for parameter, gradient in zip(parameters.values(), gradients, strict=True):
        some = rng.choice(parameter.numel(), size=min(4, parameter.numel()), replace=False)
        with torch.no_grad():
            slopes = _differences(loss, parameter, some.tolist())
        np.testing.assert_allclose(gradient.flatten()[some].numpy(), slopes, rtol=2e-6, atol=2e-8)
