"""`fit`: validation rows of one's own, the start, history and best epoch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from architecture_walk import ARCHITECTURES, MIXED, eager, over, small
from people import make_people
from skorch.callbacks import Callback

from sklearn_ple import (
    ExponentialWeighting,
    PLEEstimator,
    PLERegressor,
)

RNG = np.random.default_rng(0)
X, Y = make_people(157)
X_VAL, Y_VAL = make_people(61, seed=1)
NAMES = ["bought", "spent", "shade"]


@over(ARCHITECTURES)
def test_rows_to_stop_by(cls) -> None:
    """Their scores are in the history, and they are no training rows."""
    weight = RNG.uniform(0.5, 2, 61)
    fit = eager(cls, max_epochs=4).fit
    model = fit(X, Y, X_val=X_VAL, y_val=Y_VAL, sample_weight_val=weight)
    columns = {"valid_loss", "score", *(f"score/{name}" for name in NAMES)}
    assert columns <= set(model.history_)
    assert "score" not in small(cls).fit(X, Y).history_
    best = model.history_["score"].idxmax()
    assert model.best_epoch_ == model.history_["epoch"][best]


class Weights(Callback):
    """Keep the module's parameters at the end of every epoch."""

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:
        self.epochs_: list[list[torch.Tensor]] = []

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        self.epochs_.append(parameters(net.module_))


def parameters(module: torch.nn.Module) -> list[torch.Tensor]:
    return [parameter.detach().clone() for parameter in module.parameters()]


def test_validation_rows_do_not_teach() -> None:
    settings = {"callbacks": [Weights()], "patience": None, "weight_averaging": None}
    held_out = small(PLEEstimator, **settings).fit(X, Y, X_val=X_VAL, y_val=Y_VAL)
    alone = small(PLEEstimator, **settings).fit(X, Y)
    for epochs in zip(
        held_out.callbacks_[0][1].epochs_, alone.callbacks_[0][1].epochs_, strict=True
    ):
        for one, other in zip(*epochs, strict=True):
            assert torch.equal(one, other)


def test_validation_weights_count() -> None:
    fit = small(PLEEstimator).fit
    plain = fit(X, Y, X_val=X_VAL, y_val=Y_VAL).history_["score"].tolist()
    ones = fit(X, Y, X_val=X_VAL, y_val=Y_VAL, sample_weight_val=np.ones(61)).history_["score"]
    half = (np.arange(61) < 30).astype(float)
    weighted = fit(X, Y, X_val=X_VAL, y_val=Y_VAL, sample_weight_val=half).history_["score"]
    fewer = fit(X, Y, X_val=X_VAL[:30], y_val=Y_VAL[:30]).history_["score"]
    assert ones.tolist() == plain
    assert weighted.tolist() == pytest.approx(fewer.tolist())
    assert weighted.tolist() != pytest.approx(plain)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"X_val": X_VAL}, ValueError, "X_val and y_val must be given together"),
        ({"y_val": Y_VAL}, ValueError, "X_val and y_val must be given together"),
        ({"X_val": X_VAL, "y_val": Y_VAL[:60]}, ValueError, "X_val has 61, y_val has 60"),
        ({"X_val": X_VAL.iloc[:, ::-1], "y_val": Y_VAL}, ValueError, "in the same order"),
        (
            {"X_val": X_VAL, "y_val": Y_VAL, "sample_weight_val": -np.ones(61)},
            ValueError,
            "negative, NaN or infinite",
        ),
        (
            {"X_val": X_VAL, "y_val": Y_VAL.assign(shade="violet")},
            ValueError,
            "'shade': label 'violet' is not one of the classes seen at fit",
        ),
        ({"X_val": X_VAL, "y_val": Y_VAL[["spent"]]}, ValueError, "y has 1 columns"),
    ],
    ids=["no y", "no X", "lengths", "columns", "weights", "unknown label", "fewer targets"],
)
def test_validation_rows_are_checked(
    settings: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        small(PLEEstimator).fit(X, Y, **settings)


@over(ARCHITECTURES)
def test_best_weights_are_given_back_although_training_went_on(cls) -> None:
    """Validation labels that contradict the training labels make an early epoch the best."""
    x = RNG.normal(size=(131, 2))
    y, contrary = (np.column_stack([sign * x[:, 0] > 0, sign * x[:, 1]]) for sign in (1, -1))
    settings = {"callbacks": [Weights()], "patience": None, "weight_averaging": None}
    model = eager(cls, max_epochs=8, **settings).fit(x, y, X_val=x, y_val=contrary)
    assert len(model.history_) == 8
    assert model.best_epoch_ == 1 + model.history_["score"].argmax() < 8
    best = model.callbacks_[0][1].epochs_[model.best_epoch_ - 1]
    for kept, then in zip(parameters(model.module_), best, strict=True):
        assert torch.equal(kept, then)


@pytest.mark.parametrize("patience", [1, 3])
def test_patience_counts_epochs_without_improvement(patience: int) -> None:
    x = RNG.normal(size=(131, 2))
    y = x[:, 0]
    settings = {"weight_averaging": None, "max_epochs": 30}
    model = eager(PLERegressor, patience=patience, **settings).fit(x, y, X_val=x, y_val=-y)
    assert len(model.history_) == model.best_epoch_ + patience


@over(MIXED)
def test_history_is_a_table_of_epochs(cls) -> None:
    model = small(cls, max_epochs=4, weighting=ExponentialWeighting(ratios=[1.0, 0.5, 0.25]))
    history = model.fit(X, Y, X_val=X_VAL, y_val=Y_VAL).history_
    assert isinstance(history, pd.DataFrame)
    assert history["epoch"].tolist() == [1, 2, 3, 4]
    wanted = {f"{sort}/{name}" for sort in ("loss", "score", "weight") for name in NAMES}
    assert {"lr", "seconds", "train_loss", *wanted} <= set(history)
    assert np.isfinite(history.to_numpy(dtype=float)).all()
    assert (history["seconds"] > 0).all()
    share = Y.notna().mean()
    for name, ratio in zip(NAMES, [1.0, 0.5, 0.25], strict=True):
        start = share[name] / share.max()
        np.testing.assert_allclose(history[f"weight/{name}"], start * ratio ** np.arange(4))


def test_losses_in_the_history_fall_and_begin_near_one() -> None:
    """A loss of 1 is the best constant predictor's, where every tower starts."""
    history = eager(PLEEstimator).fit(X, Y).history_
    for name in NAMES:
        assert history[f"loss/{name}"].iloc[0] < 1.1
        assert history[f"loss/{name}"].iloc[-1] < 0.6


def test_best_epoch_is_the_last_without_validation_rows() -> None:
    assert small(PLEEstimator, max_epochs=7).fit(X, Y).best_epoch_ == 7


@over(ARCHITECTURES)
def test_towers_start_at_the_training_baseline(cls) -> None:
    """After one step of no size, predictions are the frequencies and means of labelled rows."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(131, 3))
    y = pd.DataFrame(
        {
            "rare": (rng.random(131) < 0.1).astype(float),
            "price": rng.normal(50, 4, 131),
            "visits": rng.poisson(20, 131),
            "shade": rng.choice(["blue", "green", "red"], 131, p=[0.7, 0.2, 0.1]),
        }
    )
    y.loc[::3, ["rare", "price"]] = np.nan
    settings = {"tasks": {"visits": "count"}, "lr": 1e-12, "max_epochs": 1}
    frame = small(cls, **settings).fit(x, y).predict_frame(x)
    assert frame["rare=1.0"].to_numpy() == pytest.approx(y["rare"].mean(), rel=0.15)
    assert frame["price"].to_numpy() == pytest.approx(y["price"].mean(), abs=0.6)
    assert frame["visits"].to_numpy() == pytest.approx(y["visits"].mean(), rel=0.15)
    for shade, share in y["shade"].value_counts(normalize=True).items():
        assert frame[f"shade={shade}"].to_numpy() == pytest.approx(share, rel=0.2)


def test_statistics_of_x_do_not_depend_on_which_labels_are_missing() -> None:
    gone = Y.mask(RNG.random(Y.shape) < 0.5)
    one, other = (small(PLEEstimator, max_epochs=1).fit(X, y)._prepared(X) for y in (Y, gone))
    for name, values in one.items():
        assert torch.equal(values, other[name])


def test_a_fit_that_fails_leaves_the_model_as_it_was() -> None:
    """With the columns that it was trained on: it must not answer for others."""
    model = small(PLEEstimator).fit(X, Y)
    before = model.predict_frame(X)
    turned = X.iloc[:, ::-1]
    with pytest.raises(ValueError, match="one class only"):
        model.fit(turned, Y.assign(bought=Y["bought"].dropna().iloc[0]))
    pd.testing.assert_frame_equal(model.predict_frame(X), before)
    with pytest.raises(ValueError, match="feature names"):
        model.predict(turned)
    model = small(PLEEstimator)
    with pytest.raises(ValueError, match="one class only"):
        model.fit(X, Y.assign(bought=1))
    assert not hasattr(model, "n_features_in_")


def test_rows_to_stop_by_without_any_label() -> None:
    with pytest.raises(ValueError, match="y_val has no label"):
        small(PLEEstimator).fit(X, Y, X_val=X_VAL, y_val=pd.DataFrame(np.nan, Y_VAL.index, NAMES))


def test_rows_to_stop_by_without_labels_of_one_task() -> None:
    """Its score is unknown, and the others decide."""
    labels = Y_VAL.assign(spent=np.nan)
    history = small(PLEEstimator, max_epochs=2).fit(X, Y, X_val=X_VAL, y_val=labels).history_
    assert history["score/spent"].isna().all()
    assert history[["score", "score/bought", "score/shade"]].notna().all(axis=None)


def test_two_columns_of_predictions_can_not_share_a_name() -> None:
    y = pd.DataFrame({"k": np.where(RNG.random(157) > 0.5, "a", "b"), "k=b": RNG.normal(size=157)})
    with pytest.raises(ValueError, match=r"share the names \['k=b'\]"):
        small(PLEEstimator).fit(X, y)
