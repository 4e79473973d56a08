"""A view of one task is an ordinary fitted estimator that has no model of its own."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from architecture_walk import small
from people import make_people
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted
from viewed import labelled, make_rows, trained

from sklearn_ple import PLEClassifier, PLEClassifierRegressor, PLERegressor
from sklearn_ple.tasks import Regression

X, Y = make_rows(83, 2)
NAMES = ["sold", "price", "visits", "shade"]


@pytest.mark.parametrize("name", NAMES)
def test_it_answers_as_the_estimator_does_for_this_task(name) -> None:
    model = trained()
    view, k = model.task_view(name), NAMES.index(name)
    np.testing.assert_array_equal(view.predict(X), model.predict(X)[:, k])
    if name in ("sold", "shade"):
        np.testing.assert_array_equal(view.predict_proba(X), model.predict_proba(X)[k])
        np.testing.assert_array_equal(view.classes_, model.classes_[k])
    else:
        assert view.predict(X).dtype == np.float64
        assert not hasattr(view, "predict_proba")
    assert view.n_features_in_ == 5
    np.testing.assert_array_equal(view.feature_names_in_, model.feature_names_in_)


def test_classifications_are_classifiers_and_numbers_and_counts_are_regressors() -> None:
    model = trained()
    for name in NAMES:
        view = model.task_view(name)
        assert is_classifier(view) == (name in ("sold", "shade"))
        assert is_regressor(view) == (name in ("price", "visits"))
        tags = get_tags(view)
        assert tags.input_tags == get_tags(model).input_tags
        assert not tags.target_tags.multi_output
        check_is_fitted(view)


@pytest.mark.parametrize("name", ["sold", "shade"])
def test_the_decision_function_is_the_logarithm_of_odds_or_of_probabilities(name) -> None:
    view = trained().task_view(name)
    p, decision = view.predict_proba(X), view.decision_function(X)
    if name == "sold":
        np.testing.assert_allclose(1 / (1 + np.exp(-decision)), p[:, 1])
    else:
        np.testing.assert_allclose(np.exp(decision), p)


def test_a_task_goes_by_name_by_position_or_as_itself() -> None:
    model = trained()
    for k, name in enumerate(NAMES):
        for task in (name, k, np.int64(k), model.tasks_.tasks[k]):
            assert model.task_view(task).task == name


@pytest.mark.parametrize("task", ["colour", 4, -1, True, None, 1.0, Regression()])
def test_an_unknown_task_is_an_error_that_lists_the_names(task) -> None:
    with pytest.raises(ValueError, match=r"no task .*'sold', 'price', 'visits', 'shade'"):
        trained().task_view(task)


def test_a_single_target_without_a_name_has_a_view_too() -> None:
    values = X.to_numpy()
    classifier = small(PLEClassifier).fit(values, values[:, 0] > 0)
    assert classifier.task_view("y0").classes_.tolist() == [False, True]
    regressor = small(PLERegressor).fit(values, values[:, 0])
    view = regressor.task_view(0)
    np.testing.assert_array_equal(view.predict(values), regressor.predict(values))
    assert not hasattr(view, "feature_names_in_")


def test_there_is_no_view_before_fit() -> None:
    with pytest.raises(NotFittedError):
        small(PLEClassifier).task_view("sold")


def test_it_copies_nothing_and_keeps_nothing() -> None:
    model = trained()
    view = model.task_view("price")
    assert vars(view) == {"estimator": model, "task": "price"}
    assert view.estimator is model
    before = dict(vars(model))
    view.predict(X)
    assert vars(view) == {"estimator": model, "task": "price"}
    assert vars(model) == before


def test_pickled_with_the_estimator_it_stays_one_model() -> None:
    model = trained()
    alone, both = pickle.dumps(model), pickle.dumps([model, *map(model.task_view, NAMES)])
    assert len(both) < len(alone) + 2_000
    again, view, *_ = pickle.loads(both)
    assert view.estimator is again
    np.testing.assert_array_equal(view.predict_proba(X), model.predict_proba(X)[0])
    lone = pickle.loads(pickle.dumps(model.task_view("visits")))
    np.testing.assert_array_equal(lone.predict(X), model.predict(X)[:, 2])


def test_its_clone_is_a_view_of_the_same_fitted_model() -> None:
    view = trained().task_view("shade")
    again = clone(view)
    assert again is not view
    assert again.estimator is view.estimator
    assert again.get_params(deep=False) == view.get_params(deep=False)
    np.testing.assert_array_equal(again.predict(X), view.predict(X))


def test_it_refuses_to_be_fitted_and_leaves_the_model_alone() -> None:
    model = trained()
    before = model.predict_proba(X)[0]
    with pytest.raises(RuntimeError, match=r"(?s)'sold'.*FrozenEstimator\(view\).*cv='prefit'"):
        model.task_view("sold").fit(X, Y["sold"])
    np.testing.assert_array_equal(model.predict_proba(X)[0], before)


def test_it_reads_features_as_the_estimator_does() -> None:
    people, targets = make_people(101)
    model = small(PLEClassifierRegressor).fit(people, targets)
    view = model.task_view("bought")
    expected = model.predict_proba(people)[0]
    np.testing.assert_array_equal(view.predict_proba(people), expected)
    with pytest.raises(ValueError, match="feature names should match"):
        view.predict(people[people.columns[::-1]])
    with pytest.raises(ValueError, match=r"now missing:\n- member\n- plan"):
        view.predict(people.iloc[:, :3])
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        from_array = view.predict_proba(people.to_numpy(dtype=object))
    np.testing.assert_allclose(from_array, expected, rtol=1e-5)


def test_what_happens_to_the_estimator_shows_in_the_view() -> None:
    model = trained()
    view = model.task_view("sold")
    before = view.predict_proba(X)
    model.calibrate(X, Y)
    calibrated = view.predict_proba(X)
    assert not np.allclose(calibrated, before)
    np.testing.assert_array_equal(calibrated, model.predict_proba(X)[0])
    model.set_params(random_state=7).fit(X, Y)
    np.testing.assert_array_equal(view.predict_proba(X), model.predict_proba(X)[0])


def test_a_task_that_became_another_kind_or_went_away_is_an_error() -> None:
    model = trained()
    view = model.task_view("price")
    model.fit(X, Y.assign(price=np.where(Y["price"] > 30, "dear", "cheap")))
    with pytest.raises(ValueError, match="fitted anew as another kind"):
        view.predict(X)
    model.fit(X, Y[["sold", "visits"]])
    with pytest.raises(ValueError, match=r"no task 'price'.*'sold', 'visits'"):
        view.predict(X)


def test_booleans_with_gaps_are_booleans_again() -> None:
    """A gap makes the column one of objects, which scikit-learn's metrics do not take."""
    flag = (X["a"] > 0).astype(object).mask(X["b"] > 1)
    model = small(PLEClassifierRegressor).fit(X, pd.DataFrame({"flag": flag, "b": X["b"]}))
    view = model.task_view("flag")
    assert view.classes_.dtype == view.predict(X).dtype == bool
    rows = flag.notna()
    truth = flag[rows].astype(bool)
    assert view.score(X[rows], truth) == np.mean(view.predict(X[rows]) == truth)


def test_its_score_is_accuracy_or_r2() -> None:
    model = trained()
    rows, sold = labelled("sold")
    view = model.task_view("sold")
    assert view.score(rows, sold) == np.mean(view.predict(rows) == sold)
    rows, price = labelled("price")
    residual = price - model.task_view("price").predict(rows)
    expected = 1 - (residual**2).sum() / ((price - price.mean()) ** 2).sum()
    assert model.task_view("price").score(rows, price) == pytest.approx(expected)


def test_a_deep_copy_has_a_model_of_its_own() -> None:
    view = trained().task_view("price")
    other = copy.deepcopy(view)
    with torch.no_grad():
        other.estimator.module_.towers.bias += 1.0
    assert (other.predict(X) > view.predict(X)).all()
