"""Hopeless trials end within a fit, at the right epoch, and leave nothing behind."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.pruners import BasePruner, MedianPruner, NopPruner, ThresholdPruner
from searched import net, people, search, stopping_net
from sklearn.base import clone
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_ple import task_scorer
from sklearn_ple.model_selection import optuna_objective
from sklearn_ple.model_selection.pruning import TrialReports, default_pruner
from sklearn_ple.training import EpochReport

FOLDS = KFold(2, shuffle=True, random_state=3)
GOOD_AND_BAD = {"lr": [0.03, 1e-6]}


class AtStep(BasePruner):
    """Ends every trial but the first, at a step."""

    def __init__(self, step: int) -> None:
        self.step = step

    def prune(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> bool:
        return trial.number > 0 and trial.last_step >= self.step


@pytest.fixture(scope="module")
def data() -> Any:
    return people()


def steps(trial: optuna.trial.FrozenTrial) -> list[int]:
    return sorted(trial.intermediate_values)


def test_every_epoch_of_every_fold_is_reported(data: Any) -> None:
    found = search(stopping_net(patience=None), cv=FOLDS, pruner=NopPruner()).fit(*data)
    for trial in found.study_.trials:
        assert steps(trial) == list(range(1, 9))  # four epochs, two folds
    assert found.cv_results_["n_epochs"].tolist() == [8, 8, 8]


def test_a_value_is_the_mean_over_folds_of_the_best_score_so_far(data: Any) -> None:
    X, y = data
    found = search(stopping_net(patience=None), cv=FOLDS, pruner=NopPruner(), n_trials=1).fit(X, y)
    histories = []
    for train, _ in FOLDS.split(X):
        model = stopping_net(patience=None).set_params(**found.best_params_)
        histories.append(model.fit(X.iloc[train], y.iloc[train]).history_["score"])
    first, second = (np.maximum.accumulate(each) for each in histories)
    expected = [*first, *((first[3] + second) / 2)]
    values = found.study_.trials[0].intermediate_values
    np.testing.assert_allclose([values[step] for step in range(1, 9)], expected)


@pytest.mark.parametrize("scoring", ["spent_r2", task_scorer(1, "r2")], ids=["name", "number"])
def test_with_a_single_task_to_score_that_task_is_reported(data: Any, scoring: Any) -> None:
    X, y = data
    found = search(stopping_net(), cv=FOLDS, pruner=NopPruner(), n_trials=1, scoring=scoring).fit(
        X, y
    )
    train, _ = next(FOLDS.split(X))
    model = stopping_net().set_params(**found.best_params_).fit(X.iloc[train], y.iloc[train])
    values = found.study_.trials[0].intermediate_values
    assert values[1] == pytest.approx(model.history_["score/spent"][0])


@pytest.mark.parametrize("step", [1, 3, 6])
def test_a_trial_ends_at_the_epoch_where_the_pruner_says_so(data: Any, step: int) -> None:
    found = search(stopping_net(patience=None), cv=FOLDS, pruner=AtStep(step)).fit(*data)
    assert found.cv_results_["state"].tolist() == ["COMPLETE", "PRUNED", "PRUNED"]
    assert found.cv_results_["n_epochs"].tolist() == [8, step, step]
    assert np.isnan(found.cv_results_["split1_test_score"][1:]).all()
    assert (np.isnan(found.cv_results_["split0_test_score"][1:]) == (step < 4)).all()
    assert found.best_index_ == 0


def test_a_pipeline_is_pruned_within_its_last_step(data: Any) -> None:
    pipeline = make_pipeline(FunctionTransformer(), stopping_net())
    found = search(pipeline, cv=FOLDS, pruner=AtStep(2)).fit(*data)
    assert found.cv_results_["n_epochs"].tolist() == [8, 2, 2]


def test_without_held_out_rows_folds_report_their_scores(data: Any) -> None:
    found = search(net(early_stopping=False), cv=FOLDS, pruner=NopPruner(), n_trials=1).fit(*data)
    scores = [found.cv_results_[f"split{k}_test_score"][0] for k in range(2)]
    values = found.study_.trials[0].intermediate_values
    assert values == pytest.approx({2: scores[0], 4: np.mean(scores)})


def test_a_clearly_worse_trial_is_pruned_by_the_default(data: Any) -> None:
    found = search(stopping_net(max_epochs=6), GOOD_AND_BAD, n_trials=16).fit(*data)
    pruned = found.cv_results_["state"] == "PRUNED"
    assert pruned.any()
    assert set(found.cv_results_["param_lr"][pruned]) == {1e-6}
    assert not pruned[:5].any()


@pytest.mark.parametrize(("max_epochs", "warm_up"), [(4, 0), (19, 3), (150, 5)])
def test_the_default_leaves_first_epochs_alone(max_epochs: int, warm_up: int) -> None:
    pruner = default_pruner(max_epochs)
    assert isinstance(pruner, MedianPruner)
    assert pruner._n_warmup_steps == warm_up


def test_several_objectives_are_not_pruned(data: Any) -> None:
    found = search(
        stopping_net(),
        scoring=["bought_roc_auc", "spent_r2"],
        refit=False,
        pruner=ThresholdPruner(lower=10.0),
    ).fit(*data)
    assert set(found.cv_results_["state"]) == {"COMPLETE"}


def test_users_callbacks_are_kept_beside_the_hook(data: Any) -> None:
    heard: list[int] = []
    hook = EpochReport(lambda epoch, score: heard.append(epoch))
    estimator = stopping_net(callbacks=[hook], patience=None)
    search(estimator, cv=FOLDS, pruner=AtStep(2), n_trials=2, refit=False).fit(*data)
    assert heard == [1, 2, 3, 4, 1, 2, 3, 4, 1, 2]
    assert estimator.callbacks == [hook]


def test_the_hook_is_one_object_in_every_copy() -> None:
    hook = EpochReport(print)
    assert clone(hook) is hook
    assert clone(stopping_net(callbacks=[hook])).callbacks[0] is hook


def test_the_refitted_estimator_reports_to_nobody(data: Any) -> None:
    found = search(stopping_net(), n_trials=1).fit(*data)
    assert found.best_estimator_.callbacks is None


def test_a_pruned_trial_releases_its_network(data: Any) -> None:
    """At once, without waiting for the collector of cycles."""
    networks: list[weakref.ref] = []
    objective = optuna_objective(
        stopping_net(callbacks=[Keeper(networks)]), *data, space={"lr": [0.01]}, cv=FOLDS
    )
    study = optuna.create_study(direction="maximize", pruner=AtStep(1))
    gc.collect()
    gc.disable()
    try:
        study.optimize(objective, n_trials=3)
        alive = [network for network in networks if network() is not None]
    finally:
        gc.enable()
    assert len(networks) == 4  # two of the first trial, one of each pruned one
    assert not alive


class Keeper(EpochReport):
    """Remembers, weakly, every network it is called from."""

    def __init__(self, networks: list[weakref.ref]) -> None:
        super().__init__(lambda epoch, score: None)
        self.networks = networks

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:
        self.networks.append(weakref.ref(net.plain_module))


class Recorder:
    """A trial that writes down what it is told, and never ends."""

    def __init__(self) -> None:
        self.told: dict[int, float] = {}

    def report(self, value: float, step: int) -> None:
        assert step not in self.told
        self.told[step] = value

    def should_prune(self) -> bool:
        return False


def test_steps_mean_the_same_however_early_fits_stop() -> None:
    trial = Recorder()
    reports = TrialReports(trial, n_folds=3, max_epochs=10)
    for scores, of_test in [((0.1, 0.3, 0.2), 9.0), ((0.5,), 9.0), ((), 0.7)]:
        for epoch, score in enumerate(scores, start=1):
            reports.epoch(epoch, score)
        reports.fold(of_test)
    assert trial.told == pytest.approx(
        {1: 0.1, 2: 0.3, 3: 0.3, 10: 0.3, 11: 0.4, 20: 0.4, 30: (0.3 + 0.5 + 0.7) / 3}
    )
    assert reports.n_epochs == 4


def test_a_fold_of_full_length_reports_its_end_once() -> None:
    trial = Recorder()
    reports = TrialReports(trial, n_folds=1, max_epochs=2)
    reports.epoch(1, 0.2)
    reports.epoch(2, 0.4)
    reports.fold(9.0)
    assert trial.told == {1: 0.2, 2: 0.4}
