"""Out-of-fold predictions are those of a loop by hand, for targets that scikit-learn corrupts."""

from __future__ import annotations

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from people import make_people
from sklearn.base import clone
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, ShuffleSplit, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from sklearn_ple import (
    ESMMClassifier,
    MultiTaskStratifiedKFold,
    SharedBottomClassifier,
    SharedBottomClassifierRegressor,
    SharedBottomRegressor,
    SparseFoldWarning,
    oof_predict_frame,
    oof_predict_proba,
)

SIZES = {
    "bottom_widths": (11,),
    "tower_widths": (3,),
    "max_epochs": 3,
    "batch_size": 64,
    "lr": 0.02,
}
FOLDS = KFold(3, shuffle=True, random_state=1)


def net(cls=SharedBottomClassifierRegressor, **changes):
    return cls(**SIZES | {"random_state": 0} | changes)


@pytest.fixture(scope="module")
def people() -> tuple[pd.DataFrame, pd.DataFrame]:
    X, y = make_people(217)
    rows = pd.Index([f"person {i}" for i in range(217)])
    return X.set_index(rows), y.set_index(rows)


def by_hand(estimator, X, y, splits) -> pd.DataFrame:
    """Fold by fold, for folds in whose training parts every class is."""
    parts = []
    for train, test in splits:
        model = clone(estimator).fit(X.iloc[train], y.iloc[train])
        parts.append(model.predict_frame(X.iloc[test]))
    return pd.concat(parts).loc[X.index]


def test_a_frame_of_everything(people) -> None:
    X, y = people
    frame = oof_predict_frame(net(), X, y, cv=FOLDS)
    pd.testing.assert_frame_equal(frame, by_hand(net(), X, y, FOLDS.split(X)))


def test_probabilities_of_every_task_none_of_regressions(people) -> None:
    X, y = people
    bought, spent, shade = oof_predict_proba(net(), X, y, cv=FOLDS)
    expected = by_hand(net(), X, y, FOLDS.split(X))
    np.testing.assert_array_equal(bought, expected[["bought=no", "bought=yes"]])
    np.testing.assert_array_equal(shade, expected[[f"shade={s}" for s in ("blue", "green", "red")]])
    assert spent is None


def test_a_missing_label_is_no_class_as_it_is_for_scikit_learn(people) -> None:
    X, y = people
    y = pd.DataFrame({name: y[name].astype("category").cat.codes for name in ("bought", "shade")})
    y = y.astype(float).where(y >= 0)
    tasks = {"tasks": ["multiclass", "multiclass"]}
    theirs = cross_val_predict(net(**tasks), X, y, cv=FOLDS, method="predict_proba")
    ours = oof_predict_proba(net(**tasks), X, y, cv=FOLDS)
    assert [p.shape[1] for p in theirs] == [3, 4]
    assert [p.shape[1] for p in ours] == [2, 3]
    for p in ours:
        assert p.sum(axis=1) == pytest.approx(1)


def test_the_estimator_itself_stays_as_it_was(people) -> None:
    X, y = people
    model = net()
    oof_predict_frame(model, X, y, cv=2)
    assert model.tasks == "auto"
    assert not hasattr(model, "tasks_")


def test_a_single_target() -> None:
    X, y = make_people(151)
    labelled = y["shade"].notna()
    X, y = X[labelled], y["shade"][labelled]
    probability = oof_predict_proba(net(SharedBottomClassifier), X, y, cv=FOLDS)
    for train, test in FOLDS.split(X):
        model = net(SharedBottomClassifier).fit(X.iloc[train], y.iloc[train])
        np.testing.assert_array_equal(probability[test], model.predict_proba(X.iloc[test]))


def test_folds_by_number_are_balanced_in_all_tasks(people) -> None:
    X, y = people
    frame = oof_predict_frame(net(), X, y, cv=3)
    expected = by_hand(net(), X, y, MultiTaskStratifiedKFold(3).split(X, y))
    pd.testing.assert_frame_equal(frame, expected)


def test_groups_are_for_the_folds(people) -> None:
    X, y = people
    groups = np.arange(217) % 13
    frame = oof_predict_frame(net(), X, y, cv=GroupKFold(3), groups=groups)
    expected = by_hand(net(), X, y, GroupKFold(3).split(X, y, groups))
    pd.testing.assert_frame_equal(frame, expected)


def test_kinds_are_decided_once_on_all_rows() -> None:
    """Two folds of 12 distinct numbers each, which would pass for classes."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(96, 4)), np.repeat(np.arange(24.0), 4)
    splits = [(np.flatnonzero(y % 2 == k), np.flatnonzero(y % 2 != k)) for k in (0, 1)]
    frame = oof_predict_frame(net(), X, y[:, None], cv=splits)
    assert frame.columns.tolist() == ["y0"]
    assert len(set(frame["y0"])) > 24


def test_classes_that_a_training_part_lacks_have_probability_zero_there() -> None:
    X, y = make_people(120)
    y["shade"] = np.repeat(["red", "blue", "green"], 40)
    splits = [(np.arange(80), np.arange(80, 120)), (np.arange(40, 120), np.arange(40))]
    with pytest.warns(SparseFoldWarning, match="fold 0 has no label 'green' of task 'shade'.*1 mo"):
        frame = oof_predict_frame(net(), X, y, cv=splits)
    model = net(tasks={"shade": "multiclass"}).fit(X[:80], y[:80])
    _, _, probability = model.predict_proba(X[80:])
    np.testing.assert_array_equal(frame.loc[80:, ["shade=blue", "shade=red"]], probability)
    assert (frame.loc[80:, "shade=green"] == 0).all()
    assert (frame.loc[:39, "shade=red"] == 0).all()


def test_rows_in_no_test_fold_have_no_prediction(people) -> None:
    X, y = people
    y = y.assign(bought=(y["bought"] == "yes").astype(int), shade=y["shade"].fillna("red"))
    splits = [(np.arange(100), np.arange(150, 217))]
    frame = oof_predict_frame(net(), X, y, cv=splits)
    assert frame[:150].isna().all(axis=None)
    assert frame[150:].notna().all(axis=None)
    expected = net().fit(X[:100], y[:100]).predict_frame(X[150:])
    pd.testing.assert_frame_equal(frame[150:], expected, check_dtype=False)


def test_rows_in_several_test_folds_are_an_error(people) -> None:
    X, y = people
    with pytest.raises(ValueError, match="rows, such as row .* are in several test folds"):
        oof_predict_proba(net(), X, y, cv=ShuffleSplit(4, random_state=0))


def test_through_a_pipeline_and_a_search(people) -> None:
    X, y = people
    words = make_column_selector(dtype_exclude="number")
    prepare = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), words),
        remainder="passthrough",
    )
    pipeline = make_pipeline(prepare, net())
    frame = oof_predict_frame(pipeline, X, y, cv=FOLDS)
    assert frame.index.equals(X.index)
    grid = {"sharedbottomclassifierregressor__lr": [0.02]}
    searched = oof_predict_frame(GridSearchCV(pipeline, grid, cv=KFold(2)), X, y, cv=FOLDS)
    pd.testing.assert_frame_equal(frame, searched)
    for train, test in FOLDS.split(X):
        model = clone(pipeline).fit(X.iloc[train], y.iloc[train])
        predicted = model.predict(X.iloc[test])
        np.testing.assert_array_equal(frame[y.columns].iloc[test].to_numpy(object), predicted)


def test_other_containers_and_parallel_folds(people) -> None:
    X, y = people
    expected = oof_predict_frame(net(), X, y, cv=FOLDS).reset_index(drop=True)
    frame = oof_predict_frame(net(), pl.from_pandas(X), pl.from_pandas(y), cv=FOLDS)
    pd.testing.assert_frame_equal(frame, expected)
    with joblib.parallel_config("threading"):
        parallel = oof_predict_frame(net(), X, y, cv=FOLDS, n_jobs=2)
    pd.testing.assert_frame_equal(parallel.reset_index(drop=True), expected)


def test_weights_are_divided_with_the_rows_with_and_without_routing(people) -> None:
    X, y = people
    weight = np.random.default_rng(0).uniform(0.1, 5, size=(217, 3))
    params = {"sample_weight": weight}
    (bought, *_) = oof_predict_proba(net(), X, y, cv=FOLDS, params=params)
    for train, test in FOLDS.split(X):
        model = net().fit(X.iloc[train], y.iloc[train], weight[train])
        np.testing.assert_array_equal(bought[test], model.predict_proba(X.iloc[test])[0])
    with sklearn.config_context(enable_metadata_routing=True):
        asked = net().set_fit_request(sample_weight=True)
        (routed, *_) = oof_predict_proba(asked, X, y, cv=FOLDS, params=params)
        groups = np.arange(217) // 3
        by_group = oof_predict_proba(
            asked, X, y, cv=GroupKFold(3), params=params | {"groups": groups}
        )
        with pytest.raises(Exception, match="sample_weight.*not explicitly set"):
            oof_predict_proba(net(), X, y, cv=FOLDS, params=params)
    np.testing.assert_array_equal(routed, bought)
    assert np.isfinite(by_group[0]).all()


def test_labels_that_follow_from_others_count(people) -> None:
    """Who did not click did not buy, whether or not that label is there."""
    X, _ = people
    rng = np.random.default_rng(0)
    click = rng.random(217) < 0.6
    y = pd.DataFrame({"click": click, "buy": np.where(click, rng.random(217) < 0.5, np.nan)})
    model = ESMMClassifier(max_epochs=2, random_state=0)
    click_probability, buy_probability = oof_predict_proba(model, X, y.astype(float), cv=3)
    assert (buy_probability[:, 1] <= click_probability[:, 1] + 1e-6).all()


@pytest.mark.parametrize("answer", [oof_predict_proba, oof_predict_frame])
def test_mistakes(answer, people) -> None:
    X, y = people
    with pytest.raises(ValueError, match="one multi-task estimator.*RandomForestClassifier"):
        answer(RandomForestClassifier(), X, y)
    with pytest.raises(ValueError, match="tasks names.*price"):
        answer(net(tasks={"price": "count"}), X, y)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        answer(net(), X[:100], y)
    for cv in (1, 0, -1, True):
        with pytest.raises(ValueError, match=f"cv={cv} is no number of folds, which begins at 2"):
            answer(net(), X, y, cv=cv)
    one_class = [(np.flatnonzero(y["bought"] == "yes"), np.flatnonzero(y["bought"] != "yes"))]
    with pytest.raises(
        ValueError, match=r"Fold 0 can't be trained on: Task 'bought' has one class"
    ):
        answer(net(), X, y, cv=one_class)


def test_no_probabilities_without_a_classification(people) -> None:
    X, y = people
    with pytest.raises(ValueError, match=r"\['spent'\] is a classification.*oof_predict_frame"):
        oof_predict_proba(net(SharedBottomRegressor), X, y[["spent"]], cv=2)
