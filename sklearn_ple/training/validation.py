"""How well the net does on validation rows, in a way that early stopping can trust.

All of it follows from sums over rows: `validation_sums` gives those of some rows as one tensor, and
tensors of several parts are added up before the scores are read from them.
"""

from __future__ import annotations

import torch
from torch import Tensor

from sklearn_ple.training.criterion import MultiTaskLoss

_SHRINKAGES = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25)
_EXPLAINABLE = 1e-6
_PLAIN = _SHRINKAGES.index(1.0)
_NULL, _WEIGHT, _LABELS, _ROWS = range(len(_SHRINKAGES), len(_SHRINKAGES) + 4)
N_SUMS = len(_SHRINKAGES) + 4


def validation_sums(
    criterion: MultiTaskLoss, raw: Tensor, labels: Tensor, weights: Tensor
) -> Tensor:
    """What the scores of some rows follow from.

    Nets grow over-confident long before they stop to rank better, so plain deviance stops training
    too early on small sets. Here the raw outputs are also drawn towards the training baseline (or
    pushed away from it) by each of ten factors, for the score to choose from.

    Parameters
    ----------
    criterion : MultiTaskLoss
    raw : Tensor of shape (n, n_raw)
    labels, weights : Tensor of shape (n, n_tasks)

    Returns
    -------
    Tensor of shape (14, n_tasks), float64, on the CPU
        Weighted sums of losses at each factor and of the baseline, then the sum of weights and the
        numbers of labels and of rows.
    """
    inside = weights > 0
    baseline = criterion.baseline.to(raw).expand_as(raw)
    drawn = [raw if s == 1 else torch.lerp(baseline, raw, s) for s in _SHRINKAGES]
    losses = [criterion.row_losses(each, labels, inside) for each in (*drawn, baseline)]
    sums = [(weights * each).sum(0) for each in losses]
    n_rows = torch.full_like(sums[0], len(raw))
    return torch.stack([*sums, weights.sum(0), inside.sum(0).to(n_rows), n_rows]).cpu().double()


def explained_when_recalibrated(sums: Tensor) -> Tensor:
    """Share of deviance explained per task, at the factor of confidence that suits it best.

    Parameters
    ----------
    sums : Tensor of shape (14, n_tasks)
        From `validation_sums`.

    Returns
    -------
    Tensor of shape (n_tasks,)
        1 for perfect predictions, 0 for the training baseline, or for labels that the baseline
        predicts already, but for rounding; NaN for a task without labels.
    """
    null = _mean(sums, sums[_NULL])
    losses = _mean(sums, sums[: len(_SHRINKAGES)])
    best = torch.where(losses.isnan(), torch.inf, losses).amin(0)
    explainable = null > _EXPLAINABLE
    explained = 1 - best / torch.where(explainable, null, 1.0)
    return torch.where(explainable, explained, 0.0).masked_fill(sums[_LABELS] == 0, torch.nan)


def mean_losses(sums: Tensor) -> Tensor:
    """Weighted mean loss of each task, (n_tasks,), without any recalibration."""
    return _mean(sums, sums[_PLAIN])


def label_share(sums: Tensor) -> Tensor:
    """Share of rows that have a label of each task, (n_tasks,)."""
    return sums[_LABELS] / sums[_ROWS]


def stopping_score(explained: Tensor, label_share: Tensor) -> float:
    """One number to stop by: the mean over tasks, each by the root of its share of labels.

    With few validation labels a task's score is mostly noise and must not decide; with none it is
    NaN, and left out.
    """
    trust = label_share.sqrt()
    return float((trust * explained).nansum() / trust.sum())


def _mean(sums: Tensor, of: Tensor) -> Tensor:
    weight = sums[_WEIGHT]
    return of / torch.where(weight > 0, weight, 1.0)
