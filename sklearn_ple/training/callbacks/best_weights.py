"""`BestWeights`: score each epoch on validation rows, keep the best, stop when it stays best."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import torch
from skorch import NeuralNet
from skorch.callbacks import Callback
from torch import Tensor

from sklearn_ple.training.callbacks.averaging import WeightAveraging
from sklearn_ple.training.row_data import RowData
from sklearn_ple.training.validation import (
    N_SUMS,
    explained_when_recalibrated,
    label_share,
    mean_losses,
    stopping_score,
    validation_sums,
)


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
        self.best_epoch_: int | None = None

    def on_train_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        self.best_epoch_ = None
        self._best_score = -float("inf")
        self._best: list[Tensor] = []

    def on_epoch_end(
        self, net: NeuralNet, dataset_valid: RowData | None = None, **kwargs: Any
    ) -> None:
        if dataset_valid is None:
            return
        with self.averaging.applied() if self.averaging else nullcontext():
            score = self._score(net, dataset_valid)
            epoch = net.history[-1, "epoch"]
            if score > self._best_score + self.min_delta:
                self._best_score, self.best_epoch_ = score, epoch
                self._best = [p.detach().clone() for p in net.module_.parameters()]
        if self.is_out_of_patience(epoch):
            net.stop_requested_ = True

    def is_out_of_patience(self, epoch: int) -> bool:
        """Whether the best of all epochs up to this one lies too long ago.

        Never while no epoch could be scored, as the rows held out have no label.
        """
        if self.patience is None or self.best_epoch_ is None:
            return False
        return epoch - self.best_epoch_ >= self.patience

    def _score(self, net: NeuralNet, data: RowData) -> float:
        sums = _sums(net, data)
        explained = explained_when_recalibrated(sums)
        score = stopping_score(explained, label_share(sums))
        loss = (mean_losses(sums) * net.criterion_.task_weights.to(sums)).sum()
        net.record_loss("valid_loss", float(loss))
        net.history.record("score", score)
        for name, value in zip(net.task_names, explained.tolist(), strict=True):
            net.history.record(f"score/{name}", value)
        return score

    def state_dict(self) -> dict[str, Any]:
        """The best epoch so far with its score and weights, while training lasts."""
        return {"epoch": self.best_epoch_, "score": self._best_score, "weights": self._best}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a state, once training has begun."""
        self.best_epoch_, self._best_score = state["epoch"], state["score"]
        self._best = state["weights"]

    @torch.no_grad()
    def on_train_end(self, net: NeuralNet, **kwargs: Any) -> None:
        for parameter, best in zip(net.module_.parameters(), self._best, strict=False):
            parameter.copy_(best)
        self._best = []


def _sums(net: NeuralNet, data: RowData) -> Tensor:
    """What the scores of all rows follow from, added up over parts and over processes."""
    sums: Tensor | None = None
    for features, (labels, weights) in data.chunks(net.share):
        raw = net.raw_outputs(features)
        part = validation_sums(net.criterion_, raw, labels.to(raw.device), weights.to(raw.device))
        sums = part if sums is None else sums + part
    if net.group is not None:
        nothing = torch.zeros(N_SUMS, len(net.task_names), dtype=torch.float64)
        sums = net.group.add_up((nothing if sums is None else sums).to(net.device)).cpu()
    assert sums is not None, "held-out rows are never empty"
    return sums.to(net.criterion_.scale.dtype)
