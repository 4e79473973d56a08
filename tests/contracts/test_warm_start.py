"""`warm_start`: fit goes on; encoders, optimiser and the weighting's clock are kept."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from architecture_walk import ARCHITECTURES, MIXED, over, small
from people import make_people

from sklearn_ple import ExponentialWeighting, PLEEstimator

X, Y = make_people(157)
MORE_X, MORE_Y = make_people(191, seed=1)


def warm(**settings: Any) -> PLEEstimator:
    return small(PLEEstimator, warm_start=True, **settings)


@over(ARCHITECTURES)
def test_a_second_fit_goes_on(cls) -> None:
    model = small(cls, warm_start=True, batch_size=16, lr=0.01).fit(X, Y)
    first = model.history_["train_loss"]
    net, features = model.net_, model._features
    model.fit(X, Y)
    assert model.net_ is net
    assert model._features is features
    assert model.history_["epoch"].tolist() == [1, 2, 3, 4, 5, 6]
    assert model.best_epoch_ == 6
    np.testing.assert_array_equal(model.history_["train_loss"][:3], first)
    assert model.history_["train_loss"].iloc[5] < first.iloc[2]


@over(MIXED)
def test_without_it_a_second_fit_starts_afresh(cls) -> None:
    model = small(cls).fit(MORE_X, MORE_Y).fit(X, Y)
    np.testing.assert_array_equal(model.predict(X), small(cls).fit(X, Y).predict(X))


def test_other_rows_do_not_move_the_scales() -> None:
    model = warm().fit(X, Y)
    tasks = model.tasks_
    model.fit(MORE_X.assign(visits=MORE_X["visits"] * 50), MORE_Y.assign(spent=7.0))
    assert model.tasks_ is tasks


def test_the_optimiser_keeps_its_memory() -> None:
    model = warm(batch_size=64).fit(X, Y)
    optimizer = model.net_.optimizer_
    (steps,) = {int(state["step"]) for state in optimizer.state.values()}
    assert steps == 3 * 3
    model.fit(X, Y)
    assert model.net_.optimizer_ is optimizer
    assert {int(state["step"]) for state in optimizer.state.values()} == {18}


def test_equation_10_goes_on_and_starts_anew_without() -> None:
    settings = {"weighting": ExponentialWeighting(ratios=[1.0, 0.5, 0.9]), "task_weights": None}
    model = warm(**settings).fit(X, Y).fit(X, Y)
    np.testing.assert_allclose(model.history_["weight/spent"], 0.5 ** np.arange(6))
    np.testing.assert_allclose(model.history_["weight/shade"], 0.9 ** np.arange(6), rtol=1e-6)
    fresh = small(PLEEstimator, **settings).fit(X, Y).fit(X, Y)
    np.testing.assert_allclose(fresh.history_["weight/spent"], 0.5 ** np.arange(3))


def test_the_schedule_restarts() -> None:
    model = warm(lr=0.01, batch_size=16, max_epochs=4).fit(X, Y).fit(X, Y)
    rates = model.history_["lr"].to_numpy()
    np.testing.assert_allclose(rates[:4], rates[4:])
    assert rates[4] > rates[3]


def test_a_changed_learning_rate_is_taken_up() -> None:
    model = warm(lr=0.01, lr_schedule="constant").fit(X, Y)
    model.set_params(lr=0.001).fit(X, Y)
    assert model.history_["lr"].iloc[2] == pytest.approx(0.01)
    assert model.history_["lr"].iloc[5] == pytest.approx(0.001)


@pytest.mark.parametrize(
    "changes",
    [
        {"expert_widths": (17,)},
        {"tower_widths": (5, 3)},
        {"n_levels": 1},
        {"n_task_experts": [1, 2, 3]},
        {"embedding_dim": 4},
        {"gate_bias": True},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_changed_sizes(changes: dict[str, Any]) -> None:
    model = warm().fit(X, Y)
    before = [parameter.clone() for parameter in model.module_.parameters()]
    (name,) = changes
    with pytest.raises(
        ValueError, match=rf"built from parameters that were changed.* {name} \(was"
    ):
        model.set_params(**changes).fit(X, Y)
    for kept, now in zip(before, model.module_.parameters(), strict=True):
        assert torch.equal(kept, now)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ((X.iloc[:, ::-1], Y), "in the same order"),
        ((X.drop(columns="visits"), Y), "now missing:\n- visits"),
        ((X, Y.assign(shade="violet")), "'shade': label 'violet' is not one of the classes"),
        ((X, Y[["spent", "bought"]]), "y has 2 columns.*fitted on 3"),
        ((X, Y.rename(columns={"spent": "earned"})), "y has the columns .*'earned'"),
    ],
    ids=["reordered", "missing", "classes", "fewer targets", "other targets"],
)
def test_changed_data_that_do_not_fit_the_model(other: Any, message: str) -> None:
    model = warm().fit(X, Y)
    before = model.predict_frame(X)
    with pytest.raises(ValueError, match=message):
        model.fit(*other)
    pd.testing.assert_frame_equal(model.predict_frame(X), before)


def test_fewer_labels_the_second_time() -> None:
    model = warm().fit(X, Y)
    yes = (Y["bought"] == "yes").to_numpy()
    model.fit(X[yes], Y[yes].assign(shade=None))
    assert model.classes_[0].tolist() == ["no", "yes"]
    assert model.predict_proba(X)[2].shape == (157, 3)


def test_best_epoch_counts_all_epochs() -> None:
    model = warm(batch_size=16, lr=0.01, weight_averaging=None)
    model.fit(X, Y, X_val=MORE_X, y_val=MORE_Y)
    first = model.best_epoch_
    model.fit(X, Y, X_val=MORE_X, y_val=MORE_Y)
    assert first <= 3 < model.best_epoch_ <= 6
    assert model.history_["score"].iloc[3:].idxmax() == model.best_epoch_ - 1
