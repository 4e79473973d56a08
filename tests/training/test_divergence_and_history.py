"""What is written down each epoch, and that a loss which is no number ends the fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import small_net
import torch
from sklearn.exceptions import NotFittedError
from small_net import NAMES, TASK_WEIGHTS

from sklearn_ple.architectures import SharedBottomEstimator
from sklearn_ple.training import DivergenceError, DivergenceGuard

N = 130


def _estimator(**options: Any) -> SharedBottomEstimator:
    sizes = {"bottom_widths": (6,), "tower_widths": (), "batch_size": 32, "max_epochs": 3}
    return SharedBottomEstimator(**sizes | {"random_state": 0, "device": "cpu"} | options)


def _data(n: int = N) -> tuple[np.ndarray, pd.DataFrame]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 4))
    y = pd.DataFrame({"price": X[:, 0] + rng.normal(size=n), "click": np.arange(n) % 2})
    y.loc[::3, "price"] = np.nan
    return X, y


def test_losses_of_an_epoch_are_means_over_labels_not_over_batches() -> None:
    """With a rate of zero nothing moves, so the epoch's loss is that of all rows at once."""
    net, data = small_net.net(lr=0.0), small_net.data()
    net.train(data, None, epochs=1, engine_callbacks=[])
    losses = net.criterion_.task_losses(net.raw_outputs(data.X), *data.y)
    for name, loss in zip(NAMES, losses.tolist(), strict=True):
        assert net.history[-1, f"loss/{name}"] == pytest.approx(loss, rel=1e-12)


def test_the_engines_own_columns() -> None:
    net = small_net.net(lr=0.05)
    net.train(small_net.data(), None, epochs=2, engine_callbacks=[])
    assert net.history[:, "epoch"] == [1, 2]
    assert net.history[-1, "train_batch_count"] == 6
    assert [row["train_batch_size"] for row in net.history[-1, "batches"]] == [9] * 5 + [8]
    for name, weight in zip(NAMES, TASK_WEIGHTS, strict=True):
        assert net.history[:, f"weight/{name}"] == [weight] * 2


@pytest.mark.parametrize("early_stopping", [False, True])
def test_the_columns_of_history(early_stopping: bool) -> None:
    model = _estimator(early_stopping=early_stopping, task_weights=None).fit(*_data())
    history = model.history_
    expected = {"epoch", "train_loss", "lr", "seconds"}
    expected |= {f"{kind}/{name}" for kind in ("loss", "weight") for name in ("price", "click")}
    if early_stopping:
        expected |= {"valid_loss", "score", "score/price", "score/click"}
    assert expected <= set(history.columns)
    assert ("score" in history) == early_stopping
    assert history["epoch"].tolist() == [1, 2, 3]
    assert (history["seconds"] > 0).all()
    assert (history[["weight/price", "weight/click"]] == 1).all(axis=None)
    assert 1 <= model.best_epoch_ <= 3
    if early_stopping:
        assert model.best_epoch_ == history["score"].argmax() + 1


def test_losses_start_near_the_best_constant_and_fall() -> None:
    history = _estimator(max_epochs=20, lr=0.01).fit(*_data()).history_
    assert history["loss/price"].iloc[0] < 1.5
    assert history["loss/price"].iloc[-1] < history["loss/price"].iloc[0]


def test_a_diverging_fit_is_an_error_that_names_epoch_and_tasks() -> None:
    model = _estimator(optimizer="sgd", lr=1e12, tasks=["regression", "binary"])
    with pytest.raises(DivergenceError, match=r"epoch 1: the loss of \['price'"):
        model.fit(*_data())
    with pytest.raises(NotFittedError):
        model.predict(_data()[0])


def test_a_later_epoch_is_named() -> None:
    """The second epoch's labels are spoilt behind the net's back."""
    data = small_net.data()

    class _Spoil(DivergenceGuard):
        def on_epoch_begin(self, net: Any, **kwargs: Any) -> None:
            if len(net.history) == 2:
                data.y[0][:, 1] = torch.inf

    net = small_net.net()
    with pytest.raises(DivergenceError, match=r"epoch 2: the loss of \[.*'price'"):
        net.train(data, None, epochs=5, engine_callbacks=[("guard", _Spoil())])


def test_an_arithmetic_error_to_those_who_catch_such() -> None:
    assert issubclass(DivergenceError, ArithmeticError)


def test_the_last_step_of_all_may_not_leave_a_broken_net() -> None:
    """One epoch of one step: its loss was fine, and only then did the weights explode."""
    model = _estimator(
        optimizer="sgd",
        lr=1e25,
        lr_schedule="constant",
        max_epochs=1,
        batch_size=N,
        early_stopping=False,
        weight_averaging=None,
        tasks=["regression", "binary"],
    )
    with pytest.raises(DivergenceError, match="epoch 1: the outputs after its last step"):
        model.fit(*_data())
