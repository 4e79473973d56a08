"""The weights of `ScoreCombiner`, searched: by what, how well, and the same each time."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import BaseEstimator
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import ndcg_score, roc_auc_score

from sklearn_ple.metrics import ScoreCombiner, gauc, masked_score

N = 211
rng = np.random.default_rng(23)


class Table(BaseEstimator):
    """Predicts the first columns of X."""

    def fit(self, X=None, y=None):
        self.feature_names_in_ = np.array(["a", "b", "c"])
        return self

    def predict(self, X):
        return np.asarray(X, dtype=float)[:, :3]


TABLE = Table().fit()
LOGS = rng.normal(size=(N, 3)) * [1.0, 0.2, 3.0] - 4
P = np.exp(LOGS)
# Ranked perfectly by the first task to the power 2 times the second one alone.
TRUE = LOGS @ [2.0, 1.0, 0.0]
Y = (np.median(TRUE) < TRUE).astype(float)
GROUPS = rng.choice(list("abcdefgh"), N)
FAST = {"max_evaluations": 120, "random_state": 0}


def searched(y=Y, X=P, *, fit=None, **parameters) -> ScoreCombiner:
    return ScoreCombiner(TABLE, **FAST | parameters).fit(X, y, **fit or {})


def test_finds_a_planted_ranking() -> None:
    combiner = searched(max_evaluations=600)
    assert combiner.best_score_ > 0.995
    weights = combiner.weights_
    assert weights["y0"] / weights["y1"] == pytest.approx(2, rel=0.5)
    assert weights["y2"] < 0.05


def test_equals_a_grid_where_there_are_but_two_weights() -> None:
    noisy = (TRUE + rng.normal(size=N) > np.median(TRUE)).astype(float)
    combiner = searched(noisy, tasks=[0, 1], max_evaluations=400)
    shares = np.linspace(0, 1, 401)
    best = max(roc_auc_score(noisy, LOGS[:, 0] * a + LOGS[:, 1] * (1 - a)) for a in shares)
    assert combiner.best_score_ >= best - 1e-3


@pytest.mark.parametrize("max_evaluations", [1, 40, 120])
@pytest.mark.parametrize("signed", [False, True])
def test_is_no_worse_than_equal_weights_or_any_task_alone(max_evaluations, signed) -> None:
    for seed in range(2):
        y = np.random.default_rng(seed).integers(0, 2, N).astype(float)
        combiner = searched(y, max_evaluations=max_evaluations, signed=signed)
        alone = [roc_auc_score(y, LOGS[:, k]) for k in range(3)]
        assert combiner.start_scores_[["y0", "y1", "y2"]].tolist() == pytest.approx(alone)
        equal = roc_auc_score(y, (LOGS / LOGS.std(axis=0)).sum(axis=1))
        assert combiner.start_scores_["equal"] == pytest.approx(equal)
        assert combiner.best_score_ >= max(equal, *alone) - 1e-12


@pytest.mark.parametrize("max_evaluations", [1, 5, 20, 40, 150])
@pytest.mark.parametrize(("signed", "n_starts"), [(False, 4), (["y1"], 5), (True, 7)])
def test_scores_no_more_rankings_than_it_may_except_its_starts(
    max_evaluations, signed, n_starts
) -> None:
    calls = []

    def auc(y, score) -> float:
        calls.append(score)
        return roc_auc_score(y, score)

    y = np.random.default_rng(0).integers(0, 2, N).astype(float)
    combiner = searched(y, scoring=auc, signed=signed, max_evaluations=max_evaluations)
    assert combiner.n_evaluations_ == len(calls)
    assert n_starts <= len(calls) <= max(n_starts, max_evaluations)
    assert len(calls) > 0.5 * max_evaluations
    assert combiner.best_score_ == max(roc_auc_score(y, score) for score in calls)


def test_what_it_found_is_what_it_scores() -> None:
    combiner = searched()
    assert combiner.score(P, Y) == pytest.approx(combiner.best_score_)
    assert roc_auc_score(Y, combiner.predict(P)) == pytest.approx(combiner.best_score_)
    assert np.abs(combiner.weights_).sum() == pytest.approx(1)
    assert (combiner.weights_ >= 0).all()


def test_the_same_seed_gives_the_same_weights_and_no_global_generator_moves() -> None:
    before = np.random.get_state()[1].copy()
    first, second = searched(), searched()
    pd.testing.assert_series_equal(first.weights_, second.weights_)
    searched(random_state=None)
    np.testing.assert_array_equal(np.random.get_state()[1], before)
    for kind in (np.random.default_rng, np.random.RandomState):
        once, again = searched(random_state=kind(3)), searched(random_state=kind(3))
        pd.testing.assert_series_equal(once.weights_, again.weights_)


def test_the_units_of_the_scores_do_not_matter() -> None:
    """A task's scores to a power or times a constant: the same rankings were tried."""
    noisy = (TRUE + rng.normal(size=N) > np.median(TRUE)).astype(float)
    plain = searched(noisy)
    other = searched(noisy, np.column_stack([P[:, 0] ** 2, 8 * P[:, 1], P[:, 2] ** 0.5]))
    assert other.best_score_ == pytest.approx(plain.best_score_, abs=2e-3)
    ratio = plain.weights_ / other.weights_ / (plain.weights_ / other.weights_)["y1"]
    assert ratio["y0"] == pytest.approx(2, rel=0.05)


def test_a_task_that_counts_against_a_row_needs_a_sign() -> None:
    skipped = 1 - Y
    assert searched(skipped).best_score_ < 0.6
    combiner = searched(skipped, signed=True, max_evaluations=500)
    assert combiner.best_score_ > 0.97
    assert combiner.weights_["y0"] < 0
    named = searched(skipped, signed=["y0"])
    assert named.weights_["y0"] < 0
    assert (named.weights_[["y1", "y2"]] >= 0).all()
    with pytest.raises(ValueError, match="signed names .*y2"):
        searched(tasks=["y0", "y1"], signed=["y2"])


def test_one_task_alone_weighs_one_and_a_constant_one_nothing() -> None:
    assert searched(tasks=["y1"]).weights_.tolist() == [1]
    flat = np.column_stack([P[:, :2], np.full(N, 0.3)])
    assert searched(X=flat).weights_["y2"] == 0
    with pytest.raises(ValueError, match="nothing to weigh"):
        searched(X=np.ones((N, 3)))


def test_a_side_column_is_weighed_too() -> None:
    length = rng.gamma(2, 30, N)
    liked = TRUE / TRUE.std() + 2 * np.log(np.log1p(length))
    y = (liked > np.median(liked)).astype(float)
    X = np.column_stack([P, length])
    combiner = searched(y, X, side_columns={3: "log"}, max_evaluations=400)
    assert list(combiner.weights_.index) == ["y0", "y1", "y2", 3]
    assert combiner.weights_[3] > 0.1
    assert combiner.best_score_ > searched(y).best_score_


def test_only_labelled_rows_of_the_target_count() -> None:
    gone = np.arange(N) % 3 == 1
    y = pd.DataFrame({"other": 1 - Y, "bought": np.where(gone, np.nan, Y)})
    combiner = searched(y, target="bought")
    left = searched(Y[~gone], P[~gone])
    assert combiner.best_score_ == pytest.approx(
        roc_auc_score(Y[~gone], combiner.predict(P)[~gone])
    )
    assert combiner.best_score_ == pytest.approx(left.best_score_, abs=5e-3)
    words = y["bought"].map({0: "no", 1: "yes"})
    pd.testing.assert_series_equal(searched(words).weights_, combiner.weights_)


def test_gauc_by_groups_given_or_in_a_column() -> None:
    weight = rng.uniform(0.2, 3, N)
    combiner = searched(scoring="gauc", fit={"groups": GROUPS, "sample_weight": weight})
    expected = gauc(Y, combiner.predict(P), GROUPS, sample_weight=weight)
    assert combiner.best_score_ == pytest.approx(expected)
    assert combiner.score(P, Y, groups=GROUPS, sample_weight=weight) == pytest.approx(expected)
    table = pd.DataFrame(P, columns=["a", "b", "c"]).assign(user=GROUPS)
    by_column = searched(Y, table, scoring="gauc", groups="user")
    assert by_column.best_score_ == pytest.approx(gauc(Y, by_column.predict(table), GROUPS))
    assert by_column.score(table, Y) == pytest.approx(by_column.best_score_)
    numbers = np.column_stack([P, np.unique(GROUPS, return_inverse=True)[1]])
    for position in (3, np.int64(3)):
        by_position = searched(Y, numbers, scoring="gauc", groups=position)
        assert by_position.best_score_ == pytest.approx(by_column.best_score_)
    with pytest.raises(ValueError, match="within groups"):
        searched(scoring="gauc")


@pytest.mark.parametrize("scoring", ["average_precision", "pr_auc"])
def test_other_metrics_of_rankings(scoring: str) -> None:
    combiner = searched(scoring=scoring)
    score = combiner.predict(P)
    assert combiner.best_score_ == pytest.approx(masked_score(scoring, Y, score))
    with pytest.raises(ValueError, match="'log_loss' does not score rankings"):
        searched(scoring="log_loss")


def ndcg_per_group(y, score, groups) -> float:
    scores = []
    for group in np.unique(groups):
        rows = groups == group
        scores.append(ndcg_score([y[rows]], [score[rows]], k=5))
    return float(np.mean(scores))


def test_a_function_within_groups_such_as_ndcg() -> None:
    watched = np.exp(TRUE + rng.normal(size=N))
    watched[::7] = np.nan
    rows = ~np.isnan(watched)
    combiner = searched(watched, scoring=ndcg_per_group, fit={"groups": GROUPS})
    expected = ndcg_per_group(watched[rows], combiner.predict(P)[rows], GROUPS[rows])
    assert combiner.best_score_ == pytest.approx(expected)
    assert combiner.best_score_ >= combiner.start_scores_.max()


def test_a_function_of_several_targets_gets_them_all_with_their_gaps() -> None:
    y = pd.DataFrame({"click": Y, "like": np.where(np.arange(N) % 4, np.nan, 1 - Y)})

    def mean_auc(frame, score):
        assert list(frame) == ["click", "like"]
        return np.mean([masked_score("roc_auc", frame[name], score) for name in frame])

    combiner = searched(y, scoring=mean_auc)
    assert combiner.best_score_ == pytest.approx(mean_auc(y, combiner.predict(P)))


def test_given_weights_need_no_target_and_can_be_scored() -> None:
    combiner = ScoreCombiner(TABLE, weights=[2, 1, 0]).fit(P)
    assert combiner.score(P, Y) == pytest.approx(1)
    assert not hasattr(combiner, "best_score_")
    again = combiner.set_params(weights=None, **FAST).fit(P, Y)
    assert again.best_score_ > 0.9
    assert not hasattr(again.set_params(weights=[1, 1, 1]).fit(P), "best_score_")


def test_what_cannot_be_scored_is_named() -> None:
    both = pd.DataFrame({"click": Y, "like": 1 - Y})
    with pytest.raises(ValueError, match="target=None.*click.*like"):
        searched(both)
    assert searched(both, target=np.int64(0)).best_score_ == searched(both, target=0).best_score_
    with pytest.raises(ValueError, match="target='clack'"):
        searched(both, target="clack")
    with pytest.raises(ValueError, match="two classes on these rows, but has 1"):
        searched(np.ones(N))
    with pytest.raises(ValueError, match="y is needed"):
        searched(None)
    own = np.arange(N)
    with (
        pytest.warns(UndefinedMetricWarning, match="no group has both classes"),
        pytest.raises(ValueError, match="scores NaN"),
    ):
        searched(scoring="gauc", fit={"groups": own})


def test_groups_and_weights_are_metadata() -> None:
    with sklearn.config_context(enable_metadata_routing=True):
        combiner = ScoreCombiner(TABLE).set_fit_request(groups=True, sample_weight=True)
        assert combiner.set_score_request(groups=True) is combiner


def test_where_nothing_is_better_the_weights_are_equal() -> None:
    combiner = searched(scoring=lambda y, score: 1.0)
    inverse = 1 / LOGS.std(axis=0)
    np.testing.assert_allclose(combiner.weights_, inverse / inverse.sum())
