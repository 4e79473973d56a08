"""The report: which way is better, what comes out, and what is refused."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from planted import QUIET, TWIN, Planted, SeedlessPlanted, answers
from sklearn.metrics import mean_squared_error, median_absolute_error
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_ple import PLEEstimator, SharedBottomEstimator, SingleTaskEstimator
from sklearn_ple.inspection import MTLGainReport, mtl_gain_report
from sklearn_ple.metrics import gain_verdicts, task_scorer


def verdicts(report: MTLGainReport) -> dict[tuple[str, str], str]:
    return report.tasks.set_index(["scheme", "task"])["verdict"].to_dict()


# What it finds


@pytest.mark.parametrize("scoring", ["mse", "neg_mse", "r2", None, mean_squared_error])
def test_a_planted_help_and_a_planted_harm_are_a_seesaw_in_any_metric(scoring) -> None:
    if scoring is mean_squared_error:
        losses = [task_scorer(k, scoring, greater_is_better=False) for k in range(2)]
        scoring = {"task 0": losses[0], "task 1": losses[1]}
    X, Y = answers()
    report = mtl_gain_report(
        {"tips": Planted((0.5, 1.8)), "helps": Planted((0.5, 0.5)), "harms": Planted((2.0, 2.0))},
        X,
        Y,
        single_task=TWIN,
        scoring=scoring,
        **QUIET,
    )
    assert verdicts(report) == {
        ("tips", "task 0"): "improved",
        ("tips", "task 1"): "hurt",
        ("helps", "task 0"): "improved",
        ("helps", "task 1"): "improved",
        ("harms", "task 0"): "hurt",
        ("harms", "task 1"): "hurt",
    }
    assert report.schemes.set_index("scheme")["seesaw"].to_dict() == {
        "tips": True,
        "helps": False,
        "harms": False,
    }
    assert "tips: improved task 0; hurt task 1 - a seesaw." in repr(report)


def test_a_model_against_itself_gains_nothing_at_all() -> None:
    X, Y = answers()
    report = mtl_gain_report({"same": TWIN}, X, Y, single_task=TWIN, cv=None, seeds=5, **QUIET)
    assert (report.pairs["gain"] == 0).all()
    assert set(report.tasks["verdict"]) == {"no evidence"}
    assert not report.schemes["seesaw"].any()
    assert "no evidence that any task gains or loses" in repr(report)


def test_losses_are_told_as_losses_and_gains_as_gains() -> None:
    X, Y = answers()
    report = mtl_gain_report(
        {"better": Planted((0.5, 0.5))},
        X,
        Y,
        single_task=TWIN,
        scoring={"task 0": "neg_rmse"},
        **QUIET,
    )
    rmse, r2 = (report.tasks.iloc[k] for k in range(2))
    assert (rmse["metric"], r2["metric"]) == ("rmse", "r2")
    assert rmse["multi_task"] == pytest.approx(0.5, rel=0.1)
    assert rmse["single_task"] == pytest.approx(1, rel=0.1)
    assert rmse["gain"] == pytest.approx(rmse["single_task"] - rmse["multi_task"])
    assert r2["gain"] == pytest.approx(r2["multi_task"] - r2["single_task"])


def test_the_tables_agree_with_each_other() -> None:
    X, Y = answers()
    models = {"tips": Planted((0.9, 1.1)), "helps": Planted((0.8, 0.9))}
    report = mtl_gain_report(
        models, X, Y, single_task=TWIN, seeds=2, alpha=0.1, family="scheme", **QUIET
    )
    pairs = report.pairs
    assert len(pairs) == 2 * 5 * 2 * 2  # schemes, folds, seeds, tasks
    expected = gain_verdicts(pairs, alpha=0.1, family="scheme")
    pd.testing.assert_frame_equal(report.tasks[expected.columns], expected)
    means = pairs.groupby(["scheme", "task"], sort=False)[["multi_task", "single_task"]].mean()
    np.testing.assert_allclose(report.tasks[["multi_task", "single_task"]], means)
    counted = report.schemes[["improved", "hurt", "no_evidence"]].sum(axis=1)
    assert (counted == 2).all()
    percent = 100 * report.tasks["gain"] / report.tasks["single_task"]
    np.testing.assert_allclose(
        report.schemes["mean_gain_percent"], [percent[:2].mean(), percent[2:].mean()]
    )
    again = MTLGainReport.from_pairs(pairs, alpha=0.1, family="scheme", draws=report.draws)
    pd.testing.assert_frame_equal(again.tasks, report.tasks)
    pd.testing.assert_frame_equal(again.schemes, report.schemes)


# What is refused, before anything is fitted


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cv": None, "seeds": 1}, "Pairs of fits to judge by: 1"),
        ({"cv": None, "seeds": [3]}, "Pairs of fits to judge by: 1"),
        ({"cv": [(range(80), range(80, 103))]}, "Pairs of fits to judge by: 1"),
        ({"seeds": 0}, "Pairs of fits to judge by: 0"),
        ({"seeds": [1, 2, 1]}, "names one twice"),
        ({"cv": 1}, "cv=1 folds"),
        ({"cv": 104}, "cv=104 folds of 103 rows"),
        ({"groups": range(103)}, "GroupKFold"),
        ({"scoring": {"task 9": "r2"}}, "scoring names ['task 9']"),
        ({"scoring": {"task 0": task_scorer("task 1", "r2")}}, "a scorer of another task"),
        ({"scoring": "mape"}, "Unknown metric 'mape'"),
        ({"single_task": "mached"}, "the only word is 'matched'"),
        ({"single_task": "matched"}, "no single-task twin of Planted"),
        ({"single_task": {"other": TWIN}}, "single_task is of ['other']"),
        ({"estimators": [Planted(), Planted()]}, "give a dict"),
        ({"estimators": {}}, "estimators is empty"),
        ({"alpha": 1.0}, "alpha=1.0"),
        ({"n_bootstrap": -1}, "n_bootstrap=-1 must be 0 or more"),
        ({"family": "tasks"}, "family='tasks'"),
        ({"y": answers(99)[1]}, "inconsistent numbers of samples"),
        (
            {
                "estimators": {"s": SeedlessPlanted()},
                "single_task": SeedlessPlanted((2.0, 2.0)),
                "cv": None,
                "seeds": 5,
            },
            "pass for certainty",
        ),
    ],
)
def test_what_cannot_be_measured_is_refused_before_anything_is_fitted(
    change, message, fits
) -> None:
    X, Y = answers(103)
    arguments = {"estimators": {"s": Planted()}, "X": X, "y": Y, "single_task": TWIN} | QUIET
    with pytest.raises(ValueError, match=re.escape(message)):
        mtl_gain_report(**arguments | change)
    assert not fits


def test_schemes_that_take_a_task_for_different_kinds_need_a_metric() -> None:
    X, Y = answers(103)
    Y["task 0"] = np.arange(103) % 2
    numbers = SharedBottomEstimator(tasks={"task 0": "regression"})
    with pytest.raises(ValueError, match="say scoring={'task 0': …}"):
        mtl_gain_report({"classes": SharedBottomEstimator(), "numbers": numbers}, X, Y, **QUIET)


# With networks


@pytest.fixture
def mixed() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Categories in X; four kinds in y, each with labels missing on rows of its own."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(331, 3)), columns=["a", "b", "c"])
    signal = X["a"] - X["b"]
    X["town"] = pd.Categorical(rng.choice(["x", "y", "z"], 331))
    Y = pd.DataFrame(
        {
            "bought": np.where(signal > 0, "yes", "no"),
            "colour": np.array(["blue", "green", "red"])[np.digitize(signal, [-0.8, 0.8])],
            "euros": 3 * signal + rng.normal(size=331),
            "visits": rng.poisson(np.exp(0.5 * signal)).astype(float),
        }
    )
    return X, Y.mask(rng.random(Y.shape) < [0.1, 0.2, 0.3, 0.4])


def test_mixed_kinds_with_gaps_each_have_the_metric_of_their_kind(mixed) -> None:
    small = {"tasks": {"visits": "count"}, "max_epochs": 2, "embedding_dim": 3}
    schemes = {
        "PLE": PLEEstimator(expert_widths=(7,), **small),
        "bottom": SharedBottomEstimator(bottom_widths=(11,), **small),
        "single": SingleTaskEstimator(bottom_widths=(11,), **small),
    }
    report = mtl_gain_report(schemes, *mixed, cv=2, **QUIET)
    metrics = report.tasks.set_index(["scheme", "task"])["metric"]
    assert metrics["PLE"].to_dict() == {
        "bought": "roc_auc",
        "colour": "d2_log_loss",
        "euros": "r2",
        "visits": "d2_poisson",
    }
    assert np.isfinite(report.tasks["holm_low"]).all()
    assert (report.pairs.query("scheme == 'single'")["gain"] == 0).all()
    assert (report.pairs.query("scheme == 'PLE'")["gain"] != 0).all()
    assert report.twins["PLE"].bottom_widths == (35, 35)


def test_pipelines_and_arrays_will_do(mixed) -> None:
    X, euros = mixed[0][["a", "b", "c"]].to_numpy(), mixed[1]["euros"].to_numpy()
    Y = np.column_stack([euros, X[:, 2] - euros])
    model = make_pipeline(
        StandardScaler(), SharedBottomEstimator(bottom_widths=(11,), max_epochs=2, embedding_dim=3)
    )
    report = mtl_gain_report(
        model, X, Y, cv=None, seeds=2, scoring={"y0": median_absolute_error}, **QUIET
    )
    assert list(report.tasks["scheme"]) == ["Pipeline", "Pipeline"]
    assert list(report.tasks["task"]) == ["y0", "y1"]


def test_html_tells_what_the_text_tells() -> None:
    X, Y = answers()
    report = mtl_gain_report({"tips": Planted((0.5, 1.8))}, X, Y, single_task=TWIN, **QUIET)
    html = report._repr_html_()
    assert "a seesaw" in html
    assert "<table" in html
