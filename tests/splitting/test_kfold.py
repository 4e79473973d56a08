"""The splitters in scikit-learn's hands, on y as users hold it, and what they say of it."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import sklearn
from people import make_people
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score, cross_validate

from sklearn_ple import (
    MultiTaskStratifiedGroupKFold,
    MultiTaskStratifiedKFold,
    SharedBottomClassifierRegressor,
    SparseFoldWarning,
    TaskInferenceWarning,
)

BOTH = [MultiTaskStratifiedKFold, MultiTaskStratifiedGroupKFold]
both = pytest.mark.parametrize("cls", BOTH)


def net(**changes) -> SharedBottomClassifierRegressor:
    sizes = {"bottom_widths": (11,), "tower_widths": (3,), "max_epochs": 2, "batch_size": 64}
    return SharedBottomClassifierRegressor(**sizes | {"random_state": 0} | changes)


def held_out_rows(splitter, y, groups=None) -> list[list[int]]:
    return [test.tolist() for _, test in splitter.split(None, y, groups)]


def test_balanced_in_classes_numbers_and_gaps() -> None:
    X, y = make_people(517)
    whole = y.isna().mean()
    for train, test in MultiTaskStratifiedKFold(4, shuffle=True, random_state=3).split(X, y):
        part = y.iloc[test]
        assert sorted([*train, *test]) == list(range(517))
        assert np.abs(part.isna().mean() - whole).max() < 0.01
        assert (part["bought"] == "yes").mean() == pytest.approx(
            (y["bought"] == "yes").mean(), abs=0.01
        )
        assert part["shade"].value_counts().to_numpy() == pytest.approx(
            y["shade"].value_counts().to_numpy() / 4, abs=2
        )
        for q in (0.2, 0.4, 0.6, 0.8):
            below = (part["spent"] < y["spent"].quantile(q)).sum() / part["spent"].notna().sum()
            assert below == pytest.approx(q, abs=0.03)


@pytest.mark.parametrize(
    "convert",
    [
        lambda y: y.astype({"bought": "category", "shade": "string"}),
        pl.from_pandas,
        pa.Table.from_pandas,
        lambda y: y.to_numpy(),
        lambda y: y.to_numpy().tolist(),
    ],
    ids=["pandas", "polars", "arrow", "array", "list"],
)
@both
def test_any_container_is_split_alike(cls, convert) -> None:
    _, y = make_people(139)
    groups = np.arange(139) // 2
    groups = groups if cls is MultiTaskStratifiedGroupKFold else None
    assert held_out_rows(cls(3), convert(y), groups) == held_out_rows(cls(3), y, groups)


def test_a_single_target_without_gaps_is_as_balanced_as_by_scikit_learn() -> None:
    y = np.random.default_rng(0).choice(["a", "b", "c"], 211, p=[0.1, 0.3, 0.6])
    counts = [
        sorted(tuple(np.unique(y[test], return_counts=True)[1]) for _, test in cv.split(y, y))
        for cv in (MultiTaskStratifiedKFold(5), StratifiedKFold(5))
    ]
    assert np.abs(np.subtract(*counts)).max() <= 1


def test_the_seed_decides_and_may_be_a_random_state() -> None:
    _, y = make_people(139)
    first, again, other = (
        held_out_rows(MultiTaskStratifiedKFold(3, shuffle=True, random_state=seed), y)
        for seed in (1, 1, 2)
    )
    assert first == again != other
    splitter = MultiTaskStratifiedKFold(3, shuffle=True, random_state=np.random.RandomState(1))
    assert held_out_rows(splitter, y) == first != held_out_rows(splitter, y)


@both
def test_looks_like_a_scikit_learn_splitter(cls) -> None:
    splitter = cls(3, shuffle=True, random_state=7, tasks={"spent": "count"})
    assert re.sub(r"\s+", " ", repr(splitter)) == (
        f"{cls.__name__}(n_splits=3, random_state=7, shuffle=True, tasks={{'spent': 'count'}})"
    )
    assert splitter.get_n_splits() == splitter.get_n_splits(None, None, None) == 3
    copied = clone(splitter, safe=False)
    assert vars(copied) == vars(splitter)


def test_in_cross_validate_and_in_a_grid_search() -> None:
    X, y = make_people(217)
    cv = MultiTaskStratifiedKFold(3, shuffle=True, random_state=0)
    scores = cross_validate(net(), X, y, cv=cv)["test_score"]
    by_hand = [
        net().fit(X.iloc[train], y.iloc[train]).score(X.iloc[test], y.iloc[test])
        for train, test in cv.split(X, y)
    ]
    assert scores == pytest.approx(by_hand)
    search = GridSearchCV(net(), {"lr": [1e-6, 0.01]}, cv=cv, error_score="raise").fit(X, y)
    assert search.cv_results_["mean_test_score"][1] == pytest.approx(
        cross_val_score(net(lr=0.01), X, y, cv=cv).mean()
    )


def test_groups_in_cross_validate_with_and_without_metadata_routing() -> None:
    X, y = make_people(217)
    groups = np.random.default_rng(0).integers(0, 31, 217)
    cv = MultiTaskStratifiedGroupKFold(3)
    scores = cross_validate(net(), X, y, cv=cv, groups=groups)["test_score"]
    with sklearn.config_context(enable_metadata_routing=True):
        routed = cross_validate(net(), X, y, cv=cv, params={"groups": groups})["test_score"]
        search = GridSearchCV(net(), {"lr": [0.01]}, cv=cv).fit(X, y, groups=groups)
    np.testing.assert_array_equal(scores, routed)
    assert np.isfinite(search.best_score_)


@pytest.mark.parametrize(
    "groups",
    [
        np.arange(139) % 17,
        [f"customer {i % 17}" for i in range(139)],
        pd.Series(np.arange(139) % 17).astype("category"),
        pl.Series(np.arange(139) % 17),
        np.array([("a", 3)[i % 2] for i in range(139)], dtype=object),
    ],
    ids=["numbers", "text", "pandas", "polars", "both"],
)
def test_groups_of_any_kind_stay_together(groups) -> None:
    _, y = make_people(139)
    names = np.asarray(groups)
    for train, test in MultiTaskStratifiedGroupKFold(2).split(None, y, groups):
        assert not set(names[train]) & set(names[test])


def test_a_splitter_that_ignores_groups_says_so() -> None:
    _, y = make_people(139)
    with pytest.warns(UserWarning, match="ignores groups; MultiTaskStratifiedGroupKFold heeds"):
        next(MultiTaskStratifiedKFold(2).split(None, y, np.arange(139)))


@both
@pytest.mark.parametrize(
    ("changes", "error", "match"),
    [
        ({"n_splits": 1}, ValueError, "n_splits must be 2 or more, got 1"),
        ({"n_splits": 2.0}, ValueError, "n_splits must be a whole number, got 2.0"),
        ({"shuffle": 1}, TypeError, "shuffle must be True or False, got 1"),
        ({"random_state": 0}, ValueError, "no effect without shuffle=True"),
    ],
)
def test_mistakes_in_the_making(cls, changes, error, match) -> None:
    with pytest.raises(error, match=match):
        cls(**changes)


@pytest.mark.parametrize(
    ("y", "groups", "match"),
    [
        (None, [0, 1, 2], "GroupKFold balances labels: give `split` y"),
        ([0, 1, 0], None, "GroupKFold needs the `groups`"),
        ([0, 1, 0, 1], [0, 1, 1, 0], "n_splits=3 is more than there are groups: 2"),
        ([0, 1], [0, 1], "n_splits=3 is more than there are rows: 2"),
        ([0, 1, 0], [0, None, 2], "groups is missing in 1 row"),
        ([0, 1, 0], [0, 1], "inconsistent numbers of samples"),
        ([0, 1, 0], [[0, 1], [2, 3], [4, 5]], "groups must be one column"),
    ],
)
def test_mistakes_in_the_data(y, groups, match) -> None:
    with pytest.raises(ValueError, match=match):
        next(MultiTaskStratifiedGroupKFold(3).split(None, y, groups))


def test_mistakes_in_tasks() -> None:
    with pytest.raises(ValueError, match="tasks names.*price.*columns.*y0"):
        next(MultiTaskStratifiedKFold(2, tasks={"price": "count"}).split(None, [0, 1, 0]))


def test_tasks_that_are_guessed_are_announced_as_by_estimators() -> None:
    y = np.array([1, 2, 3] * 4)
    with pytest.warns(TaskInferenceWarning, match="'y0' holds 3 distinct whole numbers"):
        next(MultiTaskStratifiedKFold(2).split(None, y))
    for tasks in ("classification", "regression", ["multiclass"]):
        next(MultiTaskStratifiedKFold(2, tasks=tasks).split(None, y))


def test_what_folds_lack_is_said() -> None:
    y = pd.DataFrame({"shade": ["red"] * 9 + ["blue"] * 9 + ["grey"] * 2 + ["pink"]})
    y["rarely"] = np.where(np.arange(21) < 3, np.arange(21) / 2, np.nan)
    y["never"] = np.nan
    with pytest.warns(SparseFoldWarning) as caught:
        list(MultiTaskStratifiedKFold(4, tasks={"never": "regression"}).split(None, y))
    message = str(caught[0].message)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    for part in (
        "task 'shade', class 'grey' (2 label(s)) is in 2 of 4 folds;",
        "task 'shade', class 'pink' (1 label(s)) is in 1 of 4 folds, and not in the training part",
        "task 'rarely' (3 label(s)) is in 3 of 4 folds",
        "task 'never' (0 label(s)) is in 0 of 4 folds",
    ):
        assert part in message


def test_nothing_is_said_where_folds_have_everything() -> None:
    _, y = make_people(139)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        list(MultiTaskStratifiedKFold(5).split(None, y))


def test_groups_that_leave_no_way_are_said() -> None:
    y, groups = np.array([0, 1] * 6), [0, 1] * 6
    with pytest.warns(SparseFoldWarning, match=r"class 0 \(6 label\(s\)\) is in 1 of 2 folds"):
        list(MultiTaskStratifiedGroupKFold(2).split(None, y, groups))
