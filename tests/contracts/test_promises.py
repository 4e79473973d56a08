"""Classes and tags: what a name promises, and what scikit-learn takes each estimator for."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pandas as pd
import pytest
from architecture_walk import ARCHITECTURES, CLASSIFIERS, ESTIMATORS, MIXED, REGRESSORS, over, small
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    MultiOutputMixin,
    RegressorMixin,
    clone,
    is_classifier,
    is_regressor,
)
from sklearn.utils import get_tags

import sklearn_ple
from sklearn_ple.base import MultiTaskEstimator

RNG = np.random.default_rng(0)
X = RNG.normal(size=(61, 3))
ZERO_ONE = (X[:, 0] > 0).astype(int)
NEUTRAL = MIXED + ARCHITECTURES


def test_the_everyday_schemes_have_all_four_promises() -> None:
    promises = {"Classifier", "Regressor", "ClassifierRegressor", "Estimator"}
    schemes = {"SingleTask", "SharedBottom", "MMOE", "CGC", "PLE"}
    names = {cls.__name__ for cls in ESTIMATORS}
    assert {scheme + promise for scheme in schemes for promise in promises} <= names


@over(ESTIMATORS)
def test_every_estimator_is_in_the_shop_window_under_its_own_name(cls) -> None:
    assert getattr(sklearn_ple, cls.__name__) is cls
    assert cls.__name__ in sklearn_ple.__all__


@over(ESTIMATORS)
def test_bases(cls) -> None:
    """The mixin that decides is leftmost, BaseEstimator last; skorch is no ancestor."""
    mro = cls.__mro__
    assert issubclass(cls, MultiTaskEstimator)
    assert mro.index(MultiOutputMixin) < mro.index(BaseEstimator)
    for mixin in (ClassifierMixin, RegressorMixin):
        if mixin in mro:
            assert mro.index(mixin) < mro.index(MultiOutputMixin)
    assert not any(base.__module__.startswith(("skorch", "torch")) for base in mro)


@over(CLASSIFIERS)
def test_a_classifier_is_one_and_only_one(cls) -> None:
    assert get_tags(cls()).estimator_type == "classifier"
    assert is_classifier(cls())
    assert not is_regressor(cls())


@over(REGRESSORS)
def test_a_regressor_is_one_and_only_one(cls) -> None:
    assert get_tags(cls()).estimator_type == "regressor"
    assert is_regressor(cls())
    assert not is_classifier(cls())


@over(NEUTRAL)
def test_the_others_are_neither(cls) -> None:
    assert get_tags(cls()).estimator_type is None
    assert not is_classifier(cls())
    assert not is_regressor(cls())
    assert get_tags(cls()).target_tags.required


@over(ESTIMATORS)
def test_tags_say_what_is_true(cls) -> None:
    tags = get_tags(cls())
    assert tags.target_tags.multi_output
    assert tags.target_tags.single_output
    assert tags.input_tags.allow_nan
    assert tags.input_tags.string
    assert tags.input_tags.categorical
    assert not tags.input_tags.sparse
    table = pd.DataFrame(
        {"x": np.where(ZERO_ONE, X[:, 1], np.nan), "word": ["a", "b", "c"] * 20 + ["a"]}
    )
    assert np.isfinite(small(cls, max_epochs=1).fit(table, ZERO_ONE).predict(table)).all()


@over(ESTIMATORS)
def test_every_parameter_is_in_the_signature_and_none_is_positional(cls) -> None:
    parameters = inspect.signature(cls).parameters
    assert set(parameters) == set(cls().get_params(deep=False))
    assert {p.kind for p in parameters.values()} == {inspect.Parameter.KEYWORD_ONLY}
    for name, parameter in parameters.items():
        assert cls().get_params()[name] is parameter.default
    assert clone(small(cls)).get_params() == small(cls).get_params()


@over(REGRESSORS)
def test_a_regressor_takes_every_column_as_a_regression(cls) -> None:
    y = np.column_stack([ZERO_ONE, RNG.integers(0, 5, 61), X[:, 0]])
    model = small(cls).fit(X, y)
    assert [task.kind for task in model.tasks_] == ["regression"] * 3
    assert model.predict(X).dtype == np.float64
    assert not hasattr(model, "predict_proba")
    assert not hasattr(cls(), "predict_proba")
    assert not hasattr(model, "classes_")


@over(REGRESSORS)
@pytest.mark.parametrize("dtype", [np.float32, np.int8, bool, object])
def test_a_regressor_predicts_float64_whatever_y_is(cls, dtype: Any) -> None:
    assert small(cls).fit(X, ZERO_ONE.astype(dtype)).predict(X).dtype == np.float64
    y = np.column_stack([ZERO_ONE, ZERO_ONE]).astype(dtype)
    assert small(cls).fit(X, y).predict(X).dtype == np.float64


@over(REGRESSORS)
def test_a_regressor_refuses_text(cls) -> None:
    with pytest.raises(ValueError, match="'y0' needs numbers"):
        small(cls).fit(X, np.array(["no", "yes"])[ZERO_ONE])


@over(CLASSIFIERS)
def test_a_classifier_takes_every_column_as_classes(cls) -> None:
    y = np.column_stack([ZERO_ONE, RNG.integers(0, 30, 61)]).astype(float)
    model = small(cls).fit(X, y)
    assert [task.kind for task in model.tasks_] == ["binary", "multiclass"]


@over(CLASSIFIERS)
def test_one_target_gives_plain_arrays(cls) -> None:
    model = small(cls).fit(X, np.array(["no", "yes"])[ZERO_ONE])
    assert model.predict(X).shape == (61,)
    assert model.classes_.tolist() == ["no", "yes"]
    p = model.predict_proba(X)
    assert p.shape == (61, 2)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    np.testing.assert_array_equal(model.predict(X), model.classes_[p.argmax(axis=1)])


@over(CLASSIFIERS)
def test_several_targets_give_lists(cls) -> None:
    y = np.column_stack([ZERO_ONE, RNG.integers(3, 6, 61)])
    model = small(cls).fit(X, y)
    assert [classes.tolist() for classes in model.classes_] == [[0, 1], [3, 4, 5]]
    p = model.predict_proba(X)
    assert [each.shape for each in p] == [(61, 2), (61, 3)]
    for k, (classes, each) in enumerate(zip(model.classes_, p, strict=True)):
        np.testing.assert_array_equal(model.predict(X)[:, k], classes[each.argmax(axis=1)])
    assert model.predict(X).dtype == y.dtype


@over(CLASSIFIERS)
@pytest.mark.parametrize("declared", ["regression", "count"])
def test_a_declared_kind_that_breaks_a_classifiers_promise(cls, declared: str) -> None:
    with pytest.raises(ValueError, match=r"'y0' is a \w+, but this estimator takes classification"):
        small(cls, tasks=[declared]).fit(X, ZERO_ONE)


@over(REGRESSORS)
@pytest.mark.parametrize("declared", ["binary", "multiclass", "classification"])
def test_a_declared_kind_that_breaks_a_regressors_promise(cls, declared: str) -> None:
    with pytest.raises(ValueError, match=r"'y0' is a \w+, but this estimator takes regression"):
        small(cls, tasks=[declared]).fit(X, ZERO_ONE)


@over(REGRESSORS)
def test_a_regressor_may_be_told_that_a_column_is_a_count(cls) -> None:
    y = RNG.poisson(3, size=(61, 2))
    model = small(cls, tasks=["count", "auto"]).fit(X, y)
    assert [task.kind for task in model.tasks_] == ["count", "regression"]
    assert (model.predict(X)[:, 0] > 0).all()


@over(ESTIMATORS)
def test_predict_leaves_the_estimator_alone_and_fit_adds_only_underscored_names(cls) -> None:
    model = small(cls)
    before = set(vars(model))
    model.fit(X, ZERO_ONE)
    added = set(vars(model)) - before
    assert all(name.endswith("_") for name in added)
    fitted = {name: id(value) for name, value in vars(model).items()}
    model.predict(X)
    model.predict_frame(X)
    model.score(X, ZERO_ONE)
    assert {name: id(value) for name, value in vars(model).items()} == fitted
    documented = {"tasks_", "n_outputs_", "target_names_in_", "n_features_in_", "net_", "module_"}
    assert documented | {"device_", "history_", "best_epoch_", "callbacks_"} <= added
