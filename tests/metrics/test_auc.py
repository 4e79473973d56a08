"""The lean AUC is scikit-learn's: with ties, weights and any order of the rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import roc_auc_score

from sklearn_ple.metrics.auc import SortedRows, auc
from sklearn_ple.metrics.combiner.ranking_goal import ranking_goal

N = 10_007
rng = np.random.default_rng(31)
POSITIVE = rng.random(N) < 0.07
NORMAL = rng.normal(size=N) + POSITIVE
SCORES = {
    "no ties": NORMAL,
    "some ties": np.round(NORMAL, 2),
    "five values": np.clip(np.round(NORMAL), -2, 2),
    "all the same": np.full(N, 0.25),
    "tiny and huge": np.exp(30 * NORMAL),
    "perfect": POSITIVE + 0.1 * rng.random(N),
    "upside down": -1.0 * POSITIVE,
}
WEIGHTS = {
    "none": None,
    "counts": rng.poisson(1.0, N).astype(float),
    "shares": rng.gamma(0.5, 1.0, N),
}


@pytest.mark.parametrize("weight", WEIGHTS.values(), ids=WEIGHTS)
@pytest.mark.parametrize("score", SCORES.values(), ids=SCORES)
def test_equals_scikit_learns(score, weight) -> None:
    expected = roc_auc_score(POSITIVE, score, sample_weight=weight)
    assert auc(POSITIVE, score, weight) == pytest.approx(expected, rel=0, abs=1e-12)


ROWS = st.lists(st.tuples(st.booleans(), st.integers(-3, 3), st.integers(0, 4)), min_size=1)


@given(rows=ROWS)
def test_is_the_share_of_pairs_in_order(rows) -> None:
    """Pair by pair; ties count a half, and no pair leaves it undefined."""
    pairs = [
        (w_up * w_down, 1.0 if up > down else 0.5 if up == down else 0.0)
        for is_up, up, w_up in rows
        for is_down, down, w_down in rows
        if is_up and not is_down
    ]
    total = sum(weight for weight, _ in pairs)
    expected = sum(weight * won for weight, won in pairs) / total if total else np.nan
    positive, score, weight = (np.array(column) for column in zip(*rows, strict=True))
    found = auc(positive, score.astype(float), weight.astype(float))
    assert found == pytest.approx(expected, rel=0, abs=1e-12, nan_ok=True)


def test_rows_sorted_once_serve_any_weights_and_counts_are_repeated_rows() -> None:
    score = SCORES["some ties"]
    ranked = SortedRows.of(POSITIVE, score)
    for seed in range(3):
        rows = np.random.default_rng(seed).integers(N, size=N)
        counts = np.bincount(rows, minlength=N).astype(float)
        expected = roc_auc_score(POSITIVE[rows], score[rows])
        assert ranked.auc(counts) == pytest.approx(expected, rel=0, abs=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_a_combiners_goal_is_the_auc_of_labelled_rows(weighted) -> None:
    gone = np.arange(N) % 3 == 1
    y = np.where(gone, np.nan, POSITIVE)
    weight = np.where(np.arange(N) % 5 == 2, 0.0, rng.gamma(2.0, 1.0, N)) if weighted else None
    goal = ranking_goal("roc_auc", y, target=None, sample_weight=weight)
    left = ~gone & (np.arange(N) % 5 != 2) if weighted else ~gone
    score = np.where(left, SCORES["some ties"], np.inf)
    expected = roc_auc_score(
        POSITIVE[left], score[left], sample_weight=weight[left] if weighted else None
    )
    assert goal(score) == pytest.approx(expected, rel=0, abs=1e-12)


def test_a_combiners_goal_checks_what_scikit_learn_checked() -> None:
    goal = ranking_goal("roc_auc", POSITIVE, target=None, sample_weight=1.0 - POSITIVE)
    with pytest.warns(UndefinedMetricWarning, match="a class is absent"):
        assert np.isnan(goal(NORMAL))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        goal(NORMAL[:13])
    with pytest.raises(ValueError, match="must not be negative"):
        ranking_goal("roc_auc", POSITIVE, target=None, sample_weight=NORMAL)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        ranking_goal("roc_auc", POSITIVE, target=None, sample_weight=np.ones(13))
