"""What `calibrate` does to each kind of task, by models whose error is known."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from architecture_walk import small
from distorted import NAMES, distorted, fitted, make_rows
from scipy.special import expit, logit
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor
from sklearn.metrics import log_loss

from sklearn_ple import SharedBottomClassifier, SharedBottomEstimator
from sklearn_ple.metrics import expected_calibration_error

X, Y = make_rows(613, 1)
FRESH_X, FRESH_Y = make_rows(97, 2)
ALL = {"sold": "sigmoid", "price": "linear", "visits": "linear", "shade": "sigmoid"}
SLOPES = {"sold": 3.0, "price": 0.4, "visits": 1.8, "shade": 2.5}
SHIFTS = {"sold": 1.5, "price": -0.7, "visits": 0.6, "shade": [0.8, -0.5, 0.1]}


def answers(model) -> dict[str, np.ndarray]:
    return {name: model.tasks_.activate(model._raw(FRESH_X))[k] for k, name in enumerate(NAMES)}


def probability(model, name: str, rows=FRESH_X) -> np.ndarray:
    return model.predict_proba(rows)[NAMES.index(name)]


def present(name: str) -> tuple[np.ndarray, np.ndarray]:
    rows = Y[name].notna().to_numpy()
    return X[rows], Y.loc[rows, name].to_numpy()


# Slopes and shifts


def test_a_known_slope_and_shift_are_taken_back() -> None:
    """Calibrated, a distorted model says what the undistorted one says, calibrated."""
    model = fitted()
    twisted = distorted(model, SLOPES, SHIFTS)
    expected = answers(model.calibrate(X, Y, method=ALL))
    for name, found in answers(twisted.calibrate(X, Y, method=ALL)).items():
        np.testing.assert_allclose(found, expected[name], rtol=0.05, atol=0.01)
    table, straight = twisted.calibration_.table, model.calibration_.table
    for name, slope in SLOPES.items():
        assert table.loc[name, "slope"] == pytest.approx(
            straight.loc[name, "slope"] / slope, rel=0.05
        )


def test_a_temperature_is_scikit_learns() -> None:
    twisted = distorted(fitted(), {"sold": 3.0, "shade": 2.5}, {})
    views = {name: twisted.task_view(name) for name in ("sold", "shade")}
    expected = {}
    for name, view in views.items():
        theirs = CalibratedClassifierCV(FrozenEstimator(view), method="temperature")
        expected[name] = theirs.fit(*present(name)).predict_proba(FRESH_X)
    twisted.calibrate(X, Y, method="temperature")
    for name, p in expected.items():
        np.testing.assert_allclose(probability(twisted, name), p, atol=1e-3)


def test_a_sigmoid_of_two_classes_is_a_logistic_regression_on_the_log_odds() -> None:
    twisted = distorted(fitted(), {"sold": 3.0}, {"sold": 1.5})
    view = twisted.task_view("sold")
    rows, labels = present("sold")
    before, fresh = (view.decision_function(x)[:, None] for x in (rows, FRESH_X))
    theirs = LogisticRegression(C=np.inf, tol=1e-8).fit(before, labels)
    found = probability(twisted.calibrate(X, Y), "sold")
    np.testing.assert_allclose(found, theirs.predict_proba(fresh), atol=2e-3)


def test_a_sigmoid_is_scikit_learns_but_for_the_labels_that_it_softens() -> None:
    twisted = distorted(fitted(), {"sold": 3.0}, {"sold": 1.5})
    theirs = CalibratedClassifierCV(FrozenEstimator(twisted.task_view("sold")), method="sigmoid")
    expected = theirs.fit(*present("sold")).predict_proba(FRESH_X)
    found = probability(twisted.calibrate(X, Y), "sold")
    np.testing.assert_allclose(found, expected, atol=1e-2)


def test_shares_of_classes_come_out_right() -> None:
    """A shift per class makes mean probabilities those of the labels, one by one."""
    twisted = distorted(fitted(), SLOPES, SHIFTS).calibrate(X, Y)
    for name in ("sold", "shade"):
        rows, labels = present(name)
        shares = pd.Series(labels).value_counts(normalize=True).sort_index()
        np.testing.assert_allclose(probability(twisted, name, rows).mean(0), shares, atol=2e-3)


def test_linear_is_least_squares_of_a_regression() -> None:
    model = distorted(fitted(), {"price": 0.4}, {"price": -0.7})
    rows, labels = present("price")
    k = NAMES.index("price")
    before = model._predictions(rows)[k][:, None]
    line = LinearRegression().fit(before, labels)
    model.calibrate(X, Y, method={"price": "linear"})
    np.testing.assert_allclose(model._predictions(rows)[k], line.predict(before), rtol=3e-3)


def test_linear_is_a_poisson_regression_on_the_logarithm_of_a_count() -> None:
    model = distorted(fitted(), {"visits": 1.8}, {"visits": 0.6})
    rows, labels = present("visits")
    k = NAMES.index("visits")
    before = np.log(model._predictions(rows)[k])[:, None]
    theirs = PoissonRegressor(alpha=0, tol=1e-9).fit(before, labels)
    model.calibrate(X, Y, method={"visits": "linear"})
    found = model._predictions(rows)[k]
    np.testing.assert_allclose(found, theirs.predict(before), rtol=5e-3)
    assert found.sum() == pytest.approx(labels.sum(), rel=2e-3)


def test_a_ranking_is_never_turned_round() -> None:
    """Even of a model that is wrong on purpose: it ends up saying little."""
    model = distorted(fitted(), {"sold": -2.0, "price": -1.5}, {})
    before = model.predict_frame(FRESH_X)
    after = model.calibrate(X, Y, method=ALL).predict_frame(FRESH_X)
    for column in ("sold=1.0", "price"):
        order = before[column].argsort()
        assert (np.diff(after[column].to_numpy()[order]) >= 0).all()
        assert np.ptp(after[column]) < 0.5 * np.ptp(before[column])


@pytest.mark.parametrize("n", [7, 40])
def test_few_separable_labels_leave_everything_finite(n) -> None:
    model = fitted()
    k = NAMES.index("shade")
    sure = model.predict_proba(X)[0][:, 1]
    rows = np.r_[sure.argsort()[:n], sure.argsort()[-n:]]
    y = Y.iloc[rows].assign(sold=np.repeat([0.0, 1.0], n), shade=["blue", "red"] * n)
    model.calibrate(X[rows], y)
    assert model.calibration_.table.loc["sold", "slope"] > 1
    for p in (model.predict_proba(FRESH_X)[0], model.predict_proba(FRESH_X)[k]):
        assert np.isfinite(p).all()
        assert (p > 0).all()


# Isotonic steps


def test_isotonic_of_two_classes_is_scikit_learns_within_what_labels_can_tell() -> None:
    twisted = distorted(fitted(), {"sold": 3.0}, {"sold": 1.5})
    rows, labels = present("sold")
    before = probability(twisted, "sold", rows)[:, 1], probability(twisted, "sold")[:, 1]
    steps = IsotonicRegression(out_of_bounds="clip").fit(before[0], labels)
    least = 1 / (len(labels) + 2)
    twisted.calibrate(X, Y, method={"sold": "isotonic"})
    found = probability(twisted, "sold")[:, 1]
    np.testing.assert_allclose(found, steps.predict(before[1]).clip(least, 1 - least))


def test_isotonic_of_several_classes_is_one_against_the_rest_and_adds_up() -> None:
    twisted = distorted(fitted(), {"shade": 2.5}, {"shade": [0.8, -0.5, 0.1]})
    rows, labels = present("shade")
    before, fresh = probability(twisted, "shade", rows), probability(twisted, "shade")
    least = 1 / (len(labels) + 2)
    each = []
    for k, name in enumerate(["blue", "green", "red"]):
        steps = IsotonicRegression(y_min=least, y_max=1 - least, out_of_bounds="clip")
        each.append(steps.fit(before[:, k], labels == name).predict(fresh[:, k]))
    twisted.calibrate(X, Y, method={"shade": "isotonic"})
    expected = np.transpose(each / np.sum(each, axis=0))
    np.testing.assert_allclose(probability(twisted, "shade"), expected)


def test_a_word_leaves_alone_the_tasks_that_cannot_take_it() -> None:
    model = fitted()
    methods = {
        "auto": ["sigmoid", "none", "none", "sigmoid"],
        "temperature": ["temperature", "none", "none", "temperature"],
        "isotonic": ["isotonic", "none", "none", "isotonic"],
        "linear": ["none", "linear", "linear", "none"],
        None: ["none"] * 4,
    }
    for method, expected in methods.items():
        before = answers(fitted())
        table = model.calibrate(X, Y, method=method).calibration_.table
        assert table["method"].tolist() == expected
        for name, word in zip(NAMES, expected, strict=True):
            same = np.array_equal(answers(model)[name], before[name])
            assert same == (word == "none")


# Where it shows


def test_everything_that_answers_uses_it() -> None:
    twisted = distorted(fitted(), SLOPES, SHIFTS)
    before = twisted.score_tasks(FRESH_X, FRESH_Y)
    twisted.calibrate(X, Y, method=ALL)
    p, frame = twisted.predict_proba(FRESH_X), twisted.predict_frame(FRESH_X)
    np.testing.assert_array_equal(frame[["sold=0.0", "sold=1.0"]], p[0])
    np.testing.assert_array_equal(frame["shade"], twisted.predict(FRESH_X)[:, 3])
    np.testing.assert_array_equal(
        np.array(["blue", "green", "red"])[p[3].argmax(1)], frame["shade"]
    )
    np.testing.assert_array_equal(frame["price"], twisted.predict(FRESH_X)[:, 1].astype(float))
    after = twisted.score_tasks(FRESH_X, FRESH_Y)
    assert (after > before).all()
    assert twisted.score(FRESH_X, FRESH_Y) == pytest.approx(after.mean())
    rows = FRESH_Y["sold"].notna().to_numpy()
    train = make_rows(241, 0)[1]["sold"].dropna()
    null = log_loss(FRESH_Y["sold"][rows], np.full(rows.sum(), train.mean()))
    ours = log_loss(FRESH_Y["sold"][rows], p[0][rows])
    assert after["sold"] == pytest.approx(1 - ours / null)


def test_class_weights_are_made_good() -> None:
    """They shift probabilities away from frequencies; calibration shifts them back."""
    model = fitted(class_weight={"sold": {0.0: 1.0, 1.0: 6.0}})
    rows, labels = present("sold")
    off = expected_calibration_error(labels, probability(model, "sold", rows))
    model.calibrate(X, Y)
    assert expected_calibration_error(labels, probability(model, "sold", rows)) < 0.4 * off


def test_the_table_shows_what_was_done() -> None:
    twisted = distorted(fitted(), SLOPES, SHIFTS)
    before = twisted.score_tasks(X, Y)
    table = twisted.calibrate(X, Y, thresholds={"sold": 0.3}).calibration_.table
    assert table.index.tolist() == NAMES
    assert table["labels"].tolist() == Y.notna().sum().tolist()
    assert table["threshold"].dropna().to_dict() == {"sold": 0.3}
    assert table["slope"].isna().tolist() == [False, True, True, False]
    assert len(table.loc["shade", "shift"]) == 3
    assert table["explained_before"].to_dict() == pytest.approx(before.to_dict())
    assert table["explained_after"].to_dict() == pytest.approx(twisted.score_tasks(X, Y).to_dict())
    assert repr(twisted.calibration_) == repr(table)
    assert "<table" in twisted.calibration_._repr_html_()


def test_the_same_by_hand_out_of_slope_and_shift() -> None:
    model = fitted()
    before = probability(model, "sold")[:, 1]
    row = model.calibrate(X, Y).calibration_.table.loc["sold"]
    expected = expit(row["slope"] * logit(before) + row["shift"])
    np.testing.assert_allclose(probability(model, "sold")[:, 1], expected)


# What it reads


def test_rows_without_a_label_do_not_count() -> None:
    model, other = fitted(), fitted()
    model.calibrate(X, Y, method=ALL)
    rng = np.random.default_rng(3)
    nothing = pd.DataFrame({name: [None] * 31 for name in NAMES}, dtype=object)
    more = np.concatenate([X, rng.normal(0, 9, (31, 3))])
    other.calibrate(more, pd.concat([Y.astype(object), nothing]), method=ALL)
    for name, p in answers(other).items():
        np.testing.assert_allclose(p, answers(model)[name], rtol=1e-6)


def test_weights_count_and_only_their_ratios() -> None:
    weight = np.random.default_rng(4).integers(0, 4, (613, 4)).astype(float)
    model, scaled, plain = fitted(), fitted(), fitted().calibrate(X, Y)
    model.calibrate(X, Y, weight)
    scaled.calibrate(X, Y, weight * 1e-6)
    for name in ("sold", "shade"):
        np.testing.assert_allclose(answers(scaled)[name], answers(model)[name], rtol=1e-6)
        assert not np.allclose(answers(plain)[name], answers(model)[name], rtol=1e-3)
    hidden = Y.mask(weight == 0)
    by_row = fitted().calibrate(X, hidden, np.where(weight > 0, weight, 5.0))
    for name in ("sold", "shade"):
        np.testing.assert_allclose(answers(by_row)[name], answers(model)[name], rtol=1e-6)


def test_a_row_of_weight_two_is_worth_the_row_twice() -> None:
    k = np.random.default_rng(5).integers(1, 3, 613)
    weighted = fitted().calibrate(X, Y, k, method="isotonic")
    repeated = fitted().calibrate(
        np.repeat(X, k, axis=0), Y.loc[Y.index.repeat(k)], method="isotonic"
    )
    for name in ("sold", "shade"):
        np.testing.assert_allclose(answers(weighted)[name], answers(repeated)[name], atol=2e-3)


def test_columns_of_y_go_by_their_names() -> None:
    model, other = fitted().calibrate(X, Y), fitted().calibrate(X, Y[NAMES[::-1]])
    for name, p in answers(other).items():
        np.testing.assert_array_equal(p, answers(model)[name])


def test_a_single_target() -> None:
    labels = Y["shade"].fillna("red")
    model = small(SharedBottomClassifier).fit(X[:200], labels[:200])
    before = log_loss(labels[200:], model.predict_proba(X[200:]))
    model.calibrate(X[200:], labels[200:])
    assert log_loss(labels[200:], model.predict_proba(X[200:])) < before
    assert model.calibration_.table.index.tolist() == ["shade"]


# How long it lasts


def test_calibrating_again_starts_from_the_fitted_model() -> None:
    once, twice = fitted().calibrate(X, Y), fitted()
    twice.calibrate(FRESH_X, FRESH_Y, method=ALL, thresholds=0.2).calibrate(X, Y)
    for name, p in answers(twice).items():
        np.testing.assert_array_equal(p, answers(once)[name])
    assert twice.calibration_.thresholds == {}


@pytest.mark.parametrize("how", ["fit", "warm_start", "partial_fit"])
def test_training_undoes_it(how) -> None:
    plain, calibrated = fitted(), fitted().calibrate(X, Y, thresholds=0.2)
    for model in (plain, calibrated):
        if how == "partial_fit":
            model.partial_fit(X[:64], Y[:64])
        else:
            model.set_params(warm_start=how == "warm_start", max_epochs=2).fit(X[:64], Y[:64])
    assert not hasattr(calibrated, "calibration_")
    np.testing.assert_array_equal(calibrated.predict(FRESH_X), plain.predict(FRESH_X))


def test_a_clone_forgets_it_and_a_pickle_keeps_it() -> None:
    model = fitted().calibrate(X, Y, method=ALL | {"shade": "isotonic"}, thresholds="f1")
    assert not hasattr(clone(model), "calibration_")
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(FRESH_X), model.predict(FRESH_X))
    for name, p in answers(again).items():
        np.testing.assert_array_equal(p, answers(model)[name])


def test_predicting_leaves_the_estimator_as_it_was() -> None:
    model = fitted().calibrate(X, Y, thresholds="f1")
    before = dict(vars(model))
    model.predict(FRESH_X)
    model.predict_frame(FRESH_X)
    model.score(FRESH_X, FRESH_Y)
    assert vars(model) == before


# Errors


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ({"colour": "sigmoid"}, r"names \['colour'\].*'sold', 'price'"),
        ("platt", "'platt' is none of"),
        ({"sold": "linear"}, "'sold' is a binary.*'sigmoid'.*not 'linear'"),
        ({"price": "isotonic"}, r"'price' is a regression.*\('linear',\)"),
        (["sigmoid"], "none of"),
    ],
)
def test_methods_that_do_not_fit(method, message) -> None:
    with pytest.raises(ValueError, match=message):
        fitted().calibrate(X, Y, method=method)


def test_a_word_that_fits_no_task() -> None:
    numbers = small(SharedBottomEstimator).fit(X, X[:, :2] * 1.5)
    with pytest.raises(ValueError, match="'isotonic' fits none of"):
        numbers.calibrate(X, X[:, :2], method="isotonic")


def test_no_label_and_one_class_only() -> None:
    model = fitted()
    with pytest.raises(ValueError, match="'shade' has no label to calibrate on"):
        model.calibrate(X, Y.assign(shade=None))
    with pytest.raises(ValueError, match=r"'sold' has one class only \(np.float64\(1.0\)\)"):
        model.calibrate(X, Y.assign(sold=Y["sold"].where(Y["sold"] == 1)))
    with pytest.raises(ValueError, match="'violet' is not one of the classes"):
        model.calibrate(X, Y.assign(shade="violet"))
    assert not hasattr(model, "calibration_")
    model.calibrate(X, Y.assign(shade=None), method={"sold": "sigmoid"})
    assert np.isnan(model.calibration_.table.loc["shade", "explained_before"])
