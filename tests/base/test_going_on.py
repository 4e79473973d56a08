"""What a changed parameter does to a fit that goes on: it takes effect, or it is refused."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from architecture_walk import ARCHITECTURES, MIXED, over, small
from people import make_people
from skorch.callbacks import EpochTimer

from sklearn_ple import DWAWeighting, ExponentialWeighting, PLEEstimator, Regression
from sklearn_ple.base import MultiTaskEstimator
from sklearn_ple.base.parameters import DEFAULTS
from sklearn_ple.nn import Dropout
from sklearn_ple.weighting import LossWeighting

X, Y = make_people(211)
EARLIER: dict[str, Any] = {
    "warm_start": True,
    "early_stopping": True,
    "lr": 0.05,
    "lr_schedule": "constant",
    "max_epochs": 6,
    "weight_averaging": None,
}

TAKES_EFFECT: dict[str, Any] = {
    "class_weight": {"bought": "balanced"},
    "dropout": 0.6,
    "task_weights": [3.0, 0.5, 1.0],
    "lr": 0.01,
    "weight_decay": 0.9,
    "lr_schedule": "cosine",
    "batch_size": 23,
    "max_epochs": 4,
    "early_stopping": False,
    "validation_fraction": 0.35,
    "patience": 1,
    "weight_averaging": 0.9,
    "callbacks": [EpochTimer()],
    "warm_start": False,
    "verbose": 1,
    "random_state": 5,
}
SEEN_ELSEWHERE = {"checkpoint_dir", "checkpoint_every"}  # in files; see test_resumed_fits
REFUSED: dict[str, Any] = {
    "tasks": {"spent": Regression(loss="huber")},
    "categorical_features": ["visits"],
    "numeric_encoding": "standard",
    "embedding_dim": 7,
    "tower_widths": (9,),
    "activation": "tanh",
    "weighting": ExponentialWeighting(ratios=0.9),
    "optimizer": "sgd",
    "device": "meta",
    "precision": "float64",
    "compile": True,
}
OWN: dict[str, Any] = {
    "n_levels": 3,
    "n_shared_experts": 7,
    "n_task_experts": 3,
    "n_experts": 3,
    "n_subspaces": 3,
    "expert_widths": (17,),
    "bottom_widths": (17,),
    "block_widths": (17,),
    "attention_widths": (17,),
    "expert_norm": True,
    "gate_bias": True,
    "gate_widths": (17,),
    "gate_temperature": 0.5,
    "gate_start": 1.0,
    "gate_rate": 2.0,
    "temperature": 0.5,
    "budget": 0.5,
    "budget_penalty": 0.1,
    "connection": "aver",
    "l0": 0.1,
    "beta": 0.5,
    "gamma": -0.2,
    "zeta": 1.2,
    "relations": {"spent": ["bought"]},
    "fusion": "sum",
    "per_unit": True,
    "self_share": 0.7,
    "last_share": 0.7,
    "orthogonality": 0.1,
    "chain": ["bought"],
    "calibration": 0.2,
}


def earlier(cls: type[MultiTaskEstimator] = PLEEstimator, **changes: Any) -> MultiTaskEstimator:
    return small(cls, **EARLIER | changes).fit(X, Y)


def seen(model: MultiTaskEstimator, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """All that a second fit leaves: predictions, history without clocks, lines on the screen."""
    capsys.readouterr()
    model.fit(X, Y)
    history = model.history_.drop(columns="seconds")
    return {
        "predictions": model.predict_frame(X).to_dict(),
        "columns": list(history),
        "history": history.drop(columns="dur", errors="ignore").to_dict(),
        "speaks": bool(capsys.readouterr().err),
    }


def test_the_tables_hold_every_parameter() -> None:
    assert set(TAKES_EFFECT) | set(REFUSED) | SEEN_ELSEWHERE == set(DEFAULTS)
    own = {name for cls in ARCHITECTURES for name in cls().get_params(deep=False)}
    assert own - set(DEFAULTS) == set(OWN)


def test_without_a_change_two_models_go_on_alike(capsys: pytest.CaptureFixture[str]) -> None:
    assert seen(earlier(), capsys) == seen(earlier(), capsys)


@pytest.mark.parametrize("name", TAKES_EFFECT)
def test_takes_effect(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    without = seen(earlier(), capsys)
    changed = seen(earlier().set_params(**{name: TAKES_EFFECT[name]}), capsys)
    assert changed != without


@pytest.mark.parametrize("name", REFUSED)
def test_refused_and_the_model_stays(name: str) -> None:
    model = earlier()
    before = model.predict_frame(X)
    model.set_params(**{name: REFUSED[name]})
    with pytest.raises(ValueError, match=rf"can't go on.* changed since the last fit: {name} "):
        model.fit(X, Y)
    pd.testing.assert_frame_equal(model.predict_frame(X), before)
    restored = small(PLEEstimator, **EARLIER).get_params(deep=False)[name]
    assert len(model.set_params(**{name: restored}).fit(X, Y).history_) == 12


@over(ARCHITECTURES)
def test_sizes_of_an_architecture_are_refused(cls) -> None:
    for name in set(OWN) & set(cls().get_params(deep=False)):
        model = earlier(cls, max_epochs=1)
        model.set_params(**{name: OWN[name]})
        with pytest.raises(ValueError, match=rf"{name} \(was .*, is "):
            model.fit(X, Y)


def test_all_that_was_changed_is_named_with_both_values() -> None:
    model = earlier(max_epochs=1).set_params(precision="float64", activation="relu", lr=0.1)
    with pytest.raises(ValueError, match="activation .was 'silu', is 'relu'., precision .was"):
        model.fit(X, Y)


@over(MIXED)
def test_partial_fit_refuses_alike(cls) -> None:
    model = small(cls).partial_fit(X, Y)
    with pytest.raises(ValueError, match="numeric_encoding"):
        model.set_params(numeric_encoding="quantile").partial_fit(X, Y)


@pytest.mark.parametrize(
    ("name", "was", "now"),
    [
        ("tower_widths", (5, 3), [5, 3]),
        ("categorical_features", ["visits"], np.array(["visits"])),
        ("tasks", {"spent": Regression("huber")}, {"spent": Regression("huber")}),
        ("device", "auto", "cpu"),
        ("weighting", "static", "static"),
        ("weighting", DWAWeighting(), DWAWeighting(temperature=2.0)),
        ("weighting", ExponentialWeighting([1.0, 0.5, 0.9]), ExponentialWeighting((1, 0.5, 0.9))),
    ],
    ids=lambda each: each if isinstance(each, str) else type(each).__name__,
)
def test_the_same_said_otherwise_is_no_change(name: str, was: Any, now: Any) -> None:
    model = earlier(**{name: was, "device": "cpu" if name != "device" else was})
    assert len(model.set_params(**{name: now}).fit(X, Y).history_) == 12


def test_an_equal_weighting_goes_on_as_the_same_one_does() -> None:
    one, other = DWAWeighting(), DWAWeighting()
    model, again = earlier(weighting=one), earlier(weighting=one)
    again.set_params(weighting=other)
    pd.testing.assert_frame_equal(
        again.fit(X, Y).predict_frame(X), model.fit(X, Y).predict_frame(X)
    )


@pytest.mark.parametrize(
    "now", [DWAWeighting(temperature=1.0), ExponentialWeighting([1.0, 0.5, 0.9])], ids=repr
)
def test_another_weighting_is_refused(now: LossWeighting) -> None:
    model = earlier(weighting=DWAWeighting(), max_epochs=1)
    with pytest.raises(ValueError, match=r"weighting \(was DWAWeighting\(temperature=2.0\), is "):
        model.set_params(weighting=now).fit(X, Y)


def test_a_mask_is_not_the_same_as_positions() -> None:
    x = X[["age", "visits"]]
    model = small(PLEEstimator, warm_start=True, categorical_features=[False, True]).fit(x, Y)
    with pytest.raises(ValueError, match="categorical_features"):
        model.set_params(categorical_features=[0, 1]).fit(x, Y)


def test_a_list_that_was_changed_in_place_is_a_change() -> None:
    widths = [5]
    model = earlier(tower_widths=widths)
    widths.append(3)
    with pytest.raises(ValueError, match="tower_widths"):
        model.fit(X, Y)


def test_a_pickled_model_knows_what_it_was_built_from() -> None:
    weighting = ExponentialWeighting(ratios=[1.0, 0.5, 0.9])
    model = pickle.loads(pickle.dumps(earlier(weighting=weighting)))
    assert len(model.fit(X, Y).history_) == 12
    with pytest.raises(ValueError, match="weighting"):
        model.set_params(weighting="static").fit(X, Y)


def test_dropout_of_every_layer() -> None:
    model = earlier(gate_widths=()).set_params(dropout=0.6).fit(X, Y)  # gates have none
    layers = [part for part in model.module_.modules() if isinstance(part, Dropout)]
    assert len(layers) >= 3
    assert {layer.p for layer in layers} == {0.6}


def test_weight_decay_reaches_the_layers_but_not_their_biases() -> None:
    model = earlier().set_params(weight_decay=0.9).fit(X, Y)
    decay = {
        id(parameter): group["weight_decay"]
        for group in model.net_.optimizer_.param_groups
        for parameter in group["params"]
    }
    towers = model.module_.towers
    assert (decay[id(towers.weight)], decay[id(towers.bias)]) == (0.9, 0)


def test_task_weights() -> None:
    model = earlier().set_params(task_weights={"spent": 4.0}).fit(X, Y)
    assert model.history_["weight/spent"].iloc[-1] == 4
    assert model.history_["weight/shade"].iloc[-1] == 1


def test_callbacks_are_fresh_copies() -> None:
    mine = EpochTimer()
    model = earlier().set_params(callbacks=[mine]).fit(X, Y)
    ((_, used),) = model.callbacks_
    assert isinstance(used, EpochTimer)
    assert used is not mine
    assert model.history_["dur"].notna().sum() == 6
    assert model.set_params(callbacks=None).fit(X, Y).callbacks_ == []


def test_what_is_auto_stays_as_the_first_fit_took_it() -> None:
    """Fewer rows a feature would mean more dropout and decay, in the middle of training."""
    x, y = make_people(701)
    model = small(PLEEstimator, warm_start=True).fit(x, y)
    model.fit(X, Y)
    assert model.module_.get_submodule("towers.hidden.dropout").p == 0.15
    assert model.net_.optimizer_.param_groups[0]["weight_decay"] == 0.01
