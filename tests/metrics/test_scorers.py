"""Scorers of one task: the right rows, the right sign, whatever container y comes in."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest
from linear_tasks import LinearTasks, LinearTasksClassifier, LinearTasksRegressor
from sklearn import metrics as skm
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.experimental import enable_halving_search_cv  # noqa: F401  it is how they are had
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_ple.metrics import (
    deviance_explained_scorer,
    masked_score,
    multitask_scorers,
    task_scorer,
)

TASKS = ["income", "hours", "colour", "click"]


def labelled(y: pd.Series) -> np.ndarray:
    return np.flatnonzero(y.notna())


def test_roc_auc_of_a_text_task(model, X, y) -> None:
    rows = labelled(y["income"])
    p = model.predict_proba(X)[0][rows, 1]
    expected = skm.roc_auc_score(y["income"].iloc[rows] == "yes", p)
    assert task_scorer("income", "roc_auc")(model, X, y) == pytest.approx(expected)


def test_losses_are_negated_and_say_so(model, X, y) -> None:
    rows = labelled(y["colour"])
    codes = y["colour"].iloc[rows].map({"blue": 0, "green": 1, "red": 2}).astype(int)
    expected = np.log(model.predict_proba(X)[2][rows, codes]).mean()
    for name in ("log_loss", "neg_log_loss"):
        scorer = task_scorer("colour", name)
        assert scorer.name == "neg_log_loss"
        assert scorer(model, X, y) == pytest.approx(expected)


def test_a_regression_of_a_mixed_estimator(model, X, y) -> None:
    rows = labelled(y["hours"])
    errors = y["hours"].to_numpy()[rows] - model.predict(X)[rows, 1].astype(float)
    assert task_scorer("hours", "rmse")(model, X, y) == pytest.approx(-np.sqrt(np.mean(errors**2)))


def test_accuracy_of_text_labels(model, X, y) -> None:
    rows = labelled(y["colour"])
    hits = model.predict(X)[rows, 2] == y["colour"].to_numpy()[rows]
    assert task_scorer("colour", "accuracy")(model, X, y) == pytest.approx(hits.mean())


@pytest.mark.parametrize("metric", ["roc_auc", "neg_log_loss", "accuracy", "d2"])
@pytest.mark.parametrize("task", ["income", "click"])
def test_a_name_and_an_index_are_one_task(model, X, y, task, metric) -> None:
    by_name = task_scorer(task, metric)(model, X, y)
    assert task_scorer(TASKS.index(task), metric)(model, X, y) == by_name


@pytest.mark.parametrize("index", [np.int64(3), np.uint8(3)], ids=["int64", "uint8"])
def test_an_index_may_be_one_of_numpys(model, X, y, index) -> None:
    assert task_scorer(index, "roc_auc")(model, X, y) == task_scorer("click", "roc_auc")(
        model, X, y
    )


@pytest.mark.parametrize("seen", [bool, int, float])
@pytest.mark.parametrize("scored", [bool, int, float])
def test_labels_score_alike_as_bools_and_as_numbers(X, y, seen, scored) -> None:
    """A fold without gaps has bools or whole numbers where one with gaps has real ones."""
    labels = y["click"].fillna(0)
    model = LinearTasks(tasks=["binary"]).fit(X, labels.astype(seen))
    for metric in ("roc_auc", "neg_log_loss", "accuracy"):
        expected = task_scorer(0, metric)(model, X, labels.astype(seen))
        assert task_scorer(0, metric)(model, X, labels.astype(scored)) == expected


@pytest.mark.parametrize("metric", ["roc_auc", "neg_log_loss", "accuracy"])
def test_y_is_read_by_name_where_it_has_names_else_in_task_order(model, X, y, metric) -> None:
    scorer = task_scorer("click", metric)
    expected = scorer(model, X, y)
    assert scorer(model, X, y.to_numpy(dtype=object)) == expected
    assert scorer(model, X, y[["click", "colour", "income", "hours"]]) == expected


def test_fitted_without_names_tasks_are_y0_y1(X, y) -> None:
    numbers = y[["click", "hours"]].to_numpy()
    model = LinearTasks().fit(X, numbers)
    named = LinearTasks().fit(X, y[["click", "hours"]])
    expected = task_scorer("click", "roc_auc")(named, X, y[["click", "hours"]])
    assert task_scorer("y0", "roc_auc")(model, X, numbers) == pytest.approx(expected)


@pytest.mark.parametrize("metric", ["roc_auc", "neg_log_loss", "neg_brier", "accuracy"])
@pytest.mark.parametrize("kind", [LinearTasks, LinearTasksClassifier])
def test_all_tasks_zero_or_one_score_as_they_do_alone(X, y, kind, metric) -> None:
    """Where scikit-learn would squeeze the probabilities of all tasks into one array."""
    targets = pd.DataFrame({"click": y["click"], "long": (y["hours"] > 40).astype(float)})
    together = kind().fit(X, targets)
    alone = kind().fit(X, targets["long"])
    expected = task_scorer(0, metric)(alone, X, targets["long"])
    assert task_scorer("long", metric)(together, X, targets) == pytest.approx(expected)


def test_a_single_target_scores_as_scikit_learn_does(X, y) -> None:
    target = np.where(np.isnan(y["click"]), 0, y["click"])
    model = LinearTasksClassifier().fit(X, target)
    for ours, theirs in [("roc_auc", "roc_auc"), ("neg_log_loss", "neg_log_loss")]:
        expected = skm.get_scorer(theirs)(model, X, target)
        assert task_scorer(0, ours)(model, X, target) == pytest.approx(expected)
        assert task_scorer(0, ours)(model, X, target[:, None]) == pytest.approx(expected)


@pytest.mark.parametrize("metric", ["r2", "neg_mse"])
def test_a_regressor_needs_no_probabilities(X, y, metric) -> None:
    targets = y[["hours", "click"]]
    model = LinearTasksRegressor().fit(X, targets)
    expected = masked_score(metric.removeprefix("neg_"), y["hours"], model.predict(X)[:, 0])
    sign = -1 if metric.startswith("neg_") else 1
    assert task_scorer("hours", metric)(model, X, targets) == pytest.approx(sign * expected)
    with pytest.raises(AttributeError, match="LinearTasksRegressor has no predict_proba"):
        task_scorer("click", "roc_auc")(model, X, targets)


def test_a_function_of_labels_is_a_metric(model, X, y) -> None:
    rows = labelled(y["income"])
    f1 = partial(skm.f1_score, pos_label="yes")
    expected = f1(y["income"].iloc[rows].astype(str), model.predict(X)[rows, 0].astype(str))
    scorer = task_scorer("income", f1)
    assert scorer.name == "f1_score"
    assert scorer(model, X, y) == pytest.approx(expected)


def test_a_function_of_probabilities_may_be_a_loss(model, X, y) -> None:
    brier = partial(skm.brier_score_loss, pos_label="yes")
    scorer = task_scorer("income", brier, response_method="predict_proba", greater_is_better=False)
    assert scorer(model, X, y) == pytest.approx(task_scorer("income", "neg_brier")(model, X, y))


class ShareWithin:
    """A metric that is an object: the share of predictions within so many units."""

    def __init__(self, units: float = 2.0) -> None:
        self.units = units

    def __call__(self, y_true, y_pred, units: float | None = None) -> float:
        return float(np.mean(np.abs(y_true - y_pred) < (units or self.units)))


def test_an_object_that_can_be_called_is_a_metric_named_after_its_class(model, X, y) -> None:
    rows = labelled(y["hours"])
    errors = np.abs(y["hours"].to_numpy()[rows] - model.predict(X)[rows, 1].astype(float))
    for metric, units in ((ShareWithin(), 2.0), (partial(ShareWithin(), units=0.5), 0.5)):
        scorer = task_scorer("hours", metric)
        assert scorer.name == "ShareWithin"
        assert scorer(model, X, y) == pytest.approx((errors < units).mean())


def test_a_scorer_is_not_a_metric() -> None:
    with pytest.raises(TypeError, match="is a scorer"):
        task_scorer("income", skm.get_scorer("accuracy"))


@pytest.mark.parametrize(
    "foreign",
    [RandomForestClassifier(n_estimators=7, random_state=0), MLPClassifier((5,), max_iter=9)],
    ids=["list of probabilities", "one array of positive ones"],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_baselines_of_scikit_learn_are_scored_on_the_same_rows(foreign, X, y) -> None:
    full = pd.DataFrame({"click": y["click"], "long": y["hours"] > 40, "left": X[:, 2] < 0.4})
    full = full.fillna(0).astype(int)
    model = clone(foreign).fit(X, full)
    gaps = full.astype(float).where(y[["click", "hours", "income"]].notna().to_numpy())
    p = model.predict_proba(X)
    for k, task in enumerate(full):
        rows = labelled(gaps[task])
        positive = p[k][:, 1] if isinstance(p, list) else p[:, k]
        expected = skm.roc_auc_score(full[task].iloc[rows], positive[rows])
        assert task_scorer(task, "roc_auc")(model, X, gaps) == pytest.approx(expected)


def test_pipelines_and_searches_are_looked_through(X, y) -> None:
    pipeline = make_pipeline(StandardScaler(), LinearTasks())
    search = GridSearchCV(
        pipeline, {"lineartasks__C": [0.1, 1]}, scoring=deviance_explained_scorer(), cv=KFold(3)
    ).fit(X, y)
    inner, scaled = search.best_estimator_[-1], search.best_estimator_[0].transform(X)
    for scorer in multitask_scorers(search).values():
        assert scorer(search, X, y) == pytest.approx(scorer(inner, scaled, y))


@pytest.mark.parametrize(
    "freeze",
    [
        FrozenEstimator,
        lambda pipeline: FrozenEstimator(FrozenEstimator(pipeline)),
        lambda pipeline: make_pipeline(pipeline[0], FrozenEstimator(pipeline[-1])),
    ],
    ids=["a frozen pipeline", "frozen twice", "a frozen last step"],
)
def test_what_is_frozen_is_looked_through(freeze, X, y) -> None:
    """So that tasks are found by name, in whatever order the columns of y come."""
    pipeline = make_pipeline(StandardScaler(), LinearTasks()).fit(X, y)
    frozen, turned = freeze(pipeline), y[["click", "colour", "income", "hours"]]
    for scorer in multitask_scorers(pipeline).values():
        assert scorer(frozen, X, y) == scorer(pipeline, X, y)
    for metric in ("roc_auc", "accuracy"):
        scorer = task_scorer("click", metric)
        assert scorer(frozen, X, turned) == scorer(pipeline, X, y)


@pytest.mark.parametrize("metric", ["roc_auc", "neg_log_loss", "accuracy", "d2"])
def test_weights_of_rows_and_of_labels(model, X, y, metric) -> None:
    weight = np.random.default_rng(3).uniform(0.1, 4, size=(len(X), 4))
    weight[::7, 3] = 0
    scorer = task_scorer("click", metric)
    own = scorer(model, X, y, sample_weight=weight[:, 3])
    assert scorer(model, X, y, sample_weight=weight) == pytest.approx(own)
    assert scorer(model, X, y) != pytest.approx(own)
    dropped = y.assign(click=y["click"].where(weight[:, 3] > 0))
    assert scorer(model, X, dropped, sample_weight=weight) == pytest.approx(own)


def test_deviance_explained_is_the_mean_over_tasks_with_labels(model, X, y) -> None:
    gone = y.assign(hours=np.nan)
    expected = model.score_tasks(X, y)[["income", "colour", "click"]].mean()
    assert deviance_explained_scorer()(model, X, gone) == pytest.approx(expected)


def test_a_fold_of_one_class_has_a_finite_deviance_explained_but_no_auc(model, X, y) -> None:
    rows = np.flatnonzero(y["click"] == 1)
    assert np.isfinite(task_scorer("click", "d2")(model, X[rows], y.iloc[rows]))
    with pytest.warns(UndefinedMetricWarning):
        assert np.isnan(task_scorer("click", "roc_auc")(model, X[rows], y.iloc[rows]))


def test_a_task_without_labels_is_named(model, X, y) -> None:
    with pytest.warns(UndefinedMetricWarning, match="'hours' has no labelled row"):
        assert np.isnan(task_scorer("hours", "r2")(model, X, y.assign(hours=np.nan)))


@pytest.mark.parametrize("task", ["incom", 4, -1, True])
def test_an_unknown_task_lists_those_there_are(model, X, y, task) -> None:
    with pytest.raises(ValueError, match="income.*hours.*colour.*click"):
        task_scorer(task, "roc_auc")(model, X, y)


def test_wrong_counts_and_kinds_are_errors(model, X, y) -> None:
    with pytest.raises(ValueError, match="3 columns.*4 tasks"):
        task_scorer("income", "roc_auc")(model, X, y.iloc[:, :3])
    with pytest.raises(ValueError, match="'hours' is a regression"):
        task_scorer("hours", "roc_auc")(model, X, y)
    with pytest.raises(ValueError, match="Unknown metric 'neg_roc_auc'"):
        task_scorer("income", "neg_roc_auc")
    forest = RandomForestClassifier(n_estimators=2).fit(X, y["click"] > 0)
    with pytest.raises(AttributeError, match="score_tasks"):
        deviance_explained_scorer()(forest, X, y["click"])
