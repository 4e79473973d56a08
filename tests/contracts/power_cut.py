"""Fits that end in the middle of an epoch, and all that two fits must have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from architecture_walk import small
from skorch.callbacks import Callback

from sklearn_ple.base import MultiTaskEstimator

BUSY: dict[str, Any] = {"batch_size": 32, "lr": 0.01, "dropout": 0.3, "max_epochs": 5}


class PowerCutError(Exception):
    """The current is off."""


class PowerCut(Callback):
    """Raise in an epoch's second step, when all generators have been drawn from again."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def on_batch_end(self, net: Any, **kwargs: Any) -> None:
        row = net.history[-1]
        if row["epoch"] == self.epoch and len(row["batches"]) == 2:
            raise PowerCutError


def cut_short(model: MultiTaskEstimator, epoch: int, *data: Any, **fit_params: Any) -> None:
    """Begin a fit that ends in this epoch, and forget the model."""
    callbacks = model.callbacks
    try:
        model.set_params(callbacks=[*(callbacks or []), PowerCut(epoch)]).fit(*data, **fit_params)
    except PowerCutError:
        return
    raise AssertionError(f"the fit ended before epoch {epoch}")


def resumed(
    cls: type[MultiTaskEstimator],
    folder: Path,
    *data: Any,
    epoch: int = 4,
    fit_params: dict[str, Any] | None = None,
    **settings: Any,
) -> MultiTaskEstimator:
    """A fit in two runs, as if by two processes: no object of the first is in the second."""
    fit_params = fit_params or {}
    settings = BUSY | settings | {"checkpoint_dir": folder}
    cut_short(small(cls, **settings), epoch, *data, **fit_params)
    return small(cls, **settings).fit(*data, **fit_params, resume=True)


def without_seconds(model: MultiTaskEstimator) -> list[dict[str, Any]]:
    return [{k: v for k, v in row.items() if k != "seconds"} for row in model.net_.history]


def assert_same(
    one: MultiTaskEstimator, other: MultiTaskEstimator, X: Any, *, batches: bool = True
) -> None:
    """To the last bit: predictions, weights, history, and the state of all that goes on."""
    pd.testing.assert_frame_equal(one.predict_frame(X), other.predict_frame(X), check_exact=True)
    for name in ("module_", "criterion_", "optimizer_", "streams"):
        assert_same_state(getattr(one.net_, name).state_dict(), getattr(other.net_, name))
    assert not batches or without_seconds(one) == without_seconds(other)
    assert one.best_epoch_ == other.best_epoch_
    pd.testing.assert_frame_equal(
        one.history_.drop(columns="seconds"), other.history_.drop(columns="seconds")
    )


def assert_same_state(one: Any, other: Any) -> None:
    other = other.state_dict() if hasattr(other, "state_dict") else other
    assert type(one) is type(other)
    if isinstance(one, torch.Tensor):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one.float().numpy(), other.float().numpy())
        assert torch.equal(one, other) or one.isnan().any()
    elif isinstance(one, dict):
        assert list(one) == list(other)
        for name in one:
            assert_same_state(one[name], other[name])
    elif isinstance(one, list | tuple):
        assert len(one) == len(other)
        for each, its in zip(one, other, strict=True):
            assert_same_state(each, its)
    else:
        assert one == other
