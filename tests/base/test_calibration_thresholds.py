"""Thresholds of binary tasks: where they are, what they change, and what they leave alone."""

from __future__ import annotations

import numpy as np
import pytest
from architecture_walk import small
from distorted import distorted, fitted, make_rows
from sklearn.metrics import balanced_accuracy_score, f1_score, recall_score

from sklearn_ple import SharedBottomClassifier
from sklearn_ple.base.answers.calibration_thresholds import best_threshold

X, Y = make_rows(409, 1)
ROWS = Y["sold"].notna().to_numpy()
SOLD = Y.loc[ROWS, "sold"].to_numpy()


def single() -> SharedBottomClassifier:
    return small(SharedBottomClassifier, lr=0.02)


def second(model, rows=X) -> np.ndarray:
    return model.predict_proba(rows)[0][:, 1]


def sold(model) -> np.ndarray:
    return model.predict_frame(X)["sold"].to_numpy()


@pytest.mark.parametrize(
    ("name", "metric"), [("f1", f1_score), ("balanced_accuracy", balanced_accuracy_score)]
)
def test_no_threshold_does_better_on_these_rows(name, metric) -> None:
    few = np.flatnonzero(ROWS)[:101]
    model = fitted().calibrate(X[few], Y.iloc[few], thresholds=name)
    p, truth = second(model)[few], Y["sold"].to_numpy()[few]
    chosen = metric(truth, sold(model)[few])
    assert chosen == max(metric(truth, (p >= t).astype(float)) for t in np.unique(p))
    assert chosen > metric(truth, (p >= 0.5).astype(float))


def test_a_function_of_codes_is_as_good_as_its_name() -> None:
    by_name = fitted().calibrate(X, Y, thresholds={"sold": "recall"})
    by_function = fitted().calibrate(X, Y, thresholds={"sold": recall_score})
    assert by_name.calibration_.thresholds == by_function.calibration_.thresholds


def test_labels_may_be_text() -> None:
    labels = np.where(SOLD == 1, "yes", "no")
    model = single().fit(X[ROWS], labels).calibrate(X[ROWS], labels, thresholds="f1")
    (threshold,) = model.calibration_.thresholds.values()
    expected = np.where(model.predict_proba(X)[:, 1] >= threshold, "yes", "no")
    np.testing.assert_array_equal(model.predict(X), expected)


@pytest.mark.parametrize("threshold", [0.05, 0.3, 0.9])
def test_a_number_is_taken_as_it_is(threshold) -> None:
    model = fitted().calibrate(X, Y, method=None, thresholds={"sold": threshold})
    np.testing.assert_array_equal(sold(model) == 1, second(model) >= threshold)
    assert model.calibration_.table["method"].tolist() == ["none"] * 4


def test_it_is_of_calibrated_probabilities() -> None:
    """What is predicted does not depend on how miscalibrated the model was."""
    labels = []
    for slope, shift in [(1.0, 0.0), (3.0, 1.5), (0.4, -2.0)]:
        model = distorted(fitted(), {"sold": slope}, {"sold": shift})
        labels.append(sold(model.calibrate(X, Y, thresholds="f1")))
    assert np.mean(labels[0] == labels[1]) > 0.98
    assert np.mean(labels[0] == labels[2]) > 0.98


def test_probabilities_and_other_tasks_are_left_alone() -> None:
    plain, decided = fitted(), fitted().calibrate(X, Y, method=None, thresholds=0.2)
    np.testing.assert_array_equal(second(decided), second(plain))
    for k, name in enumerate(["price", "visits", "shade"]):
        np.testing.assert_array_equal(decided.predict(X)[:, k + 1], plain.predict_frame(X)[name])
    assert decided.score(X, Y) == plain.score(X, Y)


def test_accuracy_and_views_follow_the_threshold() -> None:
    y = (Y["sold"] == 1).astype(int)
    model = single().fit(X, y)
    model.calibrate(X, y, method=None, thresholds=0.1)
    assert model.score(X, y) == np.mean((model.predict_proba(X)[:, 1] >= 0.1) == y)
    np.testing.assert_array_equal(model.task_view(0).predict(X), model.predict(X))


def test_weights_count() -> None:
    weight = np.where(Y["sold"] == 1, 20.0, 1.0)
    plain = fitted().calibrate(X, Y, method=None, thresholds="accuracy")
    weighted = fitted().calibrate(X, Y, weight, method=None, thresholds="accuracy")
    assert weighted.calibration_.thresholds[0] < plain.calibration_.thresholds[0]


def test_a_function_is_given_weights_if_it_takes_them() -> None:
    weight = np.where(Y["sold"] == 1, 20.0, 1.0)

    def without(truth, predicted) -> float:
        return float(np.mean(truth == predicted))

    def taking(truth, predicted, sample_weight) -> float:
        return float(np.average(truth == predicted, weights=sample_weight))

    by_name = fitted().calibrate(X, Y, weight, thresholds="accuracy")
    by_function = fitted().calibrate(X, Y, weight, thresholds=taking)
    assert by_function.calibration_.thresholds == by_name.calibration_.thresholds
    with pytest.raises(ValueError, match="'without' of thresholds takes no sample_weight"):
        fitted().calibrate(X, Y, weight, thresholds=without)


# The search by itself


def test_of_equally_good_thresholds_it_is_the_one_nearest_to_one_half() -> None:
    p, labels = np.array([0.1, 0.2, 0.55, 0.9]), np.array([False, False, True, True])
    assert best_threshold("accuracy", p, labels, None) == pytest.approx(0.375)
    assert best_threshold("recall", p, labels, None) == pytest.approx(0.375)


def test_all_or_none_may_be_best() -> None:
    p = np.array([0.2, 0.4, 0.6])
    assert best_threshold("accuracy", p, np.array([True, True, True]), None) < 0.2
    assert best_threshold("accuracy", p, np.array([False, False, False]), None) > 0.6


def test_of_very_many_probabilities_some_are_tried() -> None:
    rng = np.random.default_rng(0)
    p = rng.random(1_003) ** 6
    labels = rng.random(1_003) < p
    threshold = best_threshold("f1", p, labels, None)
    best = max(f1_score(labels, p >= t) for t in np.quantile(p, np.linspace(0, 0.999, 200)))
    assert f1_score(labels, p >= threshold) > best - 0.01


# Errors


@pytest.mark.parametrize(
    ("thresholds", "message"),
    [
        ({"price": 0.5}, r"names \['price'\].*binary tasks are \['sold'\]"),
        ({"shade": "f1"}, r"names \['shade'\]"),
        (1.0, "between 0 and 1, not 1.0"),
        ({"sold": [0.3]}, "between 0 and 1"),
        ("roc_auc", "metric of probabilities"),
        ("neg_log_loss", "metric of probabilities"),
        ("sharpness", "sharpness"),
    ],
)
def test_thresholds_that_do_not_fit(thresholds, message) -> None:
    model = fitted()
    with pytest.raises(ValueError, match=message):
        model.calibrate(X, Y, thresholds=thresholds)
    assert not hasattr(model, "calibration_")


def test_a_metric_needs_both_classes() -> None:
    only = Y.assign(sold=Y["sold"].where(Y["sold"] == 0))
    with pytest.raises(ValueError, match="one class only"):
        fitted().calibrate(X, only, method=None, thresholds="f1")


def test_without_binary_tasks_there_is_nothing_to_decide() -> None:
    shade = Y["shade"].dropna()
    model = single().fit(X[shade.index], shade)
    for thresholds in ("f1", 0.3):
        with pytest.raises(ValueError, match="thresholds are for binary tasks"):
            model.calibrate(X[shade.index], shade, thresholds=thresholds)
