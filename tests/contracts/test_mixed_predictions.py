"""Predictions and scores of estimators for tasks of several kinds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from architecture_walk import ARCHITECTURES, CLASSIFIERS, MIXED, REGRESSORS, eager, over, small
from people import make_people
from sklearn import metrics

from sklearn_ple import PLEClassifier, PLEClassifierRegressor, PLEEstimator, PLERegressor

NEUTRAL = MIXED + ARCHITECTURES
RNG = np.random.default_rng(0)
X, Y = make_people(157)
XN = RNG.normal(size=(131, 3))
SIGNAL = XN[:, 0] + 0.3 * RNG.normal(size=131)
MIX = pd.DataFrame(
    {
        "sold": SIGNAL > 0,
        "signal": SIGNAL,
        "visits": RNG.poisson(np.exp(0.7 * XN[:, 1] + 1)),
        "third": np.array(["hi", "lo", "mid"])[np.digitize(SIGNAL, [-0.4, 0.4])],
    }
)
KINDS = {"visits": "count"}


@over(NEUTRAL)
def test_predictions_in_task_order(cls) -> None:
    model = small(cls).fit(X, Y)
    predicted = model.predict(X)
    assert predicted.shape == (157, 3)
    assert predicted.dtype == object
    assert set(predicted[:, 0]) <= {"yes", "no"}
    assert all(isinstance(value, float) for value in predicted[:, 1])
    assert set(predicted[:, 2]) <= {"blue", "green", "red"}
    assert [None if c is None else c.tolist() for c in model.classes_] == [
        ["no", "yes"],
        None,
        ["blue", "green", "red"],
    ]
    assert model.n_outputs_ == 3
    assert model.target_names_in_.tolist() == ["bought", "spent", "shade"]


@over(NEUTRAL)
def test_predictions_are_float64_when_all_classes_are_numbers(cls) -> None:
    y = np.column_stack([RNG.integers(3, 5, 131), SIGNAL])
    predicted = small(cls).fit(XN, y).predict(XN)
    assert predicted.dtype == np.float64
    assert set(predicted[:, 0]) <= {3.0, 4.0}


@over(NEUTRAL)
def test_probabilities_are_a_list_with_none_at_regressions(cls) -> None:
    model = small(cls, tasks=KINDS).fit(XN, MIX)
    p = model.predict_proba(XN)
    assert isinstance(p, list)
    assert [None if each is None else each.shape for each in p] == [(131, 2), None, None, (131, 3)]
    for each in (p[0], p[3]):
        np.testing.assert_allclose(each.sum(axis=1), 1)
        assert (each > 0).all()
    predicted = model.predict(XN)
    for k in (0, 3):
        np.testing.assert_array_equal(predicted[:, k], model.classes_[k][p[k].argmax(axis=1)])


@over(NEUTRAL)
def test_there_are_no_probabilities_without_classifications(cls) -> None:
    assert hasattr(cls(), "predict_proba")
    model = small(cls).fit(XN, MIX[["signal"]])
    assert not hasattr(model, "predict_proba")
    assert not hasattr(model, "classes_")
    with pytest.raises(AttributeError, match="predict_proba"):
        _ = model.predict_proba
    refitted = model.fit(XN, MIX[["sold"]])
    assert hasattr(refitted, "predict_proba")


@over(NEUTRAL)
def test_a_frame_of_everything_by_name(cls) -> None:
    index = pd.Index(RNG.permutation(157) * 7, name="customer")
    model = small(cls).fit(X, Y)
    frame = model.predict_frame(X.set_axis(index))
    pd.testing.assert_index_equal(frame.index, index)
    assert list(frame) == [
        *["bought", "bought=no", "bought=yes", "spent"],
        *["shade", "shade=blue", "shade=green", "shade=red"],
    ]
    predicted, p = model.predict(X), model.predict_proba(X)
    for k, name in enumerate(["bought", "spent", "shade"]):
        np.testing.assert_array_equal(frame[name], predicted[:, k])
    np.testing.assert_array_equal(frame[["bought=no", "bought=yes"]], p[0])
    np.testing.assert_array_equal(frame[["shade=blue", "shade=green", "shade=red"]], p[2])
    assert frame["spent"].dtype == np.float64


def test_unnamed_targets_are_numbered() -> None:
    y = np.column_stack([SIGNAL > 0, SIGNAL])
    model = small(PLEEstimator).fit(XN, y)
    assert model.target_names_in_.tolist() == ["y0", "y1"]
    assert list(model.predict_frame(XN)) == ["y0", "y0=0.0", "y0=1.0", "y1"]
    assert model.predict_frame(XN).index.equals(pd.RangeIndex(131))
    assert model.score_tasks(XN, y).index.tolist() == ["y0", "y1"]


@over([*CLASSIFIERS, *REGRESSORS])
def test_roles_have_the_frame_too(cls) -> None:
    model = small(cls).fit(XN, pd.Series((SIGNAL > 0).astype(int), name="sold"))
    frame = model.predict_frame(XN)
    np.testing.assert_array_equal(frame["sold"], model.predict(XN))
    if cls in CLASSIFIERS:
        np.testing.assert_array_equal(frame[["sold=0", "sold=1"]], model.predict_proba(XN))


@over(NEUTRAL)
def test_scores_are_deviance_explained_against_the_training_baseline(cls) -> None:
    """Against scikit-learn's metrics with the training means as the model to beat."""
    train, test = slice(0, 90), slice(90, 131)
    y = MIX.assign(signal=MIX["signal"].where(RNG.random(131) > 0.3))
    model = eager(cls, tasks=KINDS, max_epochs=5).fit(XN[train], y[train])
    frame, truth = model.predict_frame(XN[test]), y[test]

    def share(loss, name: str, predicted, constant) -> float:
        rows = truth[name].notna().to_numpy()
        labels = truth[name][rows].to_numpy()
        constant = np.broadcast_to(constant, np.shape(predicted))
        return 1 - loss(labels, predicted[rows]) / loss(labels, constant[rows])

    def log_loss(classes):
        return lambda labels, p: metrics.log_loss(labels, p, labels=classes)

    def frequencies(name: str, classes: list):
        return np.array([(y[train][name] == c).mean() for c in classes])

    thirds = ["hi", "lo", "mid"]
    p_sold = frame[["sold=False", "sold=True"]].to_numpy()
    p_third = frame[[f"third={c}" for c in thirds]].to_numpy()
    expected = {
        "sold": share(log_loss([False, True]), "sold", p_sold, frequencies("sold", [False, True])),
        "signal": share(
            metrics.mean_squared_error,
            "signal",
            frame["signal"].to_numpy(),
            y[train]["signal"].mean(),
        ),
        "visits": share(
            metrics.mean_poisson_deviance,
            "visits",
            frame["visits"].to_numpy(),
            y[train]["visits"].mean(),
        ),
        "third": share(log_loss(thirds), "third", p_third, frequencies("third", thirds)),
    }
    scores = model.score_tasks(XN[test], truth)
    assert isinstance(scores, pd.Series)
    assert scores.to_dict() == pytest.approx(expected, rel=1e-4)
    assert model.score(XN[test], truth) == pytest.approx(np.mean(list(expected.values())), rel=1e-4)


def test_a_fold_with_one_class_or_a_constant_target_has_a_finite_score() -> None:
    model = small(PLEEstimator, tasks=KINDS).fit(XN, MIX)
    fold = MIX["sold"].to_numpy()
    constant = MIX[fold].assign(signal=1.5, visits=0)
    scores = model.score_tasks(XN[fold], constant)
    assert np.isfinite(scores).all()
    assert (scores > -20).all()


@over(NEUTRAL)
def test_tasks_without_labels_are_skipped_by_score(cls) -> None:
    model = small(cls, tasks=KINDS).fit(XN, MIX)
    void = MIX.astype(object).assign(sold=None, third=None)
    scores = model.score_tasks(XN, void)
    assert scores[["sold", "third"]].isna().all()
    complete = model.score_tasks(XN, MIX)
    assert scores[["signal", "visits"]].to_dict() == complete[["signal", "visits"]].to_dict()
    assert model.score(XN, void) == pytest.approx(complete[["signal", "visits"]].mean())


@over(CLASSIFIERS)
def test_a_classifiers_score_is_the_mean_accuracy_of_labelled_rows(cls) -> None:
    y = pd.DataFrame({"sold": MIX["sold"], "third": MIX["third"].where(RNG.random(131) > 0.4)})
    model = small(cls).fit(XN, y)
    predicted, rows = model.predict(XN), y["third"].notna()
    accuracy = [
        np.mean(predicted[:, 0] == y["sold"]),
        np.mean(predicted[rows, 1] == y["third"][rows]),
    ]
    assert model.score(XN, y) == pytest.approx(np.mean(accuracy))
    void = y.assign(third=None)
    assert model.score(XN, void) == pytest.approx(accuracy[0])


def test_scores_of_one_target_are_scikit_learns() -> None:
    classifier = small(PLEClassifier).fit(XN, MIX["third"])
    expected = metrics.accuracy_score(MIX["third"], classifier.predict(XN))
    assert classifier.score(XN, MIX["third"]) == pytest.approx(expected)
    regressor = small(PLERegressor).fit(XN, SIGNAL)
    assert regressor.score(XN, SIGNAL) == pytest.approx(
        metrics.r2_score(SIGNAL, regressor.predict(XN))
    )


@over(REGRESSORS)
def test_a_regressors_score_is_the_mean_r2_of_labelled_rows(cls) -> None:
    y = pd.DataFrame({"signal": SIGNAL, "other": np.where(RNG.random(131) > 0.4, XN[:, 1], np.nan)})
    model = small(cls).fit(XN, y)
    predicted, rows = model.predict(XN), y["other"].notna()
    r2 = [
        metrics.r2_score(y["signal"], predicted[:, 0]),
        metrics.r2_score(y["other"][rows], predicted[rows, 1]),
    ]
    assert model.score(XN, y) == pytest.approx(np.mean(r2))


def test_labels_are_the_same_to_score_whatever_their_dtype() -> None:
    """A fold without gaps has whole numbers where fit, which saw gaps, had real ones."""
    y = pd.DataFrame({"word": MIX["third"], "flag": MIX["sold"].astype(float)})
    gaps = y.assign(flag=y["flag"].mask(RNG.random(131) < 0.2))
    model = small(PLEClassifier).fit(XN, gaps)
    expected = model.score(XN, y)
    for dtype in (int, bool, np.int8, "Int64", object):
        assert model.score(XN, y.astype({"flag": dtype})) == expected
    mixed = small(PLEClassifierRegressor, tasks={"flag": "binary"}).fit(XN, gaps)
    for dtype in (int, bool, np.int8, "Int64"):
        pd.testing.assert_series_equal(
            mixed.score_tasks(XN, y.astype({"flag": dtype})), mixed.score_tasks(XN, y)
        )


def test_targets_in_another_order_are_told_by_their_names() -> None:
    model = small(PLEEstimator, tasks=KINDS).fit(XN, MIX)
    expected = model.score_tasks(XN, MIX)
    pd.testing.assert_series_equal(model.score_tasks(XN, MIX[MIX.columns[::-1]]), expected)
    with pytest.raises(ValueError, match=r"y has the columns .*'price'"):
        model.score_tasks(XN, MIX.rename(columns={"signal": "price"}))
    regressor = small(PLERegressor).fit(XN, MIX[["signal", "visits"]])
    expected = regressor.score(XN, MIX[["signal", "visits"]])
    assert regressor.score(XN, MIX[["visits", "signal"]]) == expected
