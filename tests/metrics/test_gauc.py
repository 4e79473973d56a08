"""GAUC: the AUC within groups, against a loop over groups; how groups reach it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from linear_tasks import LinearTasks
from sklearn.compose import make_column_transformer
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, cross_validate
from sklearn.pipeline import make_pipeline

from sklearn_ple.metrics import gauc, gauc_report, masked_score, task_scorer
from sklearn_ple.metrics.x_columns import read_column

N = 113
rng = np.random.default_rng(5)
GROUPS = rng.choice(list("abcdefghijklm"), N)
Y = (rng.uniform(size=N) < 0.3).astype(float)
S = np.round(Y + rng.normal(size=N), 1)
W = rng.uniform(0.2, 3, N)

ROWS = st.integers(1, 30).flatmap(
    lambda n: st.tuples(
        arrays(float, n, elements=st.sampled_from([0.0, 1.0])),
        arrays(float, n, elements=st.integers(-3, 3).map(float)),
        arrays(np.int64, n, elements=st.integers(0, 5)),
        arrays(float, n, elements=st.integers(1, 4).map(float)),
    )
)


def by_loop(y, s, groups, w) -> tuple[float, float]:
    """GAUC and the dropped share, group by group with scikit-learn's AUC."""
    total = kept = 0.0
    for group in set(groups):
        rows = groups == group
        if len(set(y[rows])) == 2:
            total += w[rows].sum() * roc_auc_score(y[rows], s[rows], sample_weight=w[rows])
            kept += w[rows].sum()
    return (total / kept if kept else np.nan), 1 - kept / w.sum()


@given(rows=ROWS)
def test_equals_a_loop_over_groups(rows) -> None:
    y, s, groups, w = rows
    expected, dropped = by_loop(y, s, groups, w)
    if np.isnan(expected):
        with pytest.warns(UndefinedMetricWarning, match="no group has both classes"):
            report = gauc_report(y, s, groups, sample_weight=w)
    else:
        report = gauc_report(y, s, groups, sample_weight=w)
    assert report.gauc == pytest.approx(expected, nan_ok=True)
    assert report.dropped_share == pytest.approx(dropped)
    assert report.groups["weight"].sum() == pytest.approx(w.sum())


def test_the_table_holds_every_groups_own_auc() -> None:
    table = gauc_report(Y, S, GROUPS).groups
    assert set(table.index) == set(GROUPS)
    for group, (weight, auc) in table.iterrows():
        rows = group == GROUPS
        assert weight == rows.sum()
        expected = roc_auc_score(Y[rows], S[rows]) if 0 < Y[rows].mean() < 1 else np.nan
        assert auc == pytest.approx(expected, nan_ok=True)


def test_one_group_is_the_auc() -> None:
    assert gauc(Y, S, ["all"] * N) == pytest.approx(roc_auc_score(Y, S))


def test_what_is_constant_within_groups_is_worth_nothing() -> None:
    popular = pd.Series(Y).groupby(GROUPS).transform("mean").to_numpy()
    assert gauc(Y, popular, GROUPS) == 0.5
    assert gauc(Y, np.round(S + 100 * popular, 6), GROUPS) != 0.5
    shift = pd.Series(np.arange(N)).groupby(GROUPS).transform("first").to_numpy()
    assert gauc(Y, S + shift, GROUPS) == pytest.approx(gauc(Y, S, GROUPS))


def test_turned_around_it_is_one_less_itself_and_order_is_all_that_counts() -> None:
    score = gauc(Y, S, GROUPS, sample_weight=W)
    assert gauc(Y, -S, GROUPS, sample_weight=W) == pytest.approx(1 - score)
    assert gauc(Y, np.exp(S), GROUPS, sample_weight=W) == pytest.approx(score)
    order = rng.permutation(N)
    shuffled = gauc(Y[order], S[order], GROUPS[order], sample_weight=W[order])
    assert shuffled == pytest.approx(score)


def test_rows_without_a_label_or_weight_are_in_no_group() -> None:
    gone, zero = np.arange(N) % 5 == 1, np.arange(N) % 7 == 3
    rows = ~gone & ~zero
    expected, dropped = by_loop(Y[rows], S[rows], GROUPS[rows], W[rows])
    report = gauc_report(np.where(gone, np.nan, Y), S, GROUPS, sample_weight=np.where(zero, 0, W))
    assert report.gauc == pytest.approx(expected)
    assert report.dropped_share == pytest.approx(dropped)


def test_rows_without_a_group_count_as_dropped() -> None:
    unknown = np.arange(N) % 6 == 4
    groups = np.where(unknown, None, GROUPS.astype(object))
    report = gauc_report(Y, S, groups)
    expected, _ = by_loop(Y[~unknown], S[~unknown], GROUPS[~unknown], np.ones(N)[~unknown])
    assert report.gauc == pytest.approx(expected)
    within = gauc_report(Y[~unknown], S[~unknown], GROUPS[~unknown])
    kept = (1 - within.dropped_share) * (~unknown).sum()
    assert report.dropped_share == pytest.approx(1 - kept / N)


@pytest.mark.parametrize("gap", [None, np.nan, pd.NA])
def test_rows_without_a_group_may_lie_in_a_list_of_text(gap: object) -> None:
    unknown = np.arange(N) % 6 == 4
    groups = [gap if gone else group for gone, group in zip(unknown, GROUPS.tolist(), strict=True)]
    report = gauc_report(Y, S, groups)
    assert set(report.groups.index.dropna()) == set(GROUPS)
    expected, _ = by_loop(Y[~unknown], S[~unknown], GROUPS[~unknown], np.ones(N)[~unknown])
    assert report.gauc == pytest.approx(expected)


@pytest.mark.parametrize(
    "make", [list, pd.Series, pl.Series, pd.Categorical, lambda g: pd.DataFrame({"user": g})]
)
def test_groups_come_in_any_container(make) -> None:
    assert gauc(Y, S, make(GROUPS)) == gauc(Y, S, GROUPS)


def test_text_labels_and_both_columns_of_probabilities() -> None:
    p = 1 / (1 + np.exp(-S))
    expected = gauc(Y, p, GROUPS)
    words = np.where(Y == 1, "yes", "no")
    assert gauc(words, np.column_stack([1 - p, p]), GROUPS) == pytest.approx(expected)
    assert gauc(words, p, GROUPS, classes=["yes", "no"]) == pytest.approx(1 - expected)
    assert masked_score("gauc", words, p, groups=GROUPS) == expected


def test_no_labelled_row_is_nan_and_a_warning() -> None:
    with pytest.warns(UndefinedMetricWarning, match="no labelled row"):
        report = gauc_report(np.full(N, np.nan), S, GROUPS)
    assert np.isnan(report.gauc)
    assert np.isnan(report.dropped_share)
    assert report.groups.empty


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"groups": GROUPS[1:]}, "inconsistent numbers"),
        ({"groups": np.column_stack([GROUPS, GROUPS])}, "one column"),
        ({"y_score": np.where(Y == 1, np.nan, S)}, "NaN"),
        ({"y_true": np.arange(N) % 3, "y_score": np.ones((N, 3))}, "two classes"),
    ],
)
@pytest.mark.parametrize("function", [gauc, gauc_report])
def test_mistakes_are_named(function, arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        function(**{"y_true": Y, "y_score": S, "groups": GROUPS} | arguments)


def test_without_groups_it_says_what_it_needs(model, X, y) -> None:
    with pytest.raises(ValueError, match="gauc is measured within groups"):
        masked_score("gauc", Y, S)
    with pytest.raises(ValueError, match="gauc is measured within groups"):
        task_scorer("click", "gauc")(model, X, y)
    with pytest.raises(ValueError, match="'roc_auc' is not measured within groups"):
        task_scorer("click", "roc_auc", groups="user")
    with pytest.raises(ValueError, match="'d2' is not measured within groups"):
        task_scorer("click", "d2", groups="user")


@pytest.fixture
def user(X) -> np.ndarray:
    return np.random.default_rng(2).choice(list("pqrstu"), len(X))


class Pick(LinearTasks):
    """Reads its three features by name out of a wider table."""

    def fit(self, X, y, sample_weight=None):
        return super().fit(X[["a", "b", "c"]], y, sample_weight)

    def predict_proba(self, X):
        return super().predict_proba(X[["a", "b", "c"]])


def test_a_scorer_reads_groups_from_a_column_or_is_given_them(model, X, y, user) -> None:
    expected = gauc(y["click"], model.predict_proba(X)[3], user)
    assert task_scorer("click", "gauc")(model, X, y, groups=user) == pytest.approx(expected)
    table = pd.DataFrame(X, columns=["a", "b", "c"]).assign(user=user)
    wide = Pick().fit(table, y)
    scorer = task_scorer("click", "gauc", groups="user")
    assert scorer(wide, table, y) == pytest.approx(expected)
    with pytest.raises(ValueError, match="no column 'user'.*'a', 'b', 'c'"):
        scorer(wide, table.drop(columns="user"), y)
    first = np.round(X[:, 0])
    coarse = np.column_stack([first, X[:, 1:]])
    by_position = task_scorer("click", "gauc", groups=0)(model, coarse, y)
    assert by_position == pytest.approx(gauc(y["click"], model.predict_proba(coarse)[3], first))


@pytest.mark.parametrize("make", [pd.DataFrame, pl.from_pandas])
def test_a_position_will_do_for_a_table(make, X, y, user) -> None:
    table = pd.DataFrame(X, columns=["a", "b", "c"]).assign(user=user)
    wide = Pick().fit(table, y)
    expected = task_scorer("click", "gauc", groups="user")(wide, table, y)
    assert task_scorer("click", "gauc", groups=3)(wide, make(table), y) == expected
    with pytest.raises(ValueError, match="no column 4"):
        task_scorer("click", "gauc", groups=4)(wide, make(table), y)


def test_a_name_goes_before_a_position() -> None:
    table = pd.DataFrame({1: GROUPS, 0: np.arange(N)})
    assert read_column(table, 1).tolist() == GROUPS.tolist()
    assert read_column(table, 0).tolist() == list(range(N))


def test_groups_given_go_before_the_column(X, y, user) -> None:
    table = pd.DataFrame(X, columns=["a", "b", "c"]).assign(user=user)
    wide = Pick().fit(table, y)
    other = np.roll(user, 3)
    given_groups = task_scorer("click", "gauc", groups="user")(wide, table, y, groups=other)
    assert given_groups == pytest.approx(task_scorer("click", "gauc")(wide, table, y, groups=other))


def test_weights_and_groups_together(model, X, y, user) -> None:
    weight = np.random.default_rng(3).uniform(0.1, 4, size=(len(X), 4))
    score = task_scorer("income", "gauc")(model, X, y, sample_weight=weight, groups=user)
    p = model.predict_proba(X)[0]
    assert score == pytest.approx(gauc(y["income"], p, user, sample_weight=weight[:, 0]))


def test_a_search_over_a_pipeline_that_drops_the_column(X, y, user) -> None:
    table = pd.DataFrame(X, columns=["a", "b", "c"]).assign(user=user)
    pipeline = make_pipeline(
        make_column_transformer(("passthrough", ["a", "b", "c"])), LinearTasks()
    )
    scorer = task_scorer("click", "gauc", groups="user")
    search = GridSearchCV(pipeline, {"lineartasks__C": [1.0]}, scoring=scorer, cv=KFold(3))
    search.fit(table, y)
    scores = []
    for train, test in KFold(3).split(X):
        p = LinearTasks().fit(X[train], y.iloc[train]).predict_proba(X[test])[3]
        scores.append(gauc(y["click"].iloc[test], p, user[test]))
    assert search.best_score_ == pytest.approx(np.mean(scores))


def test_groups_are_routed_to_the_splitter_and_to_the_scorer(X, y, user) -> None:
    with sklearn.config_context(enable_metadata_routing=True):
        click = task_scorer("click", "gauc").set_score_request(groups=True)
        plain = task_scorer("click", "roc_auc")
        for scoring in (click, {"within": click, "over_all": plain}):
            result = cross_validate(
                LinearTasks(), X, y, scoring=scoring, cv=GroupKFold(2), params={"groups": user}
            )
            found = result.get("test_score", result.get("test_within"))
            for fold, (train, test) in enumerate(GroupKFold(2).split(X, groups=user)):
                p = LinearTasks().fit(X[train], y.iloc[train]).predict_proba(X[test])[3]
                assert found[fold] == pytest.approx(gauc(y["click"].iloc[test], p, user[test]))


def test_a_function_within_groups_gets_those_of_the_labelled_rows(model, X, y, user) -> None:
    def largest_group(y_true, y_pred, groups):
        assert len(groups) == len(y_true) == y["hours"].notna().sum()
        return pd.Series(groups).value_counts().iloc[0]

    score = task_scorer("hours", largest_group)(model, X, y, groups=user)
    assert score == pd.Series(user[y["hours"].notna()]).value_counts().iloc[0]


def test_a_class_unknown_to_the_model_leaves_it_undefined(model, X, y, user) -> None:
    other = y.assign(income=y["income"].where(np.arange(len(X)) != 4, "perhaps"))
    with pytest.warns(UndefinedMetricWarning, match="perhaps"):
        assert np.isnan(task_scorer("income", "gauc")(model, X, other, groups=user))
