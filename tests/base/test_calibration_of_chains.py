"""Coupled outputs: calibrated step by step, so that products of steps stay products."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from architecture_walk import small
from distorted import distorted
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from sklearn_ple import AITMEstimator, ESMMEstimator
from sklearn_ple.base import MultiTaskEstimator


def make_rows(n: int, seed: int) -> tuple[np.ndarray, pd.DataFrame]:
    """A chain of three events, what is logged of it, and a number beside it."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4))
    click = rng.random(n) < expit(X[:, 0])
    cart = click & (rng.random(n) < expit(X[:, 1] + 0.4))
    buy = cart & (rng.random(n) < expit(X[:, 2]))
    logged = {"click": click, "cart": np.where(click, cart, np.nan), "sum": X[:, 3] * 5 + 20}
    return X, pd.DataFrame(logged | {"buy": np.where(cart, buy, np.nan)}).astype(float)


X, Y = make_rows(1_009, 1)
FRESH_X, FRESH_Y = make_rows(307, 2)
CHAIN = ["click", "cart", "buy"]


@pytest.fixture(scope="module")
def model() -> MultiTaskEstimator:
    settings = {"precision": "float64", "max_epochs": 10, "lr": 0.01, "batch_size": 32}
    return small(ESMMEstimator, **settings).fit(*make_rows(283, 0))


def twisted(model: MultiTaskEstimator) -> MultiTaskEstimator:
    return distorted(model, {"click": 3.0, "cart": 2.0, "buy": 2.5}, {"click": -1.0, "buy": 2.0})


def second(model: MultiTaskEstimator, rows: np.ndarray = FRESH_X) -> dict[str, np.ndarray]:
    p = dict(zip(model.tasks_.names, model.predict_proba(rows), strict=True))
    return {name: p[name][:, 1] for name in CHAIN}


@pytest.mark.parametrize("method", ["sigmoid", "temperature"])
def test_what_happens_later_is_never_likelier(model, method) -> None:
    p = second(twisted(model).calibrate(X, Y, method=method))
    assert (p["cart"] <= p["click"]).all()
    assert (p["buy"] <= p["cart"]).all()


def test_products_are_of_calibrated_steps(model) -> None:
    calibrated = twisted(model).calibrate(X, Y)
    steps = calibrated.predict_conditional_proba(FRESH_X)
    names = calibrated.tasks_.names
    product = np.ones(len(FRESH_X))
    p = second(calibrated)
    for name in CHAIN:
        product = product * steps[names.index(name)][:, 1]
        np.testing.assert_allclose(p[name], product)


def test_steps_are_corrected_by_a_slope_and_a_shift_each(model) -> None:
    before = twisted(model)
    table = twisted(model).calibrate(X, Y).calibration_.table
    after = twisted(model).calibrate(X, Y)
    for name in CHAIN:
        k = before.tasks_.names.index(name)
        own = logit(before.predict_conditional_proba(FRESH_X)[k][:, 1])
        expected = expit(table.loc[name, "slope"] * own + table.loc[name, "shift"])
        np.testing.assert_allclose(after.predict_conditional_proba(FRESH_X)[k][:, 1], expected)


def test_each_step_is_near_a_logistic_regression_of_those_who_got_there(model) -> None:
    """Not the same: what counts are the labels of all rows, of which few got far."""
    before, after = twisted(model), twisted(model).calibrate(X, Y)
    for name, rows in [
        ("click", Y["click"] >= 0),
        ("cart", Y["click"] == 1),
        ("buy", Y["cart"] == 1),
    ]:
        k = before.tasks_.names.index(name)
        rows = rows.to_numpy()
        own = logit(before.predict_conditional_proba(X)[k][:, 1])[:, None]
        theirs = LogisticRegression(C=np.inf, tol=1e-8).fit(own[rows], Y[name][rows])
        found = after.predict_conditional_proba(X)[k][:, 1]
        np.testing.assert_allclose(found, theirs.predict_proba(own)[:, 1], atol=0.08)


def test_scores_of_all_tasks_of_the_chain_gain_on_fresh_rows(model) -> None:
    bent = twisted(model)
    before = bent.score_tasks(FRESH_X, FRESH_Y)
    after = bent.calibrate(X, Y).score_tasks(FRESH_X, FRESH_Y)
    assert (after[CHAIN] > before[CHAIN]).all()
    assert after["sum"] == before["sum"]
    shares = Y["click"].mean(), (Y["cart"] == 1).mean(), (Y["buy"] == 1).mean()
    p = second(bent, X)
    np.testing.assert_allclose([p[name].mean() for name in CHAIN], shares, atol=0.02)


def test_one_step_of_a_chain_alone(model) -> None:
    """The others' steps stay; what follows from this one moves."""
    before, after = twisted(model), twisted(model).calibrate(X, Y, method={"cart": "sigmoid"})
    names = before.tasks_.names
    old, new = (each.predict_conditional_proba(FRESH_X) for each in (before, after))
    for name in ("click", "buy"):
        k = names.index(name)
        np.testing.assert_allclose(new[k], old[k])
    assert not np.allclose(second(after)["cart"], second(before)["cart"])
    assert not np.allclose(second(after)["buy"], second(before)["buy"])


def test_isotonic_steps_are_refused_for_the_chain_and_only_for_it(model) -> None:
    y = Y.assign(sunny=(X[:, 3] > 0).astype(float))
    settings = {"chain": CHAIN, "max_epochs": 2}
    beside = small(ESMMEstimator, **settings).fit(X, y)
    with pytest.raises(ValueError, match=r"\['cart'\] are coupled.*'isotonic'.*'sigmoid'"):
        beside.calibrate(X, y, method={"cart": "isotonic"})
    beside.calibrate(X, y, method={"sunny": "isotonic", "cart": "sigmoid"})
    assert beside.calibration_.table["method"].tolist() == [
        *["none", "sigmoid", "none", "none", "isotonic"]
    ]


def test_a_coupling_that_only_penalises_leaves_its_tasks_free() -> None:
    y = Y.fillna(0.0)[CHAIN]
    chained = small(AITMEstimator).fit(X, y)
    chained.calibrate(X, y, method="isotonic")
    np.testing.assert_allclose(
        [p[:, 1].mean() for p in chained.predict_proba(X)], y.mean(), atol=2e-3
    )


def test_the_model_itself_is_not_touched(model) -> None:
    before = {name: value.clone() for name, value in model.module_.state_dict().items()}
    calibrated = twisted(model).calibrate(X, Y)
    assert calibrated.module_.coupling is not calibrated.calibration_.coupling
    twisted(model).calibrate(X, Y)
    for name, value in model.module_.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)
