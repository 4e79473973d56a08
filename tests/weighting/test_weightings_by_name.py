"""Every weighting through `fit`: its record, its copies, its course over several fits."""

from __future__ import annotations

import pickle
import sys
from typing import Any

import numpy as np
import pytest
import torch
from architecture_walk import small
from people import TARGETS, make_people
from sklearn.base import clone
from toy import OF_GRADIENTS

from sklearn_ple import PLEEstimator
from sklearn_ple.weighting import AGGREGATORS, WEIGHTINGS, AggregatedWeighting, StaticWeighting

X, Y = make_people(157)
Y = Y.assign(spent=Y["spent"].where(Y.index % 40 == 0))  # in most batches of 16 there is none
every = pytest.mark.parametrize("name", WEIGHTINGS)


def model_of(name: Any, **settings: Any) -> PLEEstimator:
    settings = {"batch_size": 16, "max_epochs": 2, "lr": 0.01} | settings
    return small(PLEEstimator, weighting=name, device="cpu", n_levels=2, **settings)


@every
def test_fits_and_records_what_it_did(name: str) -> None:
    state = torch.get_rng_state()
    model = model_of(name, max_epochs=4).fit(X, Y)
    assert torch.equal(torch.get_rng_state(), state)
    losses = model.history_[[f"loss/{target}" for target in TARGETS]]
    weights = model.history_[[f"weight/{target}" for target in TARGETS]]
    assert np.isfinite(losses.to_numpy()).all()
    assert np.isfinite(weights.to_numpy()).all()
    assert losses.iloc[-1].sum() < losses.iloc[0].sum()
    varies = (weights.nunique() > 1).any()
    assert varies == (name != "static")


@every
def test_the_same_seed_gives_the_same_model(name: str) -> None:
    model = model_of(name)
    copy = clone(model).fit(X, Y).predict_frame(X)
    assert model.fit(X, Y).predict_frame(X).equals(copy)
    assert model.fit(X, Y).predict_frame(X).equals(copy)  # nothing is left of the first fit


@every
def test_goes_on_the_same_from_a_pickle(name: str) -> None:
    model = model_of(name, warm_start=True).fit(X, Y)
    weighting = model.net_.criterion_.weighting
    copy = pickle.loads(pickle.dumps(model))
    for each in (model, copy):
        each.fit(X, Y).partial_fit(X, Y)
    assert model.net_.criterion_.weighting is weighting
    assert copy.net_.criterion_.weighting is not weighting
    same = copy.history_.drop(columns="seconds").equals(model.history_.drop(columns="seconds"))
    assert same
    assert len(model.history_) == 5


@pytest.mark.parametrize(
    ("name", "state"),
    [("uncertainty", "log_variances"), ("dwa", "ratios"), ("famo", "logits"), ("mgda", "moved")],
)
def test_what_was_learnt_is_kept_for_the_next_fit(name: str, state: str) -> None:
    """One that hardly learns then stays where the first one got to."""
    model = model_of(name, warm_start=True, lr=0.01, max_epochs=4).fit(X, Y)
    weighting = model.net_.criterion_.weighting
    before = getattr(weighting, state).detach().flatten().double()
    start = torch.ones(3) if state == "ratios" else torch.zeros(len(before))
    model.set_params(max_epochs=1, lr=1e-9).fit(X, Y)
    now = getattr(weighting, state).detach().flatten().double()
    assert (now - before).norm() < 0.5 * (before - start).norm()


def test_a_chunk_without_a_tasks_labels() -> None:
    for name in WEIGHTINGS:
        model = model_of(name).partial_fit(X, Y)
        before = model.history_["weight/spent"].iloc[-1]
        model.partial_fit(X, Y.assign(spent=np.nan))
        assert np.isfinite(model.history_["weight/shade"].iloc[-1])
        if name not in ("dwa", "uncertainty"):
            assert model.history_["weight/spent"].iloc[-1] == before, name


@pytest.mark.parametrize("name", ["famo", "rlw", "mgda", "pcgrad", "uncertainty"])
def test_in_double_precision(name: str) -> None:
    model = model_of(name, precision="float64").fit(X, Y)
    assert {p.dtype for p in model.module_.parameters()} == {torch.float64}
    assert np.isfinite(model.history_["train_loss"]).all()


def test_static_does_nothing_but_add() -> None:
    """No hook of a step, no buffer, no parameter."""
    assert not {"backward", "after_step", "on_epoch_begin", "on_epoch_end"} & set(
        vars(StaticWeighting)
    )
    assert list(StaticWeighting().state_dict()) == []


@pytest.mark.parametrize("name", AGGREGATORS)
def test_without_torchjd_the_error_says_what_to_install(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torchjd", None)
    model = model_of(name)
    with pytest.raises(ImportError, match=rf'"{name}" needs.*pip install "torchjd\[quad'):
        model.fit(X, Y)


def test_without_a_solver_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise ImportError("Install them with ...")

    monkeypatch.setitem(AGGREGATORS, "mgda", lambda *_: missing())
    with pytest.raises(ImportError, match=r"torchjd\[quadprog"):
        model_of("mgda").fit(X, Y)


@pytest.mark.parametrize("name", OF_GRADIENTS)
def test_a_compiled_net_can_not_go_back_twice(name: str) -> None:
    with pytest.raises(ValueError, match=f"compile=True does not go with weighting='{name}'"):
        model_of(name, compile=True).fit(X, Y)


def test_an_object_is_copied_for_each_fit() -> None:
    weighting = AggregatedWeighting("imtl_g")
    model = model_of(weighting).fit(X, Y)
    assert model.net_.criterion_.weighting is not weighting
    assert not hasattr(weighting, "moved")
    assert model.predict_frame(X).equals(model_of("imtl_g").fit(X, Y).predict_frame(X))
