"""Calibration: against loops and hand-worked bins, in every degenerate case, and as a score."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.calibration import calibration_curve
from sklearn.exceptions import UndefinedMetricWarning

from sklearn_ple.metrics import (
    calibration_ratio,
    expected_calibration_error,
    masked_score,
    multitask_scorers,
    task_scorer,
)

N = 91
rng = np.random.default_rng(11)
P = rng.uniform(size=N)
Y = (rng.uniform(size=N) < P**2).astype(float)
STRATEGIES = ["uniform", "quantile"]
# Shares of 64, so that sums are exact in any order.
SHARES = st.integers(0, 64).map(lambda k: k / 64)
ROWS = st.integers(1, 40).flatmap(
    lambda n: st.tuples(
        arrays(float, n, elements=st.sampled_from([0.0, 1.0])),
        arrays(float, n, elements=SHARES),
        arrays(np.int64, n, elements=st.integers(1, 4)),
    )
)


def test_hand_worked_bins_of_equal_width() -> None:
    """Bins (0, 0.5] and (0.5, 1]: gaps |1/3 - 0.3| and |1/2 - 0.8|."""
    y, p = [0, 0, 1, 0, 1], [0.1, 0.3, 0.5, 0.7, 0.9]
    expected = 3 / 5 * (1 / 3 - 0.3) + 2 / 5 * (0.8 - 1 / 2)
    assert expected_calibration_error(y, p, n_bins=2) == pytest.approx(expected)


def test_hand_worked_bins_of_equal_weight() -> None:
    """Rare events: two rows a bin, where equal widths would have put all in one."""
    y, p = [0, 1, 0, 0, 1, 0], [0.03, 0.01, 0.02, 0.05, 0.06, 0.04]
    expected = 2 / 6 * (abs(0.5 - 0.015) + abs(0 - 0.035) + abs(0.5 - 0.055))
    score = expected_calibration_error(y, p, n_bins=3, strategy="quantile")
    assert score == pytest.approx(expected)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_equals_scikit_learns_calibration_curve(strategy: str) -> None:
    n_bins = 7  # divides the number of rows
    shares, means = calibration_curve(Y, P, n_bins=n_bins, strategy=strategy)
    uniform = np.digitize(P, np.linspace(0, 1, n_bins + 1)[1:-1], right=True)
    held = np.bincount(uniform) if strategy == "uniform" else np.full(n_bins, N / n_bins)
    expected = (held * np.abs(shares - means)).sum() / N
    score = expected_calibration_error(Y, P, n_bins=n_bins, strategy=strategy)
    assert score == pytest.approx(expected)


@pytest.mark.parametrize("strategy", STRATEGIES)
@given(rows=ROWS, n_bins=st.integers(1, 9))
def test_a_weight_is_the_row_so_many_times_in_any_order(strategy, rows, n_bins) -> None:
    y, p, times = rows
    measure = partial(
        expected_calibration_error, n_bins=n_bins, strategy=strategy, classes=[0.0, 1.0]
    )
    weighted = measure(y, p, sample_weight=times)
    repeated = measure(np.repeat(y, times)[::-1], np.repeat(p, times)[::-1])
    assert weighted == pytest.approx(repeated)
    assert weighted == pytest.approx(measure(y, p, sample_weight=times * 0.37))
    assert 0 <= weighted <= 1


@pytest.mark.parametrize("strategy", STRATEGIES)
@given(rows=ROWS, n_bins=st.integers(2, 9))
def test_one_bin_is_calibration_in_the_large_and_more_bins_show_no_less(
    strategy, rows, n_bins
) -> None:
    y, p, _ = rows
    measure = partial(expected_calibration_error, strategy=strategy, classes=[0.0, 1.0])
    in_the_large = measure(y, p, n_bins=1)
    assert in_the_large == pytest.approx(abs(y.mean() - p.mean()))
    assert measure(y, p, n_bins=n_bins) >= in_the_large - 1e-12


def test_equal_probabilities_share_a_bin() -> None:
    y = np.tile([0.0, 0, 0, 1], 6)
    assert expected_calibration_error(y, np.full(24, 0.25), strategy="quantile") == 0


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_what_is_certain_and_right_has_no_error_and_certain_and_wrong_all_of_it(strategy) -> None:
    assert expected_calibration_error(Y, Y, strategy=strategy) == 0
    assert expected_calibration_error(Y, 1 - Y, strategy=strategy) == 1


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_one_class_only_has_an_error_all_the_same(strategy) -> None:
    zeros = np.where(np.arange(N) % 3 == 1, np.nan, 0)
    expected = P[np.arange(N) % 3 != 1].mean()
    assert expected_calibration_error(zeros, P, strategy=strategy) == pytest.approx(expected)


def test_two_classes_are_the_mean_over_both() -> None:
    both = [expected_calibration_error(y, p) for y, p in [(Y, P), (1 - Y, 1 - P)]]
    assert expected_calibration_error(Y, P) == pytest.approx(np.mean(both))
    assert expected_calibration_error(Y, np.column_stack([1 - P, P])) == pytest.approx(both[0])


def test_bins_are_the_named_metrics() -> None:
    for name, strategy in zip(("ece", "ece_quantile"), STRATEGIES, strict=True):
        expected = expected_calibration_error(Y, P, n_bins=15, strategy=strategy)
        assert masked_score(name, Y, P) == expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_bins": 0}, "n_bins must be at least 1"),
        ({"strategy": "equal"}, "'uniform' or 'quantile'"),
        ({"y_prob": P + 0.5}, "between 0 and 1"),
        ({"y_prob": np.where(P > 0.5, np.nan, P)}, "between 0 and 1"),
        ({"y_prob": P[1:]}, "inconsistent numbers"),
    ],
)
def test_mistakes_in_the_error_are_named(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        expected_calibration_error(**{"y_true": Y, "y_prob": P} | arguments)


def test_the_ratio_is_predicted_over_actual_on_labelled_rows() -> None:
    gone = np.where(np.arange(N) % 4 == 2, np.nan, Y)
    rows = ~np.isnan(gone)
    weight = rng.uniform(0.1, 3, N)
    expected = (weight * P)[rows].sum() / (weight * Y)[rows].sum()
    assert calibration_ratio(gone, P, sample_weight=weight) == pytest.approx(expected)
    words = pd.Series(gone).map({0: "no", 1: "yes"})
    ratio = calibration_ratio(words, P, classes=["no", "yes"], sample_weight=weight)
    assert ratio == pytest.approx(expected)


def test_the_ratio_of_counts_and_amounts() -> None:
    assert calibration_ratio([0, 3, np.nan, 5], [1.0, 4, 100, 1]) == 0.75


def test_too_high_is_above_one_and_rows_add_up() -> None:
    assert calibration_ratio(Y, np.minimum(1, P + 0.2)) > calibration_ratio(Y, P) > 1
    assert calibration_ratio(Y, Y * 0 + Y.mean()) == pytest.approx(1)
    assert calibration_ratio(Y, 2 * P) == pytest.approx(2 * calibration_ratio(Y, P))


def test_half_and_double_are_equally_bad() -> None:
    share = Y.mean()
    for factor in (0.5, 2):
        off = masked_score("abs_log_calibration_ratio", Y, np.full(N, factor * share))
        assert off == pytest.approx(np.log(2))


def test_nothing_observed_is_nan_and_a_warning_and_nothing_predicted_infinitely_off() -> None:
    with pytest.warns(UndefinedMetricWarning, match="observed total is not positive"):
        assert np.isnan(calibration_ratio(np.zeros(5), np.full(5, 0.3)))
    assert calibration_ratio(Y, np.zeros(N)) == 0
    assert masked_score("abs_log_calibration_ratio", Y, np.zeros(N)) == np.inf


def test_several_classes_have_no_one_ratio() -> None:
    colours = rng.integers(0, 3, N)
    with pytest.raises(ValueError, match="With 3 classes"):
        masked_score("calibration_ratio", colours, rng.dirichlet(np.ones(3), N))


def test_text_labels_need_classes_to_have_a_ratio() -> None:
    with pytest.raises(ValueError, match="'no'.*classes="):
        calibration_ratio(np.where(Y == 1, "yes", "no"), P)
    with pytest.raises(ValueError, match=r"shape \(n,\), got \(91, 2\)"):
        calibration_ratio(Y, np.column_stack([1 - P, P]))


@pytest.mark.parametrize("name", ["ece", "ece_quantile", "abs_log_calibration_ratio"])
def test_as_scores_they_are_negated(model, X, y, name) -> None:
    p = model.predict_proba(X)[3][:, 1]
    for given_name in (name, f"neg_{name}"):
        scorer = task_scorer("click", given_name)
        assert scorer.name == f"neg_{name}"
        assert scorer(model, X, y) == pytest.approx(-masked_score(name, y["click"], p))


def test_a_score_of_bins_of_ones_own(model, X, y) -> None:
    measure = partial(expected_calibration_error, n_bins=4, strategy="quantile")
    scorer = task_scorer(
        "income", measure, response_method="predict_proba", greater_is_better=False
    )
    p = model.predict_proba(X)[0]
    assert scorer(model, X, y) == pytest.approx(-measure(y["income"], p))


def test_a_ratio_is_no_score_unless_asked_for_as_a_function(model, X, y) -> None:
    for name in ("calibration_ratio", "neg_calibration_ratio"):
        with pytest.raises(ValueError, match="calibration_ratio"):
            task_scorer("click", name)
    with pytest.raises(ValueError, match="neg_abs_log_calibration_ratio"):
        multitask_scorers(y, metrics={"click": ["calibration_ratio"]})
    reported = task_scorer("click", calibration_ratio, response_method="predict_proba")
    p = model.predict_proba(X)[3][:, 1]
    assert reported(model, X, y) == pytest.approx(calibration_ratio(y["click"], p))


def test_a_class_unknown_to_the_model_adds_the_share_it_was_not_given() -> None:
    """Two of ten rows are of a class without probability, so predicted too rarely by a fifth."""
    from sklearn_ple.metrics.labelled import score_labelled
    from sklearn_ple.metrics.metric import METRICS

    labels = np.array([0.0, 1.0] * 4 + [2.0, 2.0])
    p = np.full(10, 0.5)
    with pytest.warns(UndefinedMetricWarning):
        score = score_labelled(
            METRICS["ece"], labels, p, classes=np.array([0.0, 1.0]), allow_unseen=True
        )
    assert score == pytest.approx((0.1 + 0.1 + 0.2) / 2)
