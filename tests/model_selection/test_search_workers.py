"""Trials outlive processes: searches go on, workers share a study, dead ones are made good."""

from __future__ import annotations

import gc
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import joblib
import numpy as np
import optuna
import pandas as pd
import pytest
import torch
from architecture_walk import small
from optuna.distributions import FloatDistribution
from searched import fold_scores, people, search
from sklearn.base import clone
from sklearn.model_selection import KFold

from sklearn_ple import CGCEstimator
from sklearn_ple.model_selection import resilient_storage
from sklearn_ple.model_selection.budget import ERROR, Budget, has_ended
from sklearn_ple.model_selection.samplers import draw_samplers
from sklearn_ple.model_selection.workers import run_trials

HERE = Path(__file__).parent
RANGE = FloatDistribution(1e-3, 1e-2, log=True)


@pytest.fixture(scope="module")
def data() -> Any:
    return people()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'search.db'}"


def ended(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    return [trial for trial in study.trials if has_ended(trial)]


def test_a_search_goes_on_where_it_was_left(data: Any, url: str) -> None:
    options = {"storage": url, "study_name": "mine"}
    first = search(n_trials=2, **options).fit(*data)
    more = search(n_trials=5, **options).fit(*data)
    assert len(more.study_.trials) == 5
    np.testing.assert_array_equal(fold_scores(more)[:2], fold_scores(first))
    assert more.cv_results_["params"][:2] == first.cv_results_["params"]
    again = search(n_trials=5, **options).fit(*data)
    assert len(again.study_.trials) == 5
    assert again.best_params_ == more.best_params_


def test_a_search_that_goes_on_does_not_draw_the_same_again(data: Any, url: str) -> None:
    space = {"lr": optuna.distributions.FloatDistribution(1e-3, 1e-2)}
    options = {"storage": url, "study_name": "mine", "refit": False}
    for n_trials in (2, 4, 6):
        found = search(space=space, n_trials=n_trials, **options).fit(*data)
    assert len(set(found.cv_results_["param_lr"].tolist())) == 6


def test_a_storage_keeps_what_memory_does(data: Any, url: str) -> None:
    kept, memory = search(storage=url).fit(*data), search().fit(*data)
    assert kept.cv_results_["params"] == memory.cv_results_["params"]
    np.testing.assert_array_equal(fold_scores(kept), fold_scores(memory))
    assert clone(kept).storage == url


def test_a_pickled_search_does_without_its_database(data: Any, url: str, tmp_path: Path) -> None:
    found = search(storage=url).fit(*data)
    pickled, drawn = pickle.dumps(found), [trial.params for trial in found.study_.trials]
    (tmp_path / "search.db").unlink()
    opened = pickle.loads(pickled)
    assert [trial.params for trial in opened.study_.trials] == drawn
    assert opened.study_.best_value == found.best_score_
    np.testing.assert_array_equal(opened.predict(data[0]), found.predict(data[0]))


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"cv": 3}, "n_splits, folds"),
        ({"cv": KFold(2)}, "folds"),
        ({"scoring": "spent_r2"}, "metrics"),
        (
            {"estimator": small(CGCEstimator, max_epochs=2), "space": {"lr": [0.03]}},
            "architecture, metrics",
        ),
        ({"scoring": ["spent_r2"], "refit": "spent_r2"}, "metrics, objectives"),
        ({"scoring": {"score": "spent_r2", "b": "bought_roc_auc"}, "refit": "score"}, "metrics"),
    ],
)
def test_trials_that_can_not_be_compared_are_not_mixed(
    data: Any, url: str, changes: dict[str, Any], what: str
) -> None:
    options: dict[str, Any] = {"storage": url, "study_name": "mine", "n_trials": 1}
    search(**options).fit(*data)
    with pytest.raises(ValueError, match=f"other {what}, so"):
        search(**options | changes).fit(*data)


def test_other_features_are_not_mixed_and_another_table_of_them_goes_on(
    data: Any, url: str
) -> None:
    X, y = data
    options: dict[str, Any] = {"storage": url, "study_name": "mine"}
    search(n_trials=1, **options).fit(X, y)
    with pytest.raises(ValueError, match="other features, so"):
        search(n_trials=2, **options).fit(X.assign(age=-X["age"]), y)
    with pytest.raises(ValueError, match="other features, so"):
        search(n_trials=2, **options).fit(X.rename(columns={"age": "years"}), y)
    rebuilt = pd.DataFrame({name: X[name].copy() for name in X})
    assert len(search(n_trials=2, **options).fit(rebuilt, y).study_.trials) == 2


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ({"bottom_widths": [(4,), (8,)]}, {"bottom_widths": [(4,), (8,), (16,)]}),
        ({"lr": RANGE}, {"lr": FloatDistribution(1e-3, 1e-2)}),
        ({"lr": RANGE}, {"lr": [0.001, 0.01]}),
    ],
    ids=["a choice more", "no logarithm", "choices"],
)
def test_a_space_that_does_not_mix_is_an_error_before_the_next_trial(
    data: Any, url: str, before: dict[str, Any], now: dict[str, Any]
) -> None:
    options: dict[str, Any] = {"storage": url, "study_name": "mine"}
    search(space=before, n_trials=1, **options).fit(*data)
    with pytest.raises(ValueError, match=f"{next(iter(now))!r} was searched in"):
        search(space=now, n_trials=2, **options).fit(*data)
    assert len(optuna.load_study(study_name="mine", storage=url).trials) == 1


def test_ends_of_a_range_may_move(data: Any, url: str) -> None:
    options: dict[str, Any] = {"storage": url, "study_name": "mine"}
    search(space={"lr": RANGE}, n_trials=1, **options).fit(*data)
    wider = {"lr": FloatDistribution(1e-4, 1e-1, log=True), "dropout": [0.0, 0.1]}
    assert len(search(space=wider, n_trials=2, **options).fit(*data).study_.trials) == 2


def test_a_study_made_beforehand_may_have_trials_waiting(data: Any, url: str) -> None:
    study = optuna.create_study(storage=url, study_name="mine", direction="maximize")
    study.enqueue_trial({"lr": 0.03, "bottom_widths": "17,7"})
    found = search(storage=url, study_name="mine", n_trials=1).fit(*data)
    assert found.best_params_ == {"lr": 0.03, "bottom_widths": (17, 7)}


def threads_and_process(estimator: Any, X: Any, y: Any) -> float:
    return torch.get_num_threads() + 1000.0 * os.getpid()


@pytest.mark.slow
@pytest.mark.parametrize("stored", [False, True], ids=["in no storage", "in SQLite"])
def test_several_workers_share_a_study(data: Any, url: str, stored: bool) -> None:
    found = search(
        n_jobs=2, n_trials=7, scoring=threads_and_process, storage=url if stored else None
    ).fit(*data)
    assert len(found.cv_results_["params"]) == 7
    assert {trial.state.name for trial in ended(found.study_)} <= {"COMPLETE", "PRUNED"}
    processes, threads = np.divmod(fold_scores(found)[:, 0], 1000)
    assert len(set(processes)) == 2
    assert os.getpid() not in processes
    assert set(threads) == {max(1, joblib.cpu_count() // 2)}
    study = optuna.load_study(study_name=found.study_.study_name, storage=found.study_._storage)
    assert len(ended(study)) == 7  # it can still be read, and plotted


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_error_in_a_worker_is_raised_here(data: Any) -> None:
    def broken(estimator: Any, X: Any, y: Any) -> float:
        raise RuntimeError("no disk")

    with pytest.raises(RuntimeError, match="no disk"):
        search(n_jobs=2, scoring=broken).fit(*data)
    gc.collect()  # joblib kills its workers and leaves their pipes to whoever collects them


def kill_within_its_second_trial(url: str, marker: Path) -> None:
    """Start a worker, wait until it is in its second trial, and SIGKILL it."""
    worker = subprocess.Popen(
        [sys.executable, str(HERE / "killed_worker.py"), url, str(marker)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stderr=subprocess.PIPE,
    )
    while not marker.exists():
        if worker.poll() is not None:
            pytest.fail(f"the worker ended: {worker.stderr.read().decode()}")
        time.sleep(0.05)
    worker.send_signal(signal.SIGKILL)
    assert worker.wait() == -signal.SIGKILL
    worker.stderr.close()


def check_that_it_is_made_good(url: str, marker: Path, data: Any) -> None:
    kill_within_its_second_trial(url, marker)
    storage = resilient_storage(url, heartbeat_interval=1)
    before = optuna.load_study(study_name="shared", storage=storage).trials
    assert [trial.state.name for trial in before] == ["COMPLETE", "RUNNING"]
    found = search(storage=storage, study_name="shared", n_trials=4).fit(*data)
    trials = found.study_.trials
    assert trials[1].state.name == "FAIL"
    retried = [trial for trial in trials if trial.system_attrs.get("failed_trial") == 1]
    assert [trial.state.name for trial in retried] == ["COMPLETE"]
    assert retried[0].params == before[1].params
    assert len(ended(found.study_)) == 4, "one that died with its worker does not count"
    assert found.cv_results_["trial"].tolist() == [0, *sorted(t.number for t in trials[2:])]
    np.testing.assert_array_equal(
        fold_scores(found)[0], [fold["scores"]["score"] for fold in before[0].user_attrs["folds"]]
    )
    storage.engine.dispose()


@pytest.mark.slow
def test_a_trial_of_a_killed_worker_is_tried_again(data: Any, url: str, tmp_path: Path) -> None:
    check_that_it_is_made_good(url, tmp_path / "here", data)


@pytest.mark.slow
def test_and_so_it_is_on_postgresql(data: Any, postgresql: str, tmp_path: Path) -> None:
    check_that_it_is_made_good(postgresql, tmp_path / "here", data)


@pytest.fixture
def postgresql() -> Iterator[str]:
    """The URL of a server of our own, on a socket in a folder; skips where none is installed."""
    drivers = [name for name in ("psycopg", "psycopg2") if find_spec(name)]
    if not drivers:
        pytest.skip("needs a driver of PostgreSQL: pip install psycopg[binary]")
    initdb = find_programme("initdb")
    if initdb is None:
        pytest.skip("needs a PostgreSQL server: its programmes initdb and pg_ctl")
    run: dict[str, Any] = {"check": True, "stdout": subprocess.DEVNULL}
    with TemporaryDirectory() as home:
        if os.geteuid() == 0:  # the server does not want to be root
            run["user"] = "nobody"
            shutil.chown(home, "nobody")
        control = [initdb.with_name("pg_ctl"), "-D", f"{home}/data", "-w"]
        subprocess.run([initdb, "-D", f"{home}/data", "-A", "trust", "-U", "tester"], **run)
        options = f"-k {home} -c listen_addresses= -c fsync=off"
        subprocess.run([*control, "-l", f"{home}/log", "-o", options, "start"], **run)
        try:
            yield f"postgresql+{drivers[0]}://tester@/postgres?host={home}"
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], **run)


def find_programme(name: str) -> Path | None:
    """On the path, or where Debian puts it."""
    found = [shutil.which(name), *sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))]
    there = [Path(each) for each in found if each is not None]
    return there[-1] if there else None


def told(study: optuna.Study, state: str, **attributes: Any) -> optuna.trial.Trial:
    """A trial of a study, in a state."""
    trial = study.ask()
    for name, value in attributes.items():
        trial.set_user_attr(name, value)
    if state == "COMPLETE":
        study.tell(trial, 0.5)
    elif state != "RUNNING":
        study.tell(trial, state=optuna.trial.TrialState[state])
    return trial


def test_a_budget_counts_what_ended_for_good_and_what_runs() -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction="maximize")
    told(study, "RUNNING")  # before this search, with no heartbeat: dead
    budget = Budget(n_trials=4, timeout=None)
    told(study, "COMPLETE")
    told(study, "FAIL")  # it died with its worker
    told(study, "FAIL", **{ERROR: "it diverged"})
    assert budget.has_room(study)
    told(study, "PRUNED")
    assert budget.has_room(study)
    last = told(study, "RUNNING")
    assert not budget.has_room(study)
    assert not budget.is_surplus(last)
    assert budget.is_surplus(told(study, "RUNNING"))
    assert Budget(n_trials=None, timeout=60).has_room(study)
    assert not Budget(n_trials=None, timeout=-1).has_room(study)


def test_a_budget_waits_for_the_last_trials_of_others(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(storage=resilient_storage(url, heartbeat_interval=60))
    with pytest.warns(UserWarning, match="Heartbeat"):
        trial = told(study, "RUNNING")
    naps: list[float] = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 2:
            study.tell(trial, 0.5)

    monkeypatch.setattr("sklearn_ple.model_selection.budget.time.sleep", nap)
    assert not Budget(n_trials=1, timeout=None).has_room(study)
    assert len(naps) == 2


def test_workers_draw_different_parameters() -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    for given in (None, optuna.samplers.RandomSampler(seed=1)):
        samplers = draw_samplers(given, 3, n_before=0, random_state=np.random.RandomState(0))
        drawn = []
        for sampler in samplers:
            study = optuna.create_study(sampler=sampler)
            drawn.append(study.ask().suggest_float("x", 0, 1))
        assert len(set(drawn)) == 3


def test_a_queued_trial_that_two_workers_took_is_no_error() -> None:
    study = optuna.create_study(direction="maximize")
    study.enqueue_trial({"lr": 0.25})

    def objective(trial: optuna.Trial) -> float:
        if trial.number == 0:  # the other worker, which was faster
            study.tell(trial.number, 0.75)
        return trial.suggest_float("lr", 0.1, 0.4)

    run_trials(
        study,
        objective,
        Budget(3, None),
        samplers=[optuna.samplers.RandomSampler(seed=0)],
        callbacks=[],
        verbose=0,
    )
    assert [trial.state.name for trial in study.trials] == ["COMPLETE"] * 3
    assert study.trials[0].value == 0.75
