"""How well the net does on validation rows, in a way that early stopping can trust."""

from __future__ import annotations

import torch
from torch import Tensor

from sklearn_ple.training.criterion import MultiTaskLoss, masked_mean

_SHRINKAGES = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25)
_EXPLAINABLE = 1e-6


def explained_when_recalibrated(
    criterion: MultiTaskLoss, raw: Tensor, labels: Tensor, weights: Tensor
) -> Tensor:
    """Share of deviance explained per task, at the best of a few confidences.

    Nets grow over-confident long before they stop to rank better, so plain deviance stops training
    too early on small sets. Here the raw outputs are first drawn towards the training baseline (or
    pushed away from it) by whichever of ten factors suits the task.

    Parameters
    ----------
    criterion : MultiTaskLoss
    raw : Tensor of shape (n, n_raw)
    labels, weights : Tensor of shape (n, n_tasks)

    Returns
    -------
    Tensor of shape (n_tasks,)
        1 for perfect predictions, 0 for the training baseline; 0 for a task without labels, or
        with labels that the baseline predicts already, but for rounding.
    """
    inside = weights > 0
    baseline = criterion.baseline.to(raw).expand_as(raw)
    null = masked_mean(criterion.row_losses(baseline, labels, inside), weights)
    best = torch.full_like(null, torch.inf)
    for shrinkage in _SHRINKAGES:
        drawn = torch.lerp(baseline, raw, shrinkage)
        losses = masked_mean(criterion.row_losses(drawn, labels, inside), weights)
        best = torch.fmin(best, losses)
    explainable = null > _EXPLAINABLE
    explained = 1 - best / torch.where(explainable, null, 1.0)
    return torch.where(explainable, explained, 0.0)


def stopping_score(explained: Tensor, weights: Tensor) -> float:
    """One number to stop by: the mean over tasks, each by the root of its share of labels.

    With few validation labels a task's score is mostly noise and must not decide.
    """
    trust = (weights > 0).to(explained).mean(0).sqrt()
    return float((trust * explained).sum() / trust.sum())
