"""skorch callbacks of the user's own; interrupts; losses that run away."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from architecture_walk import ARCHITECTURES, over, small
from people import make_people
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted
from skorch.callbacks import (
    Callback,
    Checkpoint,
    EarlyStopping,
    EpochScoring,
    GradientNormClipping,
    LRScheduler,
)

from sklearn_ple import DivergenceError, PLEEstimator, PLERegressor

X, Y = make_people(157)
X_VAL, Y_VAL = make_people(61, seed=1)
VALIDATION = {"X_val": X_VAL, "y_val": Y_VAL}


class Recorder(Callback):
    """Count what happens."""

    def __init__(self, label: str = "mine", events: tuple[str, ...] = ()) -> None:
        self.label = label
        self.events = events

    def initialize(self) -> Recorder:
        self.counts_: dict[str, int] = {}
        return self

    def _count(self, name: str) -> None:
        self.counts_[name] = self.counts_.get(name, 0) + 1

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:
        self._count("train begin")

    def on_epoch_begin(self, net: Any, **kwargs: Any) -> None:
        self._count("epoch begin")

    def on_batch_begin(self, net: Any, **kwargs: Any) -> None:
        self._count("batch begin")

    def on_grad_computed(self, net: Any, **kwargs: Any) -> None:
        self._count("gradient")

    def on_batch_end(self, net: Any, training: bool = False, **kwargs: Any) -> None:
        self._count("step" if training else "batch end")

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        self._count("epoch end")

    def on_train_end(self, net: Any, **kwargs: Any) -> None:
        self._count("train end")


class Stop(Callback):
    """Press Ctrl-C after some step of an epoch."""

    def __init__(self, epoch: int, step: int) -> None:
        self.epoch = epoch
        self.step = step

    def on_batch_end(self, net: Any, **kwargs: Any) -> None:
        row = net.history[-1]
        if row["epoch"] == self.epoch and len(row["batches"]) == self.step:
            raise KeyboardInterrupt


@over(ARCHITECTURES)
def test_a_callback_of_ones_own_is_told_of_everything(cls) -> None:
    model = small(cls, batch_size=32, max_epochs=4, callbacks=[Recorder()]).fit(X, Y)
    ((name, fitted),) = model.callbacks_
    assert name == "Recorder"
    steps = 4 * -(-157 // 32)
    assert fitted.counts_ == {
        "train begin": 1,
        **dict.fromkeys(("epoch begin", "epoch end"), 4),
        **dict.fromkeys(("batch begin", "gradient", "step"), steps),
        "train end": 1,
    }


def test_given_callbacks_stay_as_they_were() -> None:
    given = [Recorder(), EarlyStopping(patience=2), LRScheduler("StepLR", step_size=1)]
    before = [copy.deepcopy(vars(callback)) for callback in given]
    settings = {"callbacks": given, "lr_schedule": "constant"}
    model = small(PLEEstimator, **settings).fit(X, Y, **VALIDATION)
    assert model.callbacks is given
    assert [vars(callback) for callback in given] == before
    for one, (_, other) in zip(given, model.callbacks_, strict=True):
        assert type(one) is type(other)
        assert one is not other
    small(PLEEstimator, **settings).fit(X, Y, **VALIDATION)
    clone(model).fit(X, Y, **VALIDATION)


def test_early_stopping_of_skorch() -> None:
    """By validation loss, against labels that contradict the training labels."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(131, 2))
    stop = EarlyStopping(monitor="valid_loss", patience=2, sink=lambda text: None)
    settings = {"batch_size": 16, "lr": 0.02, "max_epochs": 30, "patience": None}
    model = small(PLERegressor, callbacks=[stop], **settings)
    model.fit(x, x[:, 0], X_val=x, y_val=-x[:, 0])
    valid_loss = model.history_["valid_loss"]
    assert len(model.history_) == 1 + valid_loss.idxmin() + 2 < 30
    assert np.isfinite(model.predict(x)).all()


def test_early_stopping_of_skorch_without_validation_rows_watches_the_training_loss() -> None:
    stop = EarlyStopping(monitor="train_loss", patience=1, threshold=10, sink=lambda text: None)
    settings = {"threshold_mode": "abs"}
    stop.set_params(**settings)
    model = small(PLEEstimator, callbacks=[stop], max_epochs=30).fit(X, Y)
    assert len(model.history_) < 5


class Rates(Callback):
    """The learning rate of every step."""

    def initialize(self) -> Rates:
        self.rates_: list[float] = []
        return self

    def on_batch_end(self, net: Any, training: bool = False, **kwargs: Any) -> None:
        if training:
            self.rates_.append(net.optimizer_.param_groups[0]["lr"])


def test_a_schedule_of_skorch_rules_after_the_warm_up() -> None:
    settings = {"lr": 0.01, "lr_schedule": "constant", "max_epochs": 4, "batch_size": 40}
    halving = LRScheduler("StepLR", step_size=1, gamma=0.5)
    model = small(PLEEstimator, callbacks=[halving, Rates()], **settings).fit(X, Y)
    rates = np.reshape(model.callbacks_[1][1].rates_, (4, 4))  # 157 rows: four steps an epoch
    np.testing.assert_allclose(rates[0, 1:], 0.01)  # the first of 16 steps is the warm-up
    np.testing.assert_allclose(rates[1:], np.outer([0.005, 0.0025, 0.00125], np.ones(4)))
    np.testing.assert_allclose(model.history_["lr"], [0.01, 0.005, 0.0025, 0.00125])


def test_two_schedules_are_one_too_many() -> None:
    model = small(PLEEstimator, callbacks=[LRScheduler("StepLR", step_size=1)])
    with pytest.warns(UserWarning, match="over what the callback LRScheduler sets"):
        model.fit(X, Y)


def mean_price(net: Any, dataset: Any, y: Any = None) -> float:
    """Mean raw output of the second task, over whatever rows skorch hands over."""
    return float(net.raw_outputs(dataset.X)[:, net.module_.towers.n_tasks - 2].mean())


def test_scoring_of_skorch_with_a_callable() -> None:
    scoring = EpochScoring(mean_price, name="mean_price", use_caching=False)
    model = small(PLEEstimator, callbacks=[("price", scoring)]).fit(X, Y, **VALIDATION)
    assert np.isfinite(model.history_["mean_price"]).all()
    assert [name for name, _ in model.callbacks_] == ["price"]
    assert len(model.net_.history[:, "mean_price"]) == 3


def test_checkpoints_of_skorch_keep_the_epoch_of_least_validation_loss(tmp_path) -> None:
    keep = Checkpoint(dirname=str(tmp_path), f_optimizer=None, f_criterion=None, f_history=None)
    model = small(PLEEstimator, callbacks=[keep], max_epochs=5).fit(X, Y, **VALIDATION)
    rows = model.net_.history
    assert keep.monitor == "valid_loss_best"
    assert [row["valid_loss_best"] for row in rows] == [
        row["valid_loss"] < min([other["valid_loss"] for other in rows[:k]], default=np.inf)
        for k, row in enumerate(rows)
    ]
    assert (tmp_path / "params.pt").exists()
    assert not [name for name in model.history_ if str(name).endswith("_best")]


def test_clipped_gradients_of_skorch() -> None:
    """Gradients clipped to nothing leave the model at its start."""
    settings = {"optimizer": "sgd", "weight_decay": 0.0, "weight_averaging": None}
    clip = GradientNormClipping(gradient_clip_value=1e-12)
    model = small(PLEEstimator, callbacks=[clip], **settings).fit(X, Y)
    start = small(PLEEstimator, lr=1e-12, **settings).fit(X, Y)
    np.testing.assert_allclose(
        model.predict_frame(X)["spent"], start.predict_frame(X)["spent"], rtol=1e-5
    )


@over(ARCHITECTURES)
@pytest.mark.parametrize("validation", [{}, VALIDATION], ids=["alone", "with validation rows"])
def test_an_interrupt_reaches_the_caller_and_the_model_is_usable(cls, validation: Any) -> None:
    settings = {"batch_size": 32, "lr": 0.01, "max_epochs": 9}
    model = small(cls, callbacks=[Stop(epoch=3, step=2)], **settings)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y, **validation)
    check_is_fitted(model)
    frame = model.predict_frame(X)
    assert np.isfinite(frame["spent"]).all()
    assert model.history_["train_loss"].notna().sum() == 2
    assert model.best_epoch_ <= 3
    untrained = small(cls, lr=1e-12, max_epochs=1).fit(X, Y)
    assert model.score(X, Y) > untrained.score(X, Y)
    model.set_params(callbacks=None, warm_start=True, max_epochs=1).partial_fit(X, Y)
    assert np.isfinite(model.predict_frame(X)["spent"]).all()


def test_an_interrupt_in_the_first_step() -> None:
    model = small(PLEEstimator, callbacks=[Stop(epoch=1, step=1)])
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y, **VALIDATION)
    assert np.isfinite(model.predict_frame(X)["spent"]).all()


def test_an_interrupt_leaves_no_noise_behind() -> None:
    """Dropout is off and weights are the averaged ones, as after a fit that ended by itself."""
    model = small(PLEEstimator, callbacks=[Stop(epoch=3, step=1)], dropout=0.5, batch_size=32)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y)
    assert not model.module_.training
    pd.testing.assert_frame_equal(model.predict_frame(X), model.predict_frame(X))


@over(ARCHITECTURES)
def test_a_loss_that_runs_away_is_an_error_and_no_model(cls) -> None:
    model = small(cls, optimizer="sgd", lr=1e12)
    with pytest.raises(DivergenceError, match=r"diverged in epoch 1: the loss of .*'spent'"):
        model.fit(X, Y)
    with pytest.raises(NotFittedError):
        model.predict(X)


def test_a_fitted_model_does_not_survive_a_loss_that_runs_away() -> None:
    """Its net is full of NaN where training went on, and of other data where it began anew."""
    for settings in ({"warm_start": True}, {"warm_start": False}):
        model = small(PLEEstimator, optimizer="sgd", **settings).fit(X, Y)
        with pytest.raises(DivergenceError, match=r"diverged in epoch \d"):
            model.set_params(lr=1e12).fit(X, Y)
        with pytest.raises(NotFittedError):
            model.predict(X)
    model = small(PLEEstimator, optimizer="sgd").fit(X, Y)
    with pytest.raises(DivergenceError, match="diverged in epoch 4"):
        model.set_params(lr=1e12).partial_fit(X, Y)
    with pytest.raises(NotFittedError):
        model.predict(X)
    model.set_params(lr=0.01).fit(X, Y).predict(X)


def test_an_optimiser_of_ones_own() -> None:
    model = small(PLEEstimator, optimizer=torch.optim.NAdam).fit(X, Y)
    assert isinstance(model.net_.optimizer_, torch.optim.NAdam)
    assert np.isfinite(model.predict_frame(X)["spent"]).all()
