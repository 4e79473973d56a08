"""ESMM's estimator: labels that follow from a chain, labels that can't be, two probabilities."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from architecture_walk import small

from sklearn_ple import task_scorer
from sklearn_ple.architectures.esmm import ESMMClassifier, ESMMEstimator
from sklearn_ple.nn import Uncoupled

N = 151
RNG = np.random.default_rng(0)
X = RNG.normal(size=(N, 3))
CLICK = X[:, 0] > 0.3
CART = CLICK & (X[:, 1] > -0.2)
BUY = CART & (X[:, 2] + 0.3 * RNG.normal(size=N) > 0)
FULL = pd.DataFrame({"click": CLICK, "cart": CART, "buy": BUY}, dtype=np.float64)
STEPWISE = FULL.assign(  # what is logged: a step has a label where the one before happened
    cart=np.where(CLICK, FULL["cart"], np.nan), buy=np.where(CART, FULL["buy"], np.nan)
)


EXACT: dict[str, Any] = {"precision": "float64", "max_epochs": 4}
LABELS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "floats": lambda y: y,
    "array": lambda y: y.to_numpy(),
    "booleans": lambda y: y.astype("boolean"),
    "text": lambda y: y.replace({0.0: "no", 1.0: "yes"}).where(y.notna(), None),
    "categories": lambda y: y.replace({0.0: "no", 1.0: "yes"}).astype("category"),
    "ones and twos": lambda y: y + 1,
}


def fitted(y: Any, cls: type[ESMMEstimator] = ESMMClassifier, **changes: Any) -> ESMMEstimator:
    return small(cls, **EXACT | changes).fit(X, y)


def same(one: ESMMEstimator, other: ESMMEstimator) -> bool:
    pairs = zip(one.predict_proba(X), other.predict_proba(X), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


@pytest.mark.filterwarnings("ignore:Downcasting behavior:FutureWarning")
@pytest.mark.parametrize("how", LABELS)
def test_what_was_not_clicked_was_not_bought(how: str) -> None:
    """A missing label after a step that did not happen is as good as a 0, throughout."""
    full, stepwise = LABELS[how](FULL), LABELS[how](STEPWISE)
    one, other = fitted(full), fitted(stepwise)
    assert same(one, other)
    assert one.score(X, full) == one.score(X, stepwise)
    assert one.score_tasks(X, full).equals(one.score_tasks(X, stepwise))


def test_scorers_read_labels_as_the_fit_does() -> None:
    model = fitted(STEPWISE)
    for scorer in (task_scorer("buy", "roc_auc"), task_scorer("buy", "neg_log_loss")):
        assert scorer(model, X, STEPWISE) == scorer(model, X, FULL)
        assert scorer(model, X, STEPWISE) != scorer(model, X[CART], FULL[CART])


def test_the_same_in_validation_rows_and_in_the_rows_that_are_split_off() -> None:
    given = [
        small(ESMMEstimator, **EXACT).fit(X, y, X_val=X[:40], y_val=y_val)
        for y, y_val in ((FULL, FULL[:40]), (STEPWISE, STEPWISE[:40][["buy", "click", "cart"]]))
    ]
    split = [fitted(y, early_stopping=True) for y in (FULL, STEPWISE)]
    for one, other in (given, split):
        assert same(one, other)
        columns = one.history_.columns.drop("seconds")
        pd.testing.assert_frame_equal(one.history_[columns], other.history_[columns])


def test_the_same_in_chunks() -> None:
    """The second chunk has clicks, and then no click at all: its classes are those of the first."""
    models = []
    for y in (FULL, STEPWISE):
        model = small(ESMMEstimator, **EXACT)
        for part in (np.arange(90), np.arange(90, N), np.flatnonzero(~CLICK)):
            model.partial_fit(X[part], y.iloc[part])
        models.append(model)
    assert same(*models)


def test_classes_may_be_declared_where_a_chunk_lacks_one() -> None:
    all_bought = ~CART | BUY
    models = []
    for y in (FULL, STEPWISE):
        model = small(ESMMEstimator, **EXACT)
        models.append(model.partial_fit(X[all_bought], y[all_bought], classes=[[0, 1]] * 3))
    assert same(*models)


def test_weights_of_classes_and_tasks_see_the_labels_that_follow() -> None:
    settings = {"class_weight": "balanced", "task_weights": "label_share"}
    assert same(fitted(FULL, **settings), fitted(STEPWISE, **settings))


def test_a_label_that_does_not_follow_stays_missing() -> None:
    """After a step that happened, or of which nothing is known, nothing is filled in."""
    y = FULL.copy()
    y.loc[CLICK & (np.arange(N) % 3 == 0), "cart"] = np.nan
    y.loc[~CLICK & (np.arange(N) % 3 == 0), ["click", "cart", "buy"]] = np.nan
    model = fitted(y)
    assert y["cart"].isna().sum() > 20
    shares = [1 / (1 + np.exp(-task.baseline_[0])) for task in model.tasks_]
    np.testing.assert_allclose(shares, y.mean(), rtol=1e-12)


# Labels that can't be

LATE = FULL.assign(buy=np.where(np.flatnonzero(~CLICK)[4] == np.arange(N), 1.0, FULL["buy"]))
LATE.loc[np.flatnonzero(~CLICK)[:2], "buy"] = 1.0


@pytest.mark.parametrize("cart", ["given", "missing"])
def test_a_step_without_the_one_before_is_refused_wherever_labels_come_in(cart: str) -> None:
    impossible = LATE if cart == "given" else LATE.assign(cart=STEPWISE["cart"])
    message = "Task 'buy' has the label 1.0 in 3 rows in which 'cart'.* is 0.0"
    model = fitted(FULL)
    for call in (
        lambda: fitted(impossible),
        lambda: small(ESMMClassifier).partial_fit(X, impossible),
        lambda: model.partial_fit(X, impossible),
        lambda: small(ESMMClassifier).fit(X, FULL, X_val=X, y_val=impossible),
        lambda: model.score(X, impossible),
        lambda: model.score_tasks(X, impossible),
    ):
        with pytest.raises(ValueError, match=message):
            call()


def test_a_label_without_weight_contradicts_nothing() -> None:
    weight = np.ones((N, 3))
    weight[:, 2] = LATE["buy"] == FULL["buy"]
    model = fitted(FULL)
    model.fit(X, LATE, sample_weight=weight)
    kept = weight[:, 2] > 0
    assert np.isclose(model.tasks_.baseline[2], np.log(BUY[kept].mean() / (1 - BUY[kept].mean())))
    for score in (model.score, model.score_tasks):
        scored = score(X, LATE, sample_weight=weight)
        assert np.array_equal(scored, score(X, FULL, sample_weight=weight))


def test_nothing_follows_from_a_label_without_weight() -> None:
    weight = np.ones((N, 3))
    weight[~CLICK & (X[:, 1] > 0), 0] = 0.0
    unknown = STEPWISE.assign(click=FULL["click"].where(weight[:, 0] > 0))
    hidden, absent = (
        small(ESMMClassifier, **EXACT).fit(X, y, sample_weight=weight) for y in (STEPWISE, unknown)
    )
    assert same(hidden, absent)
    assert hidden.score(X, STEPWISE, weight) == absent.score(X, unknown, weight)


# Probabilities


def test_probabilities_are_products_of_the_conditional_ones() -> None:
    model = fitted(STEPWISE, ESMMEstimator)
    products, steps = model.predict_proba(X), model.predict_conditional_proba(X)
    assert np.array_equal(products[0], steps[0])
    for j in range(3):
        product = np.prod([step[:, 1] for step in steps[: j + 1]], axis=0)
        np.testing.assert_allclose(products[j][:, 1], product, rtol=1e-12)
        np.testing.assert_allclose(steps[j].sum(1), 1, rtol=1e-12)
    raw = model.module_.towers(model.module_.routing(model.module_.encoder(**model._prepared(X))))
    own = torch.sigmoid(raw).detach().numpy()
    for j in range(3):
        np.testing.assert_allclose(steps[j][:, 1], own[:, j], rtol=1e-9)


def test_towers_start_at_the_log_odds_of_each_step() -> None:
    """So that a net that has learned nothing predicts the shares, whatever the chain's length."""
    model = fitted(STEPWISE, lr=1e-12, max_epochs=1, weight_averaging=None, weight_decay=0.0)
    steps = np.array([CLICK.mean(), CART.sum() / CLICK.sum(), BUY.sum() / CART.sum()])
    bias = model.module_.towers.bias.detach().numpy()
    np.testing.assert_allclose(bias, np.log(steps / (1 - steps)), rtol=1e-6)
    np.testing.assert_allclose(model.tasks_.baseline, np.log(FULL.mean() / (1 - FULL.mean())))


def test_a_chain_by_name_and_targets_of_other_kinds_beside_it() -> None:
    spent = np.where(BUY, 50 + 10 * X[:, 1], np.nan)
    y = pd.DataFrame(
        {"shade": np.array(["a", "b", "c"])[np.arange(N) % 3], "buy": BUY, "spent": spent}
    ).assign(member=X[:, 1] > 0, click=CLICK)
    y["buy"] = np.where(CLICK, y["buy"], np.nan)
    model = fitted(y, ESMMEstimator, chain=["click", "buy"])
    shade, buy, nothing, member, click = model.predict_conditional_proba(X)
    both = model.predict_proba(X)
    assert nothing is None
    assert both[2] is None
    for each, index in ((shade, 0), (member, 3), (click, 4)):
        assert np.array_equal(each, both[index])
    np.testing.assert_allclose(both[1][:, 1], click[:, 1] * buy[:, 1], rtol=1e-12)
    with pytest.raises(ValueError, match="Task 'member' has the label True in .* 'buy'"):
        fitted(y, ESMMEstimator)


@pytest.mark.parametrize(
    "chain", [["click", "shade"], ["click", "sale"], ["click", "buy", "click"], ["click", "spent"]]
)
def test_a_chain_of_what_is_no_binary_target(chain: list[str]) -> None:
    y = pd.DataFrame({"click": CLICK, "buy": BUY, "spent": X[:, 0]})
    y["shade"] = np.array(["a", "b", "c"])[np.arange(N) % 3]
    with pytest.raises(ValueError, match=r"must name binary targets.*\['click', 'buy'\]"):
        fitted(y, ESMMEstimator, chain=chain)


@pytest.mark.parametrize("y", [CLICK, X[:, 1], np.arange(N) % 3], ids=["binary", "number", "three"])
@pytest.mark.filterwarnings("ignore::sklearn_ple.tasks.TaskInferenceWarning")
def test_less_than_two_binary_targets_are_not_coupled(y: np.ndarray) -> None:
    model = fitted(y, ESMMEstimator)
    assert isinstance(model.module_.coupling, Uncoupled)
    if y is not X[:, 1] and hasattr(model, "classes_"):
        assert np.array_equal(model.predict_conditional_proba(X), model.predict_proba(X))


def test_regressions_alone_have_no_conditional_probabilities() -> None:
    model = fitted(X[:, :2], ESMMEstimator)
    assert not hasattr(model, "predict_conditional_proba")
