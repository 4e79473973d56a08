"""`BestWeights`: score each epoch on validation rows, keep the best, stop when it stays best."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import torch
from skorch import NeuralNet
from skorch.callbacks import Callback
from torch import Tensor

from sklearn_ple.training.callbacks.averaging import WeightAveraging
from sklearn_ple.training.tensor_data import TensorData
from sklearn_ple.training.validation import explained_when_recalibrated, stopping_score


class BestWeights(Callback):
    """Early stopping by the share of deviance explained, with the best weights given back.

    Parameters
    ----------
    patience : int or None
        Epochs without improvement after which training stops; None never stops.
    averaging : WeightAveraging or None
        Whose averaged weights are scored and kept.
    min_delta : float
        Least improvement that counts.
    """

    def __init__(
        self, patience: int | None, averaging: WeightAveraging | None, min_delta: float = 1e-5
    ) -> None:
        self.patience = patience
        self.averaging = averaging
        self.min_delta = min_delta

    def on_train_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        self.best_epoch_: int | None = None
        self._best_score = -float("inf")
        self._best: list[Tensor] = []

    def on_epoch_end(
        self, net: NeuralNet, dataset_valid: TensorData | None = None, **kwargs: Any
    ) -> None:
        if dataset_valid is None:
            return
        with self.averaging.applied() if self.averaging else nullcontext():
            score = self._score(net, dataset_valid)
            epoch = net.history[-1, "epoch"]
            if score > self._best_score + self.min_delta:
                self._best_score, self.best_epoch_ = score, epoch
                self._best = [p.detach().clone() for p in net.module_.parameters()]
        best = self.best_epoch_ or 0
        if self.patience is not None and epoch - best >= self.patience:
            net.stop_requested_ = True

    def _score(self, net: NeuralNet, data: TensorData) -> float:
        raw = net.raw_outputs(data.X)
        labels, weights = (tensor.to(raw.device) for tensor in data.y)
        explained = explained_when_recalibrated(net.criterion_, raw, labels, weights)
        losses = net.criterion_.task_losses(raw, labels, weights)
        score = stopping_score(explained, weights)
        loss = (losses * net.criterion_.task_weights).sum()
        net.history.record("valid_loss", float(loss))
        net.history.record("score", score)
        for name, value in zip(net.task_names, explained.tolist(), strict=True):
            net.history.record(f"score/{name}", value)
        return score

    @torch.no_grad()
    def on_train_end(self, net: NeuralNet, **kwargs: Any) -> None:
        for parameter, best in zip(net.module_.parameters(), self._best, strict=False):
            parameter.copy_(best)
        self._best = []
