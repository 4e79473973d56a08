"""What a search maximises: one metric, one of several, or several at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from searched import fold_scores, net, people, search
from sklearn.model_selection import KFold, cross_validate

from sklearn_ple import SharedBottomClassifier, multitask_scorers, task_scorer
from sklearn_ple.metrics.pareto import on_front
from sklearn_ple.model_selection import MultiTaskSearchCV

FOLDS = KFold(2, shuffle=True, random_state=3)
TWO = ["bought_roc_auc", "spent_r2"]


def least_spread(results: dict[str, Any]) -> int:
    return int(np.argmin(results["std_test_spent_r2"]))


@pytest.fixture(scope="module")
def data() -> Any:
    return people()


@pytest.fixture(scope="module")
def several(data: Any) -> MultiTaskSearchCV:
    return search(cv=FOLDS, scoring=TWO, refit=least_spread, n_trials=5).fit(*data)


@pytest.mark.parametrize(
    ("scoring", "same"),
    [
        ("deviance_explained", None),
        ("bought_roc_auc", task_scorer("bought", "roc_auc")),
        ("spent_neg_rmse", task_scorer("spent", "rmse")),
        ("shade_d2_log_loss", task_scorer("shade", "d2_log_loss")),
        ("shade_d2", task_scorer("shade", "d2")),
        ("spent_log_loss_r2", task_scorer("spent_log_loss", "r2")),
    ],
)
def test_a_metric_by_name(data: Any, scoring: str, same: Any) -> None:
    X, y = data
    y = y.rename(columns={"spent": "spent_log_loss"}) if "_log_loss_" in scoring else y
    by_name = search(scoring=scoring, n_trials=1).fit(X, y)
    by_hand = search(scoring=same, n_trials=1).fit(X, y)
    assert fold_scores(by_name).tolist() == fold_scores(by_hand).tolist()


def test_several_metrics_and_the_name_of_one_maximise_that_one(data: Any) -> None:
    scorers = multitask_scorers(data[1])
    found = search(cv=FOLDS, scoring=scorers, refit="spent_r2").fit(*data)
    alone = search(cv=FOLDS, scoring=scorers["spent_r2"]).fit(*data)
    assert len(found.study_.directions) == 1
    assert found.cv_results_["params"] == alone.cv_results_["params"]
    assert found.best_params_ == alone.best_params_
    assert found.best_score_ == alone.best_score_
    assert found.score(*data) == scorers["spent_r2"](found.best_estimator_, *data)
    expected = cross_validate(
        net().set_params(**found.best_params_), *data, cv=FOLDS, scoring=scorers
    )
    for name in scorers:
        seen = fold_scores(found, name)[found.best_index_]
        np.testing.assert_array_equal(seen, expected[f"test_{name}"])


def test_several_objectives_are_all_maximised(several: MultiTaskSearchCV, data: Any) -> None:
    assert [each.name for each in several.study_.directions] == ["MAXIMIZE"] * 2
    for trial, mean in zip(
        several.study_.trials,
        zip(*(fold_scores(several, m).mean(1) for m in TWO), strict=True),
        strict=True,
    ):
        assert trial.values == pytest.approx(mean)
    assert several.multimetric_
    assert list(several.scorer_) == TWO


def test_a_function_chooses_among_several(several: MultiTaskSearchCV, data: Any) -> None:
    assert several.best_index_ == least_spread(several.cv_results_)
    assert not hasattr(several, "best_score_")
    expected = net().set_params(**several.best_params_).fit(*data)
    np.testing.assert_array_equal(several.predict(data[0]), expected.predict(data[0]))
    with pytest.raises(ValueError, match="no single score"):
        several.score(*data)


@pytest.mark.parametrize(("row", "error"), [(1.5, TypeError), (17, IndexError), (-1, IndexError)])
def test_a_function_must_choose_a_row(data: Any, row: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="refit gave"):
        search(refit=lambda results: row, n_trials=1).fit(*data)


def test_several_objectives_without_a_choice(data: Any) -> None:
    found = search(scoring=TWO, refit=False, n_trials=2).fit(*data)
    assert len(found.study_.directions) == 2
    assert not hasattr(found, "best_params_")
    assert not hasattr(found, "best_index_")
    assert 1 <= len(found.pareto_frame()) <= 2


def test_the_front_is_what_optuna_says(several: MultiTaskSearchCV) -> None:
    frame = several.pareto_frame()
    assert set(frame.index) == {trial.number for trial in several.study_.best_trials}
    assert frame["on_front"].all()
    assert frame["bought_roc_auc"].is_monotonic_decreasing
    whole = several.pareto_frame(only_front=False)
    assert len(whole) == 5
    assert whole[whole["on_front"]].equals(frame)
    for trial, row in whole.iterrows():
        (place,) = np.flatnonzero(several.cv_results_["trial"] == trial)
        assert row["spent_r2"] == several.cv_results_["mean_test_spent_r2"][place]
        assert row["param_bottom_widths"] == several.cv_results_["params"][place]["bottom_widths"]


def test_trials_that_ended_early_are_not_between_what_there_is_to_choose(data: Any) -> None:
    found = search(space={"lr": [1e-4, 0.03]}, scoring=TWO, refit="spent_r2", n_trials=11).fit(
        *data
    )
    frame = found.pareto_frame(only_front=False)
    complete = found.cv_results_["state"] == "COMPLETE"
    assert sorted(frame.index) == sorted(found.cv_results_["trial"][complete])


def dominated(scores: np.ndarray, i: int) -> bool:
    """By definition, one pair of rows after the other."""
    return any(
        all(a >= b for a, b in zip(other, scores[i], strict=True))
        and any(a > b for a, b in zip(other, scores[i], strict=True))
        for other in scores
    )


@pytest.mark.parametrize("n_metrics", [1, 2, 3, 5])
def test_the_front_by_definition(n_metrics: int) -> None:
    scores = np.random.default_rng(n_metrics).integers(0, 4, size=(23, n_metrics)).astype(float)
    assert on_front(scores).tolist() == [not dominated(scores, i) for i in range(23)]


def test_what_was_not_scored_is_not_on_the_front() -> None:
    scores = np.array([[1.0, 2.0], [9.0, np.nan], [0.0, 3.0], [0.5, 1.0]])
    assert on_front(scores).tolist() == [True, False, True, False]
    assert not on_front(np.full((3, 2), np.nan)).any()


def test_a_single_target_and_a_builtin_scorer(data: Any) -> None:
    X, y = data
    labelled = y["bought"].notna()
    X, y = X[labelled], y.loc[labelled, "bought"]
    estimator = SharedBottomClassifier(bottom_widths=(13,), max_epochs=2, random_state=0)
    found = search(estimator, {"lr": [0.01, 0.02]}, scoring="roc_auc", n_trials=2).fit(X, y)
    assert found.predict(X).shape == (len(X),)
    assert found.score(X, y) == pytest.approx(task_scorer(0, "roc_auc")(found, X, y))
