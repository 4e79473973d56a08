"""The tools of scikit-learn that know one target, on views: each once, with its answer checked."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib import import_module
from itertools import combinations
from math import factorial
from types import ModuleType
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import pytest
from architecture_walk import small
from people import make_people
from sklearn.calibration import CalibratedClassifierCV, CalibrationDisplay
from sklearn.ensemble import StackingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.inspection import (
    DecisionBoundaryDisplay,
    PartialDependenceDisplay,
    partial_dependence,
    permutation_importance,
)
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    ConfusionMatrixDisplay,
    PrecisionRecallDisplay,
    PredictionErrorDisplay,
    RocCurveDisplay,
    balanced_accuracy_score,
    d2_tweedie_score,
    get_scorer,
    log_loss,
    mean_poisson_deviance,
    r2_score,
    roc_auc_score,
)
from sklearn.model_selection import (
    FixedThresholdClassifier,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_validate,
)
from viewed import labelled, make_rows, trained

matplotlib.use("Agg")

from matplotlib import pyplot as plt

from sklearn_ple import PLEClassifierRegressor

X, Y = make_rows(97, 3)
SOLD_X, SOLD = labelled("sold")
PRICE_X, PRICE = labelled("price")


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


# Calibration and thresholds


@pytest.mark.parametrize("name", ["sold", "shade"])
@pytest.mark.parametrize("method", ["sigmoid", "isotonic", "temperature"])
def test_calibrated_classifier(name, method) -> None:
    rows, labels = labelled(name)
    view = trained().task_view(name)
    before = view.predict_proba(rows)
    calibrated = CalibratedClassifierCV(FrozenEstimator(view), method=method).fit(rows, labels)
    p = calibrated.predict_proba(rows)
    np.testing.assert_array_equal(calibrated.classes_, view.classes_)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    assert log_loss(labels, p) < log_loss(labels, before)
    np.testing.assert_array_equal(view.predict_proba(rows), before)


def test_tuned_threshold_of_a_prefit_view() -> None:
    view = trained().task_view("sold")
    tuned = TunedThresholdClassifierCV(
        view, scoring="balanced_accuracy", cv="prefit", refit=False
    ).fit(SOLD_X, SOLD)
    predicted = tuned.predict(SOLD_X)
    p = view.predict_proba(SOLD_X)[:, 1]
    np.testing.assert_array_equal(predicted == "yes", p >= tuned.best_threshold_)
    scores = [balanced_accuracy_score(SOLD, each) for each in (predicted, view.predict(SOLD_X))]
    assert scores[0] >= scores[1] - 0.01  # it interpolates between a hundred candidates


def test_fixed_threshold() -> None:
    view = trained().task_view("sold")
    fixed = FixedThresholdClassifier(FrozenEstimator(view), threshold=0.2).fit(SOLD_X, SOLD)
    expected = view.predict_proba(SOLD_X)[:, 1] >= 0.2
    np.testing.assert_array_equal(fixed.predict(SOLD_X) == "yes", expected)


def test_stacking_of_prefit_views() -> None:
    model = trained()
    views = [(name, model.task_view(name)) for name in ("sold", "shade")]
    stack = StackingClassifier(views, LogisticRegression(), cv="prefit").fit(SOLD_X, SOLD)
    sold, _, _, shade = model.predict_proba(SOLD_X)
    inputs = np.column_stack([sold[:, 1], shade[:, 1:]])  # the first column follows from the others
    np.testing.assert_allclose(stack.transform(SOLD_X), inputs)


# Inspection


@pytest.mark.parametrize("name", ["sold", "price", "visits"])
def test_partial_dependence(name) -> None:
    view = trained().task_view(name)
    found = partial_dependence(view, X, ["b"], grid_resolution=5, kind="average")
    answer = view.predict if name != "sold" else lambda rows: view.predict_proba(rows)[:, 1]
    expected = [answer(X.assign(b=value)).mean() for value in found["grid_values"][0]]
    np.testing.assert_allclose(found["average"][0], expected)
    assert (np.diff(expected) > 0).all()
    PartialDependenceDisplay.from_estimator(view, X, ["b", ("a", "b")], grid_resolution=3)


def test_partial_dependence_of_one_of_several_classes() -> None:
    view = trained().task_view("shade")
    found = partial_dependence(view, X, ["a"], grid_resolution=4)
    expected = [view.predict_proba(X.assign(a=value)).mean(0) for value in found["grid_values"][0]]
    np.testing.assert_allclose(found["average"].T, expected)


@pytest.mark.parametrize("name", ["sold", "price", "shade"])
def test_permutation_importance(name) -> None:
    rows, labels = labelled(name)
    view = trained().task_view(name)
    found = permutation_importance(view, rows, labels, n_repeats=3, random_state=0)
    means = dict(zip("abcde", found["importances_mean"], strict=True))
    assert means["a"] > 2 * max(means["c"], means["d"], means["e"])


def test_decision_boundary() -> None:
    model = trained()
    values = X[["a", "b"]].to_numpy()
    model.set_params(max_epochs=2).fit(values, Y)
    display = DecisionBoundaryDisplay.from_estimator(
        model.task_view("sold"), values, grid_resolution=7, response_method="predict_proba"
    )
    assert display.response.shape == (7, 7)


# Displays


def test_displays_of_binary_classifiers() -> None:
    view = trained().task_view("sold")
    p = view.predict_proba(SOLD_X)[:, 1]
    roc = RocCurveDisplay.from_estimator(view, SOLD_X, SOLD)
    assert roc.roc_auc == pytest.approx(roc_auc_score(SOLD, p))
    assert roc.name == "TaskClassifier"
    precision = PrecisionRecallDisplay.from_estimator(view, SOLD_X, SOLD)
    by_hand = PrecisionRecallDisplay.from_predictions(SOLD, p, pos_label="yes")
    assert precision.average_precision == by_hand.average_precision
    calibration = CalibrationDisplay.from_estimator(view, SOLD_X, SOLD, n_bins=4)
    np.testing.assert_array_equal(calibration.y_prob, p)


def test_the_confusion_matrix_of_several_classes() -> None:
    rows, labels = labelled("shade")
    view = trained().task_view("shade")
    display = ConfusionMatrixDisplay.from_estimator(view, rows, labels)
    predicted = view.predict(rows)
    expected = pd.crosstab(labels.to_numpy(), predicted).to_numpy()
    np.testing.assert_array_equal(display.confusion_matrix, expected)


@pytest.mark.parametrize("name", ["price", "visits"])
def test_the_display_of_prediction_errors(name) -> None:
    rows, labels = labelled(name)
    view = trained().task_view(name)
    display = PredictionErrorDisplay.from_estimator(view, rows, labels, subsample=None)
    np.testing.assert_array_equal(display.y_pred, view.predict(rows))


# Scorers

SCORERS: list[tuple[str, str, Callable[[Any, Any, Any], float]]] = [
    ("sold", "roc_auc", lambda view, rows, y: roc_auc_score(y, view.predict_proba(rows)[:, 1])),
    ("sold", "neg_log_loss", lambda view, rows, y: -log_loss(y, view.predict_proba(rows))),
    ("shade", "neg_log_loss", lambda view, rows, y: -log_loss(y, view.predict_proba(rows))),
    ("shade", "accuracy", lambda view, rows, y: np.mean(view.predict(rows) == y)),
    (
        "shade",
        "roc_auc_ovr",
        lambda view, rows, y: roc_auc_score(y, view.predict_proba(rows), multi_class="ovr"),
    ),
    ("price", "r2", lambda view, rows, y: r2_score(y, view.predict(rows))),
    (
        "visits",
        "neg_mean_poisson_deviance",
        lambda view, rows, y: -mean_poisson_deviance(y, view.predict(rows)),
    ),
]


@pytest.mark.parametrize(
    ("name", "scorer", "by_hand"), SCORERS, ids=[s[0] + " " + s[1] for s in SCORERS]
)
def test_scorers(name, scorer, by_hand) -> None:
    rows, labels = labelled(name)
    view = trained().task_view(name)
    assert get_scorer(scorer)(view, rows, labels) == pytest.approx(by_hand(view, rows, labels))


def test_a_frozen_view_goes_through_cross_validation_unfitted() -> None:
    view = trained().task_view("price")
    frozen = FrozenEstimator(view)
    predicted = cross_val_predict(frozen, PRICE_X, PRICE, cv=3)
    np.testing.assert_array_equal(predicted, view.predict(PRICE_X))
    with pytest.raises(ValueError, match=r"(?s)All the 3 fits failed.*FrozenEstimator\(view\)"):
        cross_validate(view, PRICE_X, PRICE, cv=3)


def test_a_count_explains_poisson_deviance() -> None:
    rows, labels = labelled("visits")
    assert d2_tweedie_score(labels, trained().task_view("visits").predict(rows), power=1) > 0.1


# Explainers that know the model as a function of arrays


@pytest.fixture(scope="module")
def shap() -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its plots are made with functions that matplotlib outgrew
        return import_module("shap")


def shapley_values(f: Callable[[Any], Any], background: pd.DataFrame, rows: pd.DataFrame) -> Any:
    """By their definition: a feature's gain, averaged over all coalitions that it could join.

    Those left out of a coalition have a background row's values, averaged over all such rows.
    """
    n = background.shape[1]

    def worth(row: pd.Series, coalition: tuple[int, ...]) -> Any:
        mixed = background.copy()
        for j in coalition:
            mixed.isetitem(j, np.full(len(mixed), row.iloc[j]))
        return np.asarray(f(mixed)).mean(axis=0)

    values = []
    for _, row in rows.iterrows():
        each = []
        for i in range(n):
            others = [j for j in range(n) if j != i]
            total: Any = 0.0
            for size in range(n):
                share = factorial(size) * factorial(n - size - 1) / factorial(n)
                for coalition in combinations(others, size):
                    gain = worth(row, (*coalition, i)) - worth(row, coalition)
                    total = total + share * gain
            each.append(total)
        values.append(each)
    return np.array(values)


@pytest.mark.parametrize(("name", "method"), [("sold", "predict_proba"), ("price", "predict")])
def test_shap_explains_a_view(shap, name, method) -> None:
    model = trained()
    f = getattr(model.task_view(name), method)
    background, rows = X[:11], X[11:14]
    explainer = shap.KernelExplainer(f, background)
    values = explainer.shap_values(rows, silent=True)
    np.testing.assert_allclose(values, shapley_values(f, background, rows), rtol=1e-3, atol=1e-4)
    size = np.abs(values).mean(axis=0)
    size = size if size.ndim == 1 else size[:, 1]
    assert size[0] > 5 * size[2:].max()
    assert size[1] > size[2:].max()
    assert model.feature_names_in_.tolist() == list("abcde")


def test_shap_explains_numbers_among_text_and_categories(shap) -> None:
    """Mixed columns reach the view as one array of objects."""
    people, targets = make_people(103)
    f = small(PLEClassifierRegressor).fit(people, targets).task_view("spent").predict
    background, rows = people[:4], people[4:6]
    values = shap.KernelExplainer(f, background).shap_values(rows, silent=True)
    expected = f(rows) - f(background).mean()
    np.testing.assert_allclose(values.sum(axis=1), expected, atol=1e-3)
