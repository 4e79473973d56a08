"""The gain of a pair over draws of test rows: its spread, its pairing, and what is left out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import median_absolute_error, roc_auc_score
from sklearn.utils import check_random_state

from sklearn_ple.metrics import bootstrap_gain, masked_score
from sklearn_ple.metrics.row_bootstrap import RowDraws, row_interval

N = 407
rng = np.random.default_rng(53)
Y = rng.normal(size=N)
NOISE = rng.normal(size=N)
NEAR, FAR = Y + NOISE, Y + NOISE + 0.3 * rng.normal(size=N) + 0.2
CLASSES = np.where(Y > 0.3, "yes", "no")
P_NEAR, P_FAR = 1 / (1 + np.exp(-NEAR)), 1 / (1 + np.exp(-FAR))


# How wide


@pytest.mark.parametrize("metric", ["mse", "mae"])
def test_a_mean_has_the_standard_error_of_the_mean_difference_of_rows(metric: str) -> None:
    power = 2 if metric == "mse" else 1
    differences = np.abs(FAR - Y) ** power - np.abs(NEAR - Y) ** power
    found = bootstrap_gain(metric, Y, NEAR, FAR, n_bootstrap=3000, random_state=0)
    error = differences.std() / np.sqrt(N)
    assert found.gain == pytest.approx(differences.mean())
    assert found.std_error == pytest.approx(error, rel=5 / np.sqrt(2 * 3000))
    ends = (found.rows_low - found.gain, found.rows_high - found.gain)
    np.testing.assert_allclose(ends, [-1.96 * error, 1.96 * error], rtol=0.15)


def test_two_rows_have_three_outcomes_of_known_chance() -> None:
    """Gains of 0 and 1 a row: of two drawn, none, one or both are of the second."""
    found = bootstrap_gain(
        "mse", [0.0, 0.0], [3.0, 0.0], [3.0, 1.0], n_bootstrap=2000, random_state=0
    )
    values, times = np.unique(found.draws, return_counts=True)
    assert values.tolist() == [0, 0.5, 1]
    np.testing.assert_allclose(times / 2000, [0.25, 0.5, 0.25], atol=5 * 0.5 / np.sqrt(2000))
    assert row_interval(found.draws, 0.7)[:2] == (0.5, 0.5)
    assert row_interval(found.draws, 0.3)[:2] == (0, 1)


def test_draws_are_paired() -> None:
    """Both models err alike, so that most of each one's own chance cancels in their gain."""
    found = bootstrap_gain("mse", Y, NEAR, FAR, random_state=3)
    apart = [
        bootstrap_gain("mse", Y, model, Y, random_state=seed).draws
        for seed, model in enumerate((NEAR, FAR))
    ]
    assert found.std_error < 0.4 * np.std(apart[1] - apart[0])


@pytest.mark.parametrize("metric", ["mse", "r2", "rmse", "neg_mae", median_absolute_error])
def test_a_planted_difference_is_clear_of_zero_and_positive_for_the_better(metric) -> None:
    options = {"greater_is_better": not callable(metric), "n_bootstrap": 200, "random_state": 0}
    far = Y + 3 * NOISE
    better = bootstrap_gain(metric, Y, NEAR, far, **options)
    worse = bootstrap_gain(metric, Y, far, NEAR, **options)
    assert 0 < better.rows_low <= better.gain <= better.rows_high
    assert (worse.gain, worse.rows_low) == (-better.gain, pytest.approx(-better.rows_high))


@pytest.mark.parametrize("metric", ["mse", "r2", "mae", median_absolute_error])
def test_a_model_against_itself_gains_exactly_nothing_in_any_draw(metric) -> None:
    found = bootstrap_gain(metric, Y, NEAR, NEAR.copy(), n_bootstrap=100, random_state=0)
    assert (found.gain, found.rows_low, found.rows_high, found.std_error) == (0, 0, 0, 0)


def test_a_smaller_alpha_is_a_wider_interval() -> None:
    strict, loose = (
        bootstrap_gain("mse", Y, NEAR, FAR, alpha=alpha, random_state=0) for alpha in (0.02, 0.3)
    )
    assert strict.rows_low < loose.rows_low < loose.rows_high < strict.rows_high


# Which rows


def test_gains_of_draws_are_those_of_the_rows_drawn() -> None:
    """With gaps, text and probabilities: as if `masked_score` were called on the copies."""
    labels = np.where(np.arange(N) % 5 == 2, None, CLASSES)
    found = bootstrap_gain("roc_auc", labels, P_NEAR, P_FAR, n_bootstrap=7, random_state=11)
    seed = check_random_state(11).randint(2**31 - 1)
    for counts, gain in zip(RowDraws(7, seed, N), found.draws, strict=True):
        assert counts.sum() == N
        rows = np.repeat(np.arange(N), counts.astype(int))
        scores = [masked_score("roc_auc", labels[rows], p[rows]) for p in (P_NEAR, P_FAR)]
        assert gain == pytest.approx(scores[0] - scores[1], abs=1e-12)
    left = np.arange(N) % 5 != 2
    both = [roc_auc_score(CLASSES[left], p[left]) for p in (P_NEAR, P_FAR)]
    assert found.gain == pytest.approx(both[0] - both[1])


def test_rows_without_a_label_change_nothing_but_how_many_labels_are_drawn() -> None:
    """Four in five rows are labelled, so a draw of all has 0.8 N give or take of them."""
    gone = np.arange(N) % 5 == 2
    draws = RowDraws(400, 7, N)
    labelled = np.array([counts[~gone].sum() for counts in draws])
    share = (~gone).mean()
    assert labelled.std() == pytest.approx(np.sqrt(N * share * (1 - share)), rel=0.2)
    y, near, far = (np.where(gone, other, x) for other, x in [(np.nan, Y), (1e9, NEAR), (0, FAR)])
    one = bootstrap_gain("mse", y, near, far, random_state=0)
    other = bootstrap_gain("mse", y, np.where(gone, -5.0, NEAR), FAR, random_state=0)
    np.testing.assert_array_equal(one.draws, other.draws)


def test_rows_that_judge_are_part_of_all_that_are_drawn() -> None:
    judged = np.array([3, 11, 12])
    pairs = zip(RowDraws(50, 2, 19), RowDraws(50, 2, 19, judged), strict=True)
    for whole, part in pairs:
        np.testing.assert_array_equal(whole[judged], part)


def test_the_same_seed_draws_the_same_and_no_global_generator_moves() -> None:
    before = np.random.get_state()[1].copy()
    first, again, other = (
        bootstrap_gain("mse", Y, NEAR, FAR, n_bootstrap=50, random_state=seed).draws
        for seed in (4, 4, 5)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.isclose(first, other).any()
    bootstrap_gain("mse", Y, NEAR, FAR, n_bootstrap=50, random_state=np.random.RandomState(4))
    np.testing.assert_array_equal(np.random.get_state()[1], before)


# What is left out


def test_draws_that_miss_a_class_are_left_out_and_counted() -> None:
    """One positive row in 53 is missed by about 37 draws of 100."""
    positive = np.arange(53) == 8
    near, far = positive + rng.normal(size=53), rng.normal(size=53)
    found = bootstrap_gain(
        "roc_auc", positive, near, far, n_bootstrap=1000, classes=[False, True], random_state=0
    )
    missed = (1 - 1 / 53) ** 53
    assert found.n_draws == np.isfinite(found.draws).sum()
    assert 1 - found.n_draws / 1000 == pytest.approx(missed, abs=5 * np.sqrt(0.24 / 1000))
    assert np.isfinite([found.rows_low, found.rows_high, found.std_error]).all()


def test_without_any_label_there_is_no_gain_and_no_interval() -> None:
    with pytest.warns(UndefinedMetricWarning, match="no labelled row"):
        found = bootstrap_gain("mse", np.full(N, np.nan), NEAR, FAR, n_bootstrap=13)
    assert found.n_draws == 0
    assert np.isnan([found.gain, found.rows_low, found.rows_high, found.std_error]).all()
    assert found.draws.shape == (13,)


# What it takes


def test_metrics_within_groups_and_of_many_classes() -> None:
    groups = pd.Series(rng.choice(list("abcdefg"), N))
    binary = (Y > 0).astype(int)
    gauc = bootstrap_gain("gauc", binary, P_NEAR, P_FAR, groups=groups, n_bootstrap=20)
    expected = [masked_score("gauc", binary, p, groups=groups) for p in (P_NEAR, P_FAR)]
    assert gauc.gain == pytest.approx(expected[0] - expected[1])
    assert gauc.n_draws == 20
    colours = np.array(["blue", "green", "red"])[np.digitize(Y, [-0.5, 0.5])]
    three = [rng.dirichlet([1, 1, 1], N) for _ in range(2)]
    loss = bootstrap_gain("log_loss", colours, *three, classes=["blue", "green", "red"])
    expected = [masked_score("log_loss", colours, p) for p in three]
    assert loss.gain == pytest.approx(expected[1] - expected[0])


@pytest.mark.parametrize("metric", ["mse", "r2", "rmse", "accuracy", median_absolute_error])
def test_a_table_of_one_column_is_that_column(metric) -> None:
    """As estimators predict that were fitted on such a table of labels."""
    y, near, far = (x > 0.3 if metric == "accuracy" else x for x in (Y, NEAR, FAR))
    flat = bootstrap_gain(metric, y, near, far, n_bootstrap=30, random_state=0)
    upright = bootstrap_gain(metric, y, near[:, None], far[:, None], n_bootstrap=30, random_state=0)
    np.testing.assert_array_equal(upright.draws, flat.draws)
    assert upright.gain == flat.gain


@pytest.mark.parametrize("metric", ["log_loss", "brier", "d2_log_loss", "roc_auc", "ece"])
@pytest.mark.parametrize("dtype", [int, np.uint8, bool, object])
def test_certain_probabilities_may_be_whole_numbers(metric, dtype) -> None:
    certain = (NEAR > 0.3).astype(dtype)
    options = {"n_bootstrap": 30, "random_state": 0}
    expected = bootstrap_gain(metric, CLASSES, certain.astype(float), P_FAR, **options)
    for given in (certain, np.column_stack([1 - certain.astype(int), certain])):
        found = bootstrap_gain(metric, CLASSES, given, P_FAR, **options)
        np.testing.assert_allclose(found.draws, expected.draws, rtol=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_bootstrap": 0}, "n_bootstrap=0 must be 1 or more"),
        ({"alpha": 1.0}, "alpha=1.0"),
        ({"metric": "calibration_ratio"}, "neither more nor less"),
        ({"metric": "mape"}, "Unknown metric"),
        ({"y_pred": NEAR[:13]}, "inconsistent numbers of samples"),
    ],
)
def test_what_cannot_be_drawn_is_named(change, message) -> None:
    arguments = {"metric": "mse", "y_true": Y, "y_pred": NEAR, "single_task_pred": FAR}
    with pytest.raises(ValueError, match=message):
        bootstrap_gain(**arguments | change)
