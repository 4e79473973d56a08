"""What people write without this package: PLE as loops over experts, in a plain skorch net."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from skorch import NeuralNet
from torch import Tensor, nn


class LoopPLE(nn.Module):
    """PLE with one `nn.Sequential` an expert, one `nn.Linear` a gate, and loops over both.

    Parameters
    ----------
    in_width : int
    n_tasks, n_shared, n_own : int
        Tasks, shared experts and experts of each task.
    widths : sequence of int
        One expert layer per level.
    tower_width : int
    """

    def __init__(
        self,
        in_width: int,
        *,
        n_tasks: int,
        n_shared: int,
        n_own: int,
        widths: Sequence[int],
        tower_width: int,
    ) -> None:
        super().__init__()
        self.levels = nn.ModuleList()
        for j, width in enumerate(widths):
            sizes = [n_own] * n_tasks + [n_shared]
            level = nn.ModuleDict(
                {
                    "experts": nn.ModuleList(
                        nn.ModuleList(
                            nn.Sequential(nn.Linear(in_width, width), nn.ReLU()) for _ in range(m)
                        )
                        for m in sizes
                    ),
                    "gates": nn.ModuleList(
                        nn.Linear(in_width, n_own + n_shared, bias=False) for _ in range(n_tasks)
                    ),
                }
            )
            if j < len(widths) - 1:
                level["gates"].append(nn.Linear(in_width, sum(sizes), bias=False))
            self.levels.append(level)
            in_width = width
        self.towers = nn.ModuleList(
            nn.Sequential(nn.Linear(in_width, tower_width), nn.ReLU(), nn.Linear(tower_width, 1))
            for _ in range(n_tasks)
        )

    def forward(self, X: Tensor) -> Tensor:
        n_tasks = len(self.towers)
        streams = [X] * (n_tasks + 1)
        for level in self.levels:
            outputs = [
                [expert(x) for expert in group]
                for group, x in zip(level["experts"], streams, strict=True)
            ]
            mixed = []
            for k, gate in enumerate(level["gates"]):
                if k < n_tasks:
                    candidates = outputs[k] + outputs[-1]
                else:
                    candidates = [e for group in outputs for e in group]
                weights = torch.softmax(gate(streams[k]), dim=1).unsqueeze(2)
                mixed.append((weights * torch.stack(candidates, dim=1)).sum(1))
            streams = mixed
        parts = [tower(x) for tower, x in zip(self.towers, streams, strict=False)]
        return torch.cat(parts, dim=1)


class MixedLoss(nn.Module):
    """Cross-entropy of the even columns plus squared error of the odd ones."""

    def forward(self, raw: Tensor, y: Tensor) -> Tensor:
        binary = nn.functional.binary_cross_entropy_with_logits(raw[:, ::2], y[:, ::2])
        return binary + nn.functional.mse_loss(raw[:, 1::2], y[:, 1::2])


def plain_net(module: nn.Module, batch_size: int, lr: float = 1e-3) -> NeuralNet:
    """skorch as its documentation shows it: default loader, shuffled, no validation split."""
    net = NeuralNet(
        module,
        MixedLoss,
        optimizer=torch.optim.Adam,
        lr=lr,
        batch_size=batch_size,
        max_epochs=1,
        train_split=None,
        iterator_train__shuffle=True,
        verbose=0,
    )
    return net.initialize()


def plain_predict(net: NeuralNet, X: np.ndarray) -> np.ndarray:
    """Raw outputs by skorch's own prediction loop."""
    return net.forward(X).numpy()
