"""The interval over rows: what other test rows would make of the models that were fitted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from planted import QUIET, TWIN, Planted, SeedlessPlanted, answers
from sklearn.model_selection import KFold, LeaveOneOut, RepeatedKFold

from sklearn_ple import PLEEstimator
from sklearn_ple.inspection import MTLGainReport, mtl_gain_report

N = 203
SPLIT = [(range(80), range(80, N))]
ROWS = ["rows_low", "rows_high"]


class OwnErrors(Planted):
    """Each row has its own error, whatever rows are predicted along with it, and each seed."""

    def predict(self, X: Any) -> np.ndarray:
        X = np.asarray(X)
        seed = 0 if self.random_state is None else self.random_state
        noise = np.random.default_rng(seed).normal(size=(N, 2))[X[:, -1].astype(int)]
        return X[:, :2] + noise * self.errors


class OwnErrorsAtAnySeed(SeedlessPlanted, OwnErrors):
    """The same error at every seed."""


def report_of(multi: Planted, single: Planted, **options: Any) -> MTLGainReport:
    X, Y = answers(N)
    options = {"scoring": "mse", "n_bootstrap": 1500, "single_task": single} | QUIET | options
    return mtl_gain_report({"s": multi}, X, Y, **options)


def row_gains(multi: Planted, single: Planted) -> np.ndarray:
    """By how much each row's squared error is smaller, shape (N, 2)."""
    X, Y = answers(N)
    errors = [(model.predict(X) - Y.to_numpy()) ** 2 for model in (multi, single)]
    return errors[1] - errors[0]


def half_width(report: MTLGainReport) -> np.ndarray:
    return (report.tasks["rows_high"] - report.tasks["rows_low"]).to_numpy() / 2


# How wide


@pytest.mark.parametrize("seeds", [[1, 2], [1, 2, 3, 5, 8, 13, 21]])
def test_on_one_split_it_is_that_of_the_mean_over_seeds_on_the_same_rows(seeds) -> None:
    report = report_of(OwnErrors((0.9, 1.2)), OwnErrors((1.0, 1.0)), cv=SPLIT, seeds=seeds)
    gains = [
        row_gains(*(OwnErrors(errors, seed) for errors in [(0.9, 1.2), (1.0, 1.0)]))[80:]
        for seed in seeds
    ]
    error = np.mean(gains, axis=0).std(axis=0) / np.sqrt(N - 80)
    np.testing.assert_allclose(half_width(report), 1.96 * error, rtol=0.15)
    middle = report.tasks[ROWS].mean(axis=1)
    assert (np.abs(middle - report.tasks["gain"]) < 0.3 * half_width(report)).all()


def test_seeds_that_change_nothing_do_not_narrow_it_and_folds_do() -> None:
    models = OwnErrorsAtAnySeed((0.9, 1.2)), OwnErrorsAtAnySeed()
    gains = row_gains(*models)
    one_fold = report_of(*models, cv=[*SPLIT, (range(80, N), range(80))], seeds=3)
    split = one_fold.pairs["fold"] == 0
    first = MTLGainReport.from_pairs(
        one_fold.pairs[split].assign(gain=one_fold.pairs["gain"]), draws=one_fold.draws[split]
    )
    part = gains[80:].std(axis=0) / np.sqrt(N - 80)
    other = gains[:80].std(axis=0) / np.sqrt(80)
    np.testing.assert_allclose(half_width(first), 1.96 * part, rtol=0.15)
    both = np.sqrt(part**2 + other**2) / 2
    np.testing.assert_allclose(half_width(one_fold), 1.96 * both, rtol=0.15)


def test_rows_that_several_splits_are_judged_by_count_once() -> None:
    """Folds repeated thrice know no more rows than folds."""
    models = OwnErrorsAtAnySeed((0.9, 1.2)), OwnErrorsAtAnySeed()
    repeated = RepeatedKFold(n_splits=4, n_repeats=3, random_state=0)
    expected = 1.96 * row_gains(*models).std(axis=0) / np.sqrt(N)
    for cv in (KFold(4), repeated):
        np.testing.assert_allclose(half_width(report_of(*models, cv=cv)), expected, rtol=0.15)


def test_a_planted_difference_is_clear_of_zero_in_rows_too() -> None:
    report = report_of(OwnErrors((0.5, 2.0)), OwnErrors((1.0, 1.0)), cv=SPLIT, seeds=5)
    better, worse = (report.tasks.iloc[k] for k in range(2))
    assert better["rows_low"] > 0
    assert worse["rows_high"] < 0
    assert list(report.tasks["verdict"]) == ["improved", "hurt"]
    assert "Other test rows" not in repr(report)


def test_a_model_against_itself_has_an_interval_of_exactly_zero() -> None:
    report = report_of(TWIN, Planted((1.0, 1.0)), scoring=None, n_bootstrap=50)
    assert (report.tasks[ROWS] == 0).all(axis=None)
    assert (report.draws == 0).all(axis=None)


def test_a_verdict_of_training_alone_is_told_as_such() -> None:
    """Seeds agree on a gain of a tenth, but draws of rows scatter by more than that."""
    rng = np.random.default_rng(0)
    pairs = pd.DataFrame({"scheme": "s", "task": ["clear", "doubtful"] * 5, "metric": "r2"})
    pairs = pairs.assign(fold=0, seed=np.arange(10) // 2, multi_task=0.5, single_task=0.4)
    pairs["gain"] = 0.1 + 0.003 * rng.normal(size=10)
    spread = np.where(pairs["task"] == "clear", 0.01, 0.2)
    draws = pairs["gain"].to_numpy()[:, None] + np.outer(spread, rng.normal(size=300))
    report = MTLGainReport.from_pairs(pairs, draws=pd.DataFrame(draws))
    assert list(report.tasks["verdict"]) == ["improved", "improved"]
    told = repr(report).splitlines()[-1]
    assert told == "s: improved clear, doubtful. Other test rows might not show it: doubtful."


# The same draws


@pytest.mark.parametrize("cv", [3, SPLIT])
def test_the_same_random_state_draws_the_same_rows_for_schemes_judged_apart(cv) -> None:
    options = {"cv": cv, "seeds": 2, "n_bootstrap": 60}
    a, b = Planted((0.9, 1.2)), Planted((1.5, 0.8))
    X, Y = answers(N)
    together = mtl_gain_report({"a": a, "b": b}, X, Y, single_task=TWIN, **options, **QUIET)
    apart = [report_of(model, TWIN, scoring=None, **options).draws for model in (a, b)]
    np.testing.assert_array_equal(together.draws, pd.concat(apart))
    other = report_of(a, TWIN, scoring=None, **options | {"random_state": 1})
    assert not np.isclose(other.draws, apart[0]).any()


def test_without_draws_the_pairs_are_the_same_and_no_column_is_of_rows() -> None:
    with_draws, without = (report_of(Planted((0.9, 1.2)), TWIN, n_bootstrap=n) for n in (20, 0))
    pd.testing.assert_frame_equal(with_draws.pairs, without.pairs)
    assert without.draws is None
    gained = set(with_draws.tasks) - set(without.tasks)
    assert gained == {"rows_low", "rows_high", "n_draws"}
    assert "rows" not in repr(without).replace("on these very rows", "")


def test_each_model_predicts_once_a_fit() -> None:
    asked: list[int] = []

    class Asked(Planted):
        def predict(self, X: Any) -> np.ndarray:
            asked.append(len(X))
            return super().predict(X)

    report_of(Asked((0.9, 1.2)), Asked(), cv=3, scoring={"task 0": "r2", "task 1": "mae"})
    assert sum(asked) == 2 * N
    assert len(asked) == 2 * 3


# Metrics that are not always defined


def test_draws_that_leave_a_metric_undefined_are_left_out_and_counted() -> None:
    """Two positive rows among 41: one draw in seven or so misses both."""
    X, Y = answers(N)
    Y["task 0"] = np.isin(np.arange(N), [3, 5, *range(41, N, 3)]).astype(float)

    class Scores(Planted):
        def predict_proba(self, X: Any) -> list[np.ndarray]:
            p = 1 / (1 + np.exp(-self.predict(X)))
            return [np.column_stack([1 - column, column]) for column in p.T]

    cv = [(range(41, N), range(41)), (range(41), range(41, N))]
    report = mtl_gain_report(
        Scores((0.9, 1.2)),
        X,
        Y,
        single_task=Scores(),
        cv=cv,
        scoring={"task 0": "roc_auc", "task 1": "r2"},
        **QUIET,
    )
    missed = 1 - report.tasks["n_draws"] / 500
    assert missed[0] == pytest.approx((1 - 2 / N) ** N, abs=5 * np.sqrt(0.12 / 500))
    assert missed[1] == 0
    assert np.isfinite(report.tasks[ROWS]).all(axis=None)


def test_pairs_without_a_gain_are_left_out_as_they_are_for_the_verdict() -> None:
    report = report_of(Planted((0.9, 1.2)), TWIN, cv=3, seeds=2, n_bootstrap=40)
    gone = (report.pairs["fold"] == 1) & (report.pairs["task"] == "task 0")
    pairs = report.pairs.assign(gain=report.pairs["gain"].mask(gone))
    draws = report.draws.where(~gone, np.nan)
    fewer = MTLGainReport.from_pairs(pairs, draws=draws).tasks
    left = draws[~gone & (pairs["task"] == "task 0")].mean()
    assert fewer["rows_low"][0] == pytest.approx(np.quantile(left, 0.025))
    assert fewer["n_draws"].tolist() == [40, 40]
    assert fewer.loc[1, ROWS].tolist() == report.tasks.loc[1, ROWS].tolist()
    none = MTLGainReport.from_pairs(
        pairs.assign(gain=pairs["gain"].mask(pairs["task"] == "task 0")), draws=draws
    ).tasks
    assert none.loc[0, ROWS].isna().all()
    assert none["n_draws"].tolist() == [0, 40]


def test_folds_of_one_row_have_no_interval_rather_than_a_point() -> None:
    """Nearly every draw leaves some fold without a row."""
    X, Y = answers(11)
    report = mtl_gain_report(
        Planted((0.9, 1.2)), X, Y, single_task=TWIN, cv=LeaveOneOut(), scoring="mse", **QUIET
    )
    assert report.tasks["n_draws"].tolist() == [0, 0]
    assert report.tasks[ROWS].isna().all(axis=None)


# What is told


def test_the_report_says_what_each_interval_covers() -> None:
    one = repr(report_of(Planted((0.5, 1.8)), TWIN, cv=SPLIT, seeds=3, n_bootstrap=30))
    folds = repr(report_of(Planted((0.5, 1.8)), TWIN, cv=3, n_bootstrap=30))
    assert "holm_low to holm_high: chance of training (other seeds, on these very rows)." in one
    assert "holm_low to holm_high: chance of training (other seeds and splits)." in folds
    for told in (one, folds):
        assert "rows_low to rows_high: chance of the test rows" in told
        assert "30 draws" in told
        assert "a seesaw." in told


def test_draws_of_other_pairs_are_refused() -> None:
    report = report_of(Planted((0.9, 1.2)), TWIN, cv=3, n_bootstrap=10)
    with pytest.raises(ValueError, match="draws must have the index of pairs: it has 5 rows"):
        MTLGainReport.from_pairs(report.pairs, draws=report.draws[:5])


def test_networks_have_intervals_of_every_kind_of_task_and_of_deviance_explained() -> None:
    X, Y = answers(N)
    Y["task 0"] = np.where(Y["task 0"] > 0, "yes", "no")
    Y["task 1"] = Y["task 1"].where(np.arange(N) % 3 > 0)
    net = PLEEstimator(expert_widths=(7,), max_epochs=2, embedding_dim=3)
    for scoring in (None, "d2"):
        report = mtl_gain_report(net, X, Y, cv=2, scoring=scoring, n_bootstrap=40, **QUIET)
        assert (report.tasks["rows_low"] < report.tasks["rows_high"]).all()
        assert (report.tasks["n_draws"] == 40).all()
        middle = report.draws.mean(axis=1)
        spread = report.draws.std(axis=1)
        assert (np.abs(middle - report.pairs["gain"]) < 2 * spread).all()
