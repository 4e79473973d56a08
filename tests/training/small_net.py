"""A small net over three tasks of different kinds, in float64 and without dropout."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import torch
from skorch.callbacks import Callback

from sklearn_ple.architectures import PLERouting
from sklearn_ple.nn import FeatureEncoder, MultiTaskModule, TowerBank, initialise
from sklearn_ple.tasks import Binary, Count, Regression, TaskSet, read_targets
from sklearn_ple.training import MultiTaskLoss, MultiTaskNet, RandomStreams, TensorData
from sklearn_ple.weighting import LossWeighting, StaticWeighting

N, N_NUMBERS = 53, 5
NAMES = ["click", "price", "visits"]
TASK_WEIGHTS = np.array([1.0, 0.5, 2.0])
CPU = torch.device("cpu")


def features(n: int = N, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, N_NUMBERS))


def labels(x: np.ndarray, seed: int = 1) -> np.ndarray:
    """Two thirds of the clicks, half of the prices and every count of visits."""
    rng = np.random.default_rng(seed)
    n = len(x)
    click = (x[:, 0] + rng.normal(size=n) > 0).astype(float)
    price = 100 + 10 * x[:, 1] + rng.normal(size=n)
    visits = rng.poisson(np.exp(0.5 * x[:, 2] + 0.5)).astype(float)
    click[::3] = np.nan
    price[1::2] = np.nan
    return np.column_stack([click, price, visits])


def task_set() -> TaskSet:
    y = labels(features())
    targets = read_targets(pd.DataFrame(y, columns=NAMES))
    return TaskSet.fit([Binary(), Regression(), Count()], targets, np.ones(y.shape))


def data(n: int = N, seed: int = 0) -> TensorData:
    """Rows, with weights that differ by row and task."""
    x = features(n, seed)
    weight = np.random.default_rng(2).uniform(0.5, 2.0, size=(n, len(NAMES)))
    encoded = task_set().encode(read_targets(pd.DataFrame(labels(x), columns=NAMES)))
    return TensorData.from_arrays({"numbers": x}, encoded, weight, dtype=torch.float64, device=CPU)


def module(seed: int = 3) -> MultiTaskModule:
    routing = PLERouting(
        in_width=N_NUMBERS,
        n_tasks=len(NAMES),
        n_levels=2,
        n_shared_experts=2,
        n_task_experts=(2, 1, 3),
        expert_widths=[(11, 8), (6,)],
        gate_bias=True,
        activation="tanh",
    )
    towers = TowerBank([1, 1, 1], in_width=6, widths=(4,), activation="tanh")
    net = MultiTaskModule(FeatureEncoder(n_numbers=N_NUMBERS), routing, towers)
    initialise(net, torch.Generator().manual_seed(seed))
    return net.double()


def criterion(weighting: LossWeighting | None = None) -> MultiTaskLoss:
    weighting = weighting or StaticWeighting()
    weighting.setup(NAMES)
    return MultiTaskLoss(task_set(), weighting, TASK_WEIGHTS).double()


def net(**options: Any) -> MultiTaskNet:
    """The engine as `fit` sets it up; options override."""
    settings: dict[str, Any] = {
        "task_names": NAMES,
        "streams": RandomStreams(np.random.RandomState(7), CPU),
        "precision": "float64",
        "optimizer": torch.optim.SGD,
        "lr": 0.05,
        "batch_size": 9,
        "device": "cpu",
    }
    return MultiTaskNet(module(), criterion(), **settings | options).initialize()


def parameters(of: MultiTaskNet) -> list[torch.Tensor]:
    return [p.detach().clone() for p in of.module_.parameters()]


class Recorder(Callback):
    """Keeps the weights after every step and every epoch, and the rate of every step."""

    def on_train_begin(self, net: MultiTaskNet, **kwargs: Any) -> None:
        self.start = parameters(net)
        self.steps: list[list[torch.Tensor]] = []
        self.epochs: list[list[torch.Tensor]] = []
        self.rates: list[float] = []

    def on_grad_computed(self, net: MultiTaskNet, *args: Any, **kwargs: Any) -> None:
        self.rates.append(net.optimizer_.param_groups[0]["lr"])

    def on_batch_end(self, net: MultiTaskNet, **kwargs: Any) -> None:
        self.steps.append(parameters(net))

    def on_epoch_end(self, net: MultiTaskNet, **kwargs: Any) -> None:
        self.epochs.append(parameters(net))
