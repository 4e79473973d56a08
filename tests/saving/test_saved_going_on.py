"""Training goes on from a loaded model as it would have from the one that was saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from architecture_walk import ARCHITECTURES, over, small
from saved import NEW, X, Y, assert_same_answers, there_and_back, weights
from test_saved_estimators import targets_for

from sklearn_ple import PLEEstimator
from sklearn_ple.weighting import WEIGHTINGS


def assert_same_network(one: Any, other: Any) -> None:
    assert all(map(torch.equal, weights(one), weights(other)))


@over(ARCHITECTURES)
def test_a_further_chunk(cls, tmp_path: Path) -> None:
    y = targets_for(cls)
    model = small(cls, dropout=0.2, max_epochs=2).fit(X, y)
    loaded = there_and_back(model, tmp_path)
    for each in (model, loaded):
        each.partial_fit(X, y).partial_fit(X[:80], y[:80])
    assert_same_network(model, loaded)
    assert_same_answers(model, loaded, NEW)
    columns = [name for name in model.history_ if name != "seconds"]
    pd.testing.assert_frame_equal(model.history_[columns], loaded.history_[columns])
    pd.testing.assert_frame_equal(model.target_summary_, loaded.target_summary_)


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_every_weighting_goes_on(weighting: str, tmp_path: Path) -> None:
    pytest.importorskip("torchjd")
    model = small(PLEEstimator, weighting=weighting, max_epochs=2).fit(X, Y)
    loaded = there_and_back(model, tmp_path)
    for each in (model, loaded):
        each.partial_fit(X, Y)
    assert_same_network(model, loaded)


@pytest.mark.parametrize(
    "settings",
    [
        {"optimizer": "adam"},
        {"optimizer": "sgd"},
        {"optimizer": "rmsprop"},
        {"optimizer": torch.optim.Adagrad},
        {"precision": "float64"},
        {"precision": "bf16-mixed"},
        {"random_state": np.random.RandomState(5)},
        {"early_stopping": True, "patience": 1},
    ],
    ids=lambda settings: " ".join(
        f"{k}={str(v).partition(' at ')[0]}" for k, v in settings.items()
    ),
)
def test_a_warm_start(settings: dict[str, Any], tmp_path: Path) -> None:
    settings = {"warm_start": True, "dropout": 0.2, "max_epochs": 2} | settings
    model = small(PLEEstimator, **settings).fit(X, Y)
    loaded = there_and_back(model, tmp_path)
    for each in (model, loaded):
        each.fit(X, Y)
    assert_same_network(model, loaded)
    assert_same_answers(model, loaded, NEW)


def test_a_dropout_that_was_changed_on_the_way(tmp_path: Path) -> None:
    model = small(PLEEstimator, warm_start=True, dropout=0.1).fit(X, Y)
    model.set_params(dropout=0.4).fit(X, Y)
    loaded = there_and_back(model, tmp_path)
    for each in (model, loaded):
        each.partial_fit(X, Y)
    assert_same_network(model, loaded)


def test_it_is_refused_where_it_would_have_been(tmp_path: Path) -> None:
    loaded = there_and_back(small(PLEEstimator, warm_start=True).fit(X, Y), tmp_path)
    with pytest.raises(ValueError, match="expert_widths"):
        loaded.set_params(expert_widths=(7,)).fit(X, Y)


def test_global_random_states_are_neither_read_nor_moved(tmp_path: Path) -> None:
    model = small(PLEEstimator, max_epochs=1).fit(X, Y)
    before = torch.get_rng_state(), np.random.get_state()[1].copy()
    there_and_back(model, tmp_path)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.array_equal(np.random.get_state()[1], before[1])
