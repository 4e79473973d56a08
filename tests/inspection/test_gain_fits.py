"""Who is fitted on what for a report: the same rows and seeds, once each, by any workers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import torch
from architecture_walk import small
from joblib import parallel_config
from planted import QUIET, TWIN, Planted, answers
from sklearn.model_selection import GroupKFold, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_ple import SharedBottomClassifierRegressor
from sklearn_ple.inspection import mtl_gain_report
from sklearn_ple.metrics import masked_score


class Sizes(tuple[float, ...]):
    """Errors that hold a function."""

    def __new__(cls, size: Callable[[], float]) -> Sizes:
        sizes = super().__new__(cls, (size(), size()))
        sizes.size = size
        return sizes

    def __deepcopy__(self, memo: dict) -> Sizes:
        return self


# Who is fitted on what


def test_both_models_of_a_pair_have_the_same_rows_and_seed_and_pairs_differ(fits) -> None:
    X, Y = answers(103)
    report = mtl_gain_report(
        {"s": Planted((2.0, 2.0))}, X, Y, single_task=TWIN, cv=3, seeds=2, **QUIET
    )
    multi = [(seed, rows) for errors, seed, rows in fits if errors == (2.0, 2.0)]
    single = [(seed, rows) for errors, seed, rows in fits if errors == (1.0, 1.0)]
    assert multi == single
    assert len(set(multi)) == 6
    assert len({rows for _, rows in multi}) == 3
    assert len({seed for seed, _ in multi}) == 6
    shown = report.pairs.drop_duplicates(["fold", "seed"])
    assert list(shown["seed"]) == [seed for seed, _ in multi]
    assert list(shown["n_train"]) == [len(rows) for _, rows in multi]
    assert (shown["n_train"] + shown["n_test"] == 103).all()


def test_scores_are_of_the_rows_held_out() -> None:
    X, Y = answers(103)
    splits = list(KFold(3).split(X))
    report = mtl_gain_report(
        {"s": Planted((2.0, 2.0))}, X, Y, single_task=TWIN, cv=splits, seeds=[17], **QUIET
    )
    for fold, (_, test) in enumerate(splits):
        model = Planted((2.0, 2.0), random_state=17).fit(X, Y)
        expected = masked_score("r2", Y.iloc[test, 1], model.predict(X.iloc[test])[:, 1])
        shown = report.pairs.query(f"fold == {fold} and task == 'task 1'")
        assert shown["multi_task"].item() == pytest.approx(expected)


def test_given_seeds_are_used_on_every_split(fits) -> None:
    X, Y = answers(103)
    mtl_gain_report({"s": Planted()}, X, Y, single_task=TWIN, cv=3, seeds=[5, 11], **QUIET)
    assert {seed for _, seed, _ in fits} == {5, 11}


def test_a_twin_that_serves_several_schemes_is_fitted_once_a_pair(fits) -> None:
    X, Y = answers(103)
    schemes = {"a": Planted((2.0, 2.0)), "b": Planted((3.0, 3.0)), "c": Planted((1.0, 1.0))}
    report = mtl_gain_report(
        schemes, X, Y, single_task={name: Planted((1.0, 1.0)) for name in schemes}, cv=3, **QUIET
    )
    assert sorted({errors: 0 for errors, _, _ in fits}) == [(1.0, 1.0), (2.0, 2.0), (3.0, 3.0)]
    assert len(fits) == 3 * 3
    assert (report.pairs.query("scheme == 'c'")["gain"] == 0).all()


def test_parameters_that_cannot_be_pickled_do_no_harm(fits) -> None:
    X, Y = answers(103)
    scheme, twin = Planted(errors=Sizes(lambda: 2.0)), Planted(errors=Sizes(lambda: 1.0))
    mtl_gain_report({"s": scheme}, X, Y, single_task=twin, cv=3, **QUIET)
    assert len(fits) == 2 * 3


def test_kinds_are_decided_once_on_all_rows() -> None:
    """Where a fold lacks the only value beyond 20, the rest would pass for classes."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(120, 3)), columns=list("abc"))
    y = pd.DataFrame({"q": rng.integers(0, 20, 120), "r": X["a"]})
    y.loc[0, "q"] = 57
    kinds: list[str] = []

    def seen(truth, predicted) -> float:
        kinds.append("class" if (predicted == np.round(predicted)).all() else "number")
        return float(np.mean(predicted))

    net = small(SharedBottomClassifierRegressor)
    piped = make_pipeline(FunctionTransformer(), small(SharedBottomClassifierRegressor))
    scoring = {"q": seen, "r": "r2"}
    mtl_gain_report(
        {"net": net, "piped": piped}, X, y, scoring=scoring, cv=KFold(3), n_bootstrap=0, **QUIET
    )
    assert kinds == ["number"] * 12  # three folds, two schemes, their two twins
    assert net.tasks == "auto"


def test_the_users_estimators_stay_as_they_were() -> None:
    X, Y = answers(103)
    scheme, twin = Planted(random_state=3), Planted((2.0, 2.0))
    mtl_gain_report({"s": scheme}, X, Y, single_task=twin, cv=3, **QUIET)
    assert (scheme.random_state, twin.random_state) == (3, None)
    assert not hasattr(scheme, "fitted_")


def test_seeds_reach_estimators_inside_pipelines(fits) -> None:
    X, Y = answers(103)
    model = make_pipeline("passthrough", Planted())
    mtl_gain_report({"s": model}, X, Y, single_task=TWIN, cv=None, seeds=[5, 11, 2], **QUIET)
    assert sorted({seed for _, seed, _ in fits}) == [2, 5, 11]


def test_the_same_random_state_gives_the_same_report() -> None:
    X, Y = answers(103)
    one, same, other = (
        mtl_gain_report(
            Planted((0.9, 1.1)), X, Y, single_task=TWIN, progress=False, random_state=state
        ).pairs
        for state in (1, 1, 2)
    )
    pd.testing.assert_frame_equal(one, same)
    assert not np.allclose(one["gain"], other["gain"])


# How rows are split


def test_folds_deal_out_labels_classes_and_gaps_evenly(fits) -> None:
    X, Y = answers(400)
    Y["task 0"] = np.where(np.arange(400) < 20, "rare", "common")
    Y.loc[np.arange(400) % 10 == 3, "task 1"] = np.nan
    with pytest.raises(AttributeError, match="predict_proba"):  # once it has been fitted
        mtl_gain_report(Planted(), X, Y, single_task=TWIN, cv=5, **QUIET)
    rows = np.array(fits[0][2])
    assert len(rows) == 320
    assert (rows < 20).sum() == pytest.approx(16, abs=1)
    assert (rows % 10 == 3).sum() == pytest.approx(32, abs=1)


def test_without_folds_one_split_holds_out_a_fifth_and_seeds_alone_differ(fits) -> None:
    X, Y = answers(205)
    report = mtl_gain_report(Planted(), X, Y, single_task=TWIN, cv=None, seeds=3, **QUIET)
    assert len({rows for _, _, rows in fits}) == 1
    assert len(fits[0][2]) == 164
    assert list(report.tasks["n_pairs"]) == [3, 3]
    assert "3 pairs of fits on one split" in repr(report)


def test_groups_are_kept_together(fits) -> None:
    X, Y = answers(103)
    groups = np.arange(103) % 7
    mtl_gain_report(Planted(), X, Y, single_task=TWIN, cv=GroupKFold(3), groups=groups, **QUIET)
    for _, _, rows in fits:
        held_out = set(range(103)) - set(rows)
        assert not {r % 7 for r in rows} & {r % 7 for r in held_out}


def test_masks_serve_as_row_numbers() -> None:
    X, Y = answers(103)
    mask = np.arange(103) % 4 == 0
    report = mtl_gain_report(
        Planted(), X, Y, single_task=TWIN, cv=[(~mask, mask)], seeds=[1, 2], **QUIET
    )
    assert set(report.pairs["n_test"]) == {26}


# Workers


def threads_in_use(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    return float(torch.get_num_threads())


def test_workers_have_one_torch_thread_each_and_a_single_worker_all_of_them() -> None:
    X, Y = answers(103)
    options = {"single_task": TWIN, "cv": 3, "scoring": threads_in_use} | QUIET
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        alone = mtl_gain_report(Planted((2.0, 2.0)), X, Y, **options)
        with parallel_config(backend="threading"):
            beside = mtl_gain_report(Planted((2.0, 2.0)), X, Y, n_jobs=2, **options)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert set(alone.pairs["multi_task"]) == {2.0}
    assert set(beside.pairs["multi_task"]) == {1.0}


@pytest.mark.parametrize("backend", ["threading", pytest.param("loky", marks=pytest.mark.slow)])
def test_any_number_of_workers_gives_the_same_report(backend) -> None:
    X, Y = answers(103)
    options = {"single_task": TWIN, "seeds": 2} | QUIET
    alone = mtl_gain_report(Planted((0.9, 1.1)), X, Y, **options)
    with parallel_config(backend=backend):
        beside = mtl_gain_report(Planted((0.9, 1.1)), X, Y, n_jobs=2, **options)
    pd.testing.assert_frame_equal(alone.pairs, beside.pairs)
    pd.testing.assert_frame_equal(alone.draws, beside.draws)


def test_the_progress_bar_counts_fits(capsys) -> None:
    X, Y = answers(103)
    mtl_gain_report({"mine": Planted((2.0, 2.0))}, X, Y, single_task=TWIN, cv=3, random_state=0)
    shown = capsys.readouterr().err
    assert "MTL gain" in shown
    assert "6/6" in shown
    mtl_gain_report(Planted((2.0, 2.0)), X, Y, single_task=TWIN, cv=3, **QUIET)
    assert capsys.readouterr().err == ""
