"""`ScoreCombiner`: equation 1 as a product of powers, whatever estimator is behind it."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from linear_tasks import LinearTasks, LinearTasksRegressor
from sklearn.base import BaseEstimator, clone
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_ple.architectures.ple import PLEClassifierRegressor
from sklearn_ple.metrics import ScoreCombiner

N = 97
rng = np.random.default_rng(17)


class Table(BaseEstimator):
    """Predicts the columns of X: three probabilities or numbers."""

    def __init__(self, columns: int = 3) -> None:
        self.columns = columns

    def fit(self, X=None, y=None):
        self.fitted_ = True
        return self

    def predict(self, X):
        return np.asarray(X)[:, : self.columns]


TABLE = Table().fit()
P = rng.uniform(0.01, 0.99, (N, 3))


def ranks(values: np.ndarray) -> np.ndarray:
    return np.argsort(np.argsort(values, kind="stable"), kind="stable")


def combined(weights, X=P, **others) -> np.ndarray:
    return ScoreCombiner(TABLE, weights=weights, **others).fit(X).predict(X)


WEIGHTS = st.lists(st.floats(-3, 3), min_size=3, max_size=3)


@given(weights=WEIGHTS)
def test_is_the_product_of_powers(weights) -> None:
    product = P[:, 0] ** weights[0] * P[:, 1] ** weights[1] * P[:, 2] ** weights[2]
    np.testing.assert_allclose(np.exp(combined(weights)), product, rtol=1e-12)


@pytest.mark.parametrize("factor", [0.125, 4.0, 1024.0])
def test_scaling_all_weights_keeps_the_ranking(factor: float) -> None:
    weights = np.array([0.7, -0.3, 1.9])
    np.testing.assert_array_equal(ranks(combined(factor * weights)), ranks(combined(weights)))
    np.testing.assert_allclose(combined(factor * weights), factor * combined(weights))


@pytest.mark.parametrize("task", [0, 1, 2])
def test_a_weight_of_zero_drops_the_task(task: int) -> None:
    weights = np.array([0.7, 0.3, 1.9])
    weights[task] = 0
    other = P.copy()
    other[:, task] = rng.permutation([0.0, 1.0, *P[2:, task]])
    np.testing.assert_array_equal(combined(weights), combined(weights, other))
    left = [k for k in range(3) if k != task]
    chosen = ScoreCombiner(TABLE, tasks=left, weights=weights[left]).fit(P).predict(P)
    np.testing.assert_allclose(combined(weights), chosen)


def test_nothing_underflows_and_zeros_count_as_eps() -> None:
    tiny = np.array([[1e-10, 1e-11, 1e-9], [1e-10, 1e-11, 1e-10], [0, 1e-8, 1e-9]])
    weights = [40.0, 40.0, 40.0]
    assert (np.prod(tiny**40, axis=1) == 0).all()
    score = combined(weights, tiny)
    assert np.isfinite(score).all()
    assert list(np.argsort(score)) == [1, 0, 2]
    np.testing.assert_allclose(score[2], 40 * np.log([1e-12, 1e-8, 1e-9]).sum())
    np.testing.assert_allclose(combined(weights, tiny, eps=1e-3), np.full(3, 120 * np.log(1e-3)))


def test_negative_predictions_are_an_error_or_zero() -> None:
    X = np.where(np.arange(N)[:, None] == [[4, 8, 15]], -2.5, P)
    with pytest.raises(ValueError, match="'y0' is predicted below zero.*-2.5.*negative='clip'"):
        combined([1, 1, 1], X)
    clipped = combined([1, 1, 1], X, negative="clip")
    np.testing.assert_array_equal(clipped, combined([1, 1, 1], np.maximum(X, 0)))
    only = combined({"y1": 1.0}, np.where(X < 0, [[-1, 0.5, -1]], X))
    assert np.isfinite(only).all()  # a task left out may be anything


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_predictions_must_be_finite(bad: float) -> None:
    with pytest.raises(ValueError, match="'y2' has predictions that are no finite numbers"):
        combined([1, 1, 1], np.where(np.arange(N)[:, None] == [[-1, -1, 5]], bad, P))


def test_contributions_add_up_and_keep_the_index() -> None:
    frame = pd.DataFrame(P, index=np.arange(N) + 1000)
    combiner = ScoreCombiner(TABLE, weights=[2, 0, 0.5]).fit(frame)
    parts = combiner.contributions(frame)
    assert list(parts) == ["y0", "y1", "y2"]
    assert parts.index.equals(frame.index)
    np.testing.assert_allclose(parts.sum(axis=1), combiner.predict(frame))
    np.testing.assert_allclose(parts["y0"], 2 * np.log(P[:, 0]))


# Side columns

LENGTH = rng.gamma(2, 30, N)
WITH_LENGTH = np.column_stack([P, LENGTH])


def sigmoid(values: np.ndarray) -> np.ndarray:
    low, centre, high = np.percentile(LENGTH, [25, 50, 75])
    return 1 / (1 + np.exp(-(values - centre) / (high - low)))


@pytest.mark.parametrize(
    ("transform", "f"),
    [
        ("log", lambda v: np.log(1 + v)),
        ("sigmoid", sigmoid),
        (np.sqrt, np.sqrt),
        (lambda v: 1 / (1 + v), lambda v: 1 / (1 + v)),
    ],
)
def test_a_side_column_multiplies_by_its_function(transform, f) -> None:
    weights = [0.5, 1.5, 0]
    for extra, power in [([], 1.0), ([0.25], 0.25)]:
        given_weights = dict(zip(["y0", "y1", "y2", 3], weights + extra, strict=False))
        combiner = ScoreCombiner(TABLE, weights=given_weights, side_columns={3: transform})
        score = combiner.fit(WITH_LENGTH).predict(WITH_LENGTH)
        product = P[:, 0] ** 0.5 * P[:, 1] ** 1.5 * f(LENGTH) ** power
        np.testing.assert_allclose(np.exp(score), product, rtol=1e-10)
        assert combiner.weights_[3] == power


@pytest.mark.parametrize("transform", ["log", "sigmoid"])
@given(rise=st.floats(0, 1e5))
def test_more_of_a_side_column_never_ranks_lower(transform, rise) -> None:
    combiner = ScoreCombiner(TABLE, weights=[1, 1, 1, 2], side_columns={3: transform})
    combiner.fit(WITH_LENGTH)
    more = WITH_LENGTH + np.array([0, 0, 0, rise])
    assert (combiner.predict(more) >= combiner.predict(WITH_LENGTH)).all()


def test_the_sigmoids_scale_is_that_of_the_rows_of_fit() -> None:
    combiner = ScoreCombiner(TABLE, weights=[1, 1, 1, 1], side_columns={3: "sigmoid"})
    whole = combiner.fit(WITH_LENGTH).predict(WITH_LENGTH)
    np.testing.assert_array_equal(combiner.predict(WITH_LENGTH[:9]), whole[:9])
    units = WITH_LENGTH * [1, 1, 1, 60] + [0, 0, 0, 5]
    np.testing.assert_allclose(clone_on_table(combiner).fit(units).predict(units), whole)


@pytest.mark.parametrize(
    ("transform", "f"), [("sigmoid", sigmoid), ("log", np.log1p), (np.sqrt, np.sqrt)]
)
@pytest.mark.parametrize("eps", [1e-12, 0.3])
def test_no_factor_counts_as_less_than_eps(transform, f, eps: float) -> None:
    options = {"weights": [0, 0, 0, 1], "side_columns": {3: transform}, "eps": eps}
    combiner = ScoreCombiner(TABLE, **options).fit(WITH_LENGTH)
    low = WITH_LENGTH.copy()
    low[:9, 3] = np.linspace(-1e4 if transform == "sigmoid" else 0.0, 1.0, 9)
    expected = np.log(np.maximum(f(low[:, 3]), eps))
    np.testing.assert_allclose(combiner.predict(low), expected, atol=1e-12)


def clone_on_table(combiner: ScoreCombiner) -> ScoreCombiner:
    return ScoreCombiner(**combiner.get_params(deep=False))


def test_a_side_column_that_never_changes_has_a_sigmoid_too() -> None:
    X = np.column_stack([P, np.full(N, 7.0)])
    combiner = ScoreCombiner(TABLE, weights=[1, 1, 1, 1], side_columns={3: "sigmoid"})
    np.testing.assert_allclose(
        combiner.fit(X).predict(X), np.log(P).sum(axis=1) + np.log(0.5), rtol=1e-12
    )


@pytest.mark.parametrize(
    ("transform", "value", "message"),
    [
        ("log", -3.0, "Side column 3: log.* v >= 0, got -3"),
        ("sigmoid", np.nan, "Side column 3 must hold finite numbers"),
        ("cube", 1.0, "'cube' is no transform"),
        (lambda v: v[:2], 1.0, "one number per row"),
        (lambda v: v - 1e9, 1.0, "not negative"),
    ],
)
def test_mistakes_in_side_columns_are_named(transform, value, message) -> None:
    X = WITH_LENGTH.copy()
    X[3, 3] = value
    with pytest.raises(ValueError, match=message):
        ScoreCombiner(TABLE, weights=[1, 1, 1, 1], side_columns={3: transform}).fit(X)


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_columns_of_a_table_that_are_no_features_are_kept_from_the_model(make) -> None:
    X, y = rng.normal(size=(N, 2)), rng.integers(0, 2, (N, 3))
    table = make({"a": X[:, 0], "b": X[:, 1]})
    forest = RandomForestClassifier(5, random_state=0).fit(table, y)
    wide = make({"length": LENGTH, "a": X[:, 0], "user": ["u", *"v" * (N - 1)], "b": X[:, 1]})
    combiner = ScoreCombiner(
        forest, weights=[1, 2, 3, 0.5], side_columns={"length": "log"}, groups="user"
    ).fit(wide)
    p = np.maximum([each[:, 1] for each in forest.predict_proba(table)], 1e-12)
    expected = np.array([1, 2, 3]) @ np.log(p) + 0.5 * np.log(np.log1p(LENGTH))
    np.testing.assert_allclose(combiner.predict(wide), expected)
    # Groups score a ranking; they are not needed to make one.
    np.testing.assert_allclose(combiner.predict(wide[["a", "length", "b"]]), expected)
    with pytest.raises(ValueError, match="no column 'length'"):
        combiner.predict(table)
    by_position = ScoreCombiner(
        forest, weights=[1, 2, 3, 0.5], side_columns={0: "log"}, groups=2
    ).fit(wide)
    np.testing.assert_allclose(by_position.predict(wide), expected)


# Any estimator

TARGETS = (rng.normal(size=(N, 4)) + rng.normal(size=(N, 1)) > 0).astype(int)
FEATURES = rng.normal(size=(N, 5)) + TARGETS[:, :1]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    "estimator",
    [
        RandomForestClassifier(7, random_state=0),
        MultiOutputClassifier(LogisticRegression()),
        ClassifierChain(LogisticRegression()),
        MLPClassifier((3,), max_iter=9, random_state=0),
        make_pipeline(StandardScaler(), RandomForestClassifier(7, random_state=0)),
        LinearTasks(),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
@pytest.mark.parametrize("n_tasks", [2, 4])
def test_probabilities_of_any_multi_output_classifier(estimator, n_tasks) -> None:
    model = clone(estimator).fit(FEATURES, TARGETS[:, :n_tasks])
    found = model.predict_proba(FEATURES)
    p = np.column_stack([q[:, 1] for q in found]) if isinstance(found, list) else found
    assert p.shape == (N, n_tasks)
    weights = np.arange(1, n_tasks + 1) / 3
    score = ScoreCombiner(model, weights=weights).fit(FEATURES).predict(FEATURES)
    np.testing.assert_allclose(score, np.log(np.maximum(p, 1e-12)) @ weights)


def test_one_binary_target_is_its_second_class() -> None:
    model = LogisticRegression().fit(FEATURES, np.where(TARGETS[:, 0], "yes", "no"))
    score = ScoreCombiner(model, weights=[2]).fit(FEATURES).predict(FEATURES)
    np.testing.assert_allclose(score, 2 * np.log(model.predict_proba(FEATURES)[:, 1]))


def test_numbers_of_any_regressor() -> None:
    y = np.exp(rng.normal(size=(N, 2)))
    model = RandomForestRegressor(5, random_state=0).fit(FEATURES, y)
    score = ScoreCombiner(model, weights=[1, 2]).fit(FEATURES).predict(FEATURES)
    np.testing.assert_allclose(score, np.log(model.predict(FEATURES)) @ [1, 2])


def test_a_frozen_pipeline_gives_its_tasks_by_name(X, y) -> None:
    pipeline = make_pipeline(StandardScaler(), LinearTasks()).fit(X, y[["income", "click"]])
    by_name = {"click": 1.0, "income": 0.25}
    scores = [
        ScoreCombiner(estimator, weights=by_name).fit(X).predict(X)
        for estimator in (pipeline, FrozenEstimator(pipeline))
    ]
    np.testing.assert_array_equal(*scores)


def test_a_mixed_model_gives_probabilities_and_numbers_by_name(model, X, y) -> None:
    combiner = ScoreCombiner(model, weights={"hours": 0.5, "income": 2, "click": 1}).fit(X)
    p = model.predict_proba(X)
    hours = model.predict(X)[:, 1].astype(float)
    expected = 0.5 * np.log(hours) + 2 * np.log(p[0][:, 1]) + np.log(p[3][:, 1])
    np.testing.assert_allclose(combiner.predict(X), expected)
    assert combiner.tasks_used_ == ["hours", "income", "click"]
    with pytest.raises(ValueError, match="'colour' has 3 classes.*leave it out"):
        ScoreCombiner(model, weights=[1, 1, 1, 1]).fit(X)


def test_a_network_of_ours_and_one_that_only_regresses(X, y) -> None:
    net = PLEClassifierRegressor(max_epochs=2, expert_widths=(7,), random_state=0).fit(X, y)
    frame = net.predict_frame(X)
    combiner = ScoreCombiner(net, weights={"income": 1, "hours": 3}, negative="clip").fit(X)
    expected = np.log(frame["income=yes"]) + 3 * np.log(frame["hours"].clip(lower=1e-12))
    np.testing.assert_allclose(combiner.predict(X), expected, rtol=1e-5)
    shares = LinearTasksRegressor().fit(X, np.exp(X[:, :2]) + 9)
    given_weights = ScoreCombiner(shares, weights=[1, 1]).fit(X)
    np.testing.assert_allclose(given_weights.predict(X), np.log(shares.predict(X)).sum(axis=1))


def test_a_classifier_without_probabilities_of_text_is_named(X, y) -> None:
    class Labels(Table):
        def predict(self, X):
            return np.full((len(X), 2), "yes", dtype=object)

    with pytest.raises(ValueError, match="'y0' is predicted as 'yes'.*predict_proba"):
        ScoreCombiner(Labels().fit(), weights=[1, 1]).fit(X)


def test_tasks_of_a_foreign_model_are_called_like_the_columns_of_y() -> None:
    names = ["click", "like", "share"]
    y = pd.DataFrame(TARGETS[:, :3], columns=names)
    forest = RandomForestClassifier(5, random_state=0).fit(FEATURES, y)
    combiner = ScoreCombiner(forest, weights={"share": 1.0}).fit(FEATURES, y)
    p = np.maximum(forest.predict_proba(FEATURES)[2][:, 1], 1e-12)
    np.testing.assert_allclose(combiner.predict(FEATURES), np.log(p))
    without = ScoreCombiner(forest, weights={"y2": 1.0}).fit(FEATURES)
    np.testing.assert_array_equal(without.predict(FEATURES), combiner.predict(FEATURES))


# scikit-learn's conventions


def test_parameters_are_get_and_set_and_inner_ones_too() -> None:
    combiner = ScoreCombiner(Table(), weights=[1, 2])
    combiner.set_params(eps=0.25, estimator__columns=2)
    assert combiner.get_params()["estimator__columns"] == 2
    fitted = combiner.set_params(estimator=Table(2).fit())
    assert fitted.fit(P) is fitted
    np.testing.assert_allclose(fitted.predict(P), np.log(np.maximum(P[:, :2], 0.25)) @ [1, 2])


def test_a_clone_keeps_a_frozen_model_and_loses_what_was_fitted() -> None:
    combiner = ScoreCombiner(FrozenEstimator(TABLE), weights=[1, 2, 3]).fit(P)
    again = clone(combiner)
    assert not hasattr(again, "weights_")
    with pytest.raises(NotFittedError):
        again.predict(P)
    np.testing.assert_array_equal(again.fit(P).predict(P), combiner.predict(P))
    with pytest.raises(NotFittedError, match="Table is not fitted.*FrozenEstimator"):
        clone(ScoreCombiner(TABLE, weights=[1, 2, 3])).fit(P)


def test_pickles_and_leaves_inputs_and_parameters_alone() -> None:
    weights = {"y0": 1.0, 3: 2.0}
    X = WITH_LENGTH.copy()
    X.setflags(write=False)
    combiner = ScoreCombiner(TABLE, weights=weights, side_columns={3: "sigmoid"})
    before = combiner.get_params(deep=False)
    score = combiner.fit(X).predict(X)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(combiner)).predict(X), score)
    assert combiner.get_params(deep=False) == before
    assert weights == {"y0": 1.0, 3: 2.0}


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"weights": [1, 2]}, "3 finite numbers, for .*y0.*y1.*y2"),
        ({"weights": [1, 2, np.nan]}, "3 finite numbers"),
        ({"weights": {"y9": 1}}, "no task 'y9'"),
        ({"weights": {}}, "no task to combine"),
        ({"weights": {"y0": 1}, "tasks": ["y0", "y1"]}, "weights name .*y0"),
        ({"weights": [1, 1], "tasks": ["y1", 1]}, "once only"),
        ({"weights": [1, 1], "tasks": [0, 3]}, "no task 3"),
        ({"eps": 0.0}, "eps"),
        ({"negative": "zero"}, "negative"),
        ({"max_evaluations": 0}, "max_evaluations"),
    ],
)
def test_mistakes_are_named(parameters: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ScoreCombiner(TABLE, **{"weights": [1, 1, 1]} | parameters).fit(P)


def test_a_task_and_a_side_column_of_one_name_are_not_confused() -> None:
    table = pd.DataFrame(WITH_LENGTH, columns=["a", "b", "c", "y1"])
    with pytest.raises(ValueError, match="'y1'.*rename"):
        ScoreCombiner(TABLE, weights=[1, 1, 1, 1], side_columns={"y1": "log"}).fit(table)
