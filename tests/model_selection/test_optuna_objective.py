"""An objective for a study of one's own: what it draws, returns, reports and leaves behind."""

from __future__ import annotations

import gc
import pickle
import weakref
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.trial import FixedTrial
from searched import SPACE, net, people, search, stopping_net
from sklearn.model_selection import KFold, cross_val_score, cross_validate

from sklearn_ple import task_scorer
from sklearn_ple.base.fit.encoding import EncodingMemory
from sklearn_ple.features import FeatureTable
from sklearn_ple.model_selection import optuna_objective

FOLDS = KFold(2, shuffle=True, random_state=3)
PARAMS = {"lr": 0.01, "bottom_widths": "17,7"}


@pytest.fixture(autouse=True)
def quiet_optuna() -> Any:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    yield
    optuna.logging.set_verbosity(optuna.logging.INFO)


@pytest.fixture(scope="module")
def data() -> Any:
    return people()


def test_its_value_is_the_mean_cross_validated_score(data: Any) -> None:
    objective = optuna_objective(net(), *data, space=SPACE, cv=FOLDS)
    estimator = net(lr=0.01, bottom_widths=(17, 7))
    expected = cross_val_score(estimator, *data, cv=FOLDS).mean()
    assert objective(FixedTrial(PARAMS)) == pytest.approx(expected, rel=1e-12)


def test_several_metrics_are_several_values(data: Any) -> None:
    metrics = ["bought_roc_auc", "spent_r2"]
    objective = optuna_objective(net(), *data, space=SPACE, cv=FOLDS, scoring=metrics)
    study = optuna.create_study(directions=["maximize"] * 2)
    study.enqueue_trial(PARAMS)
    study.optimize(objective, n_trials=1)
    expected = cross_validate(
        objective.make(PARAMS),
        *data,
        cv=FOLDS,
        scoring={"a": task_scorer("bought", "roc_auc"), "b": task_scorer("spent", "r2")},
    )
    means = [expected["test_a"].mean(), expected["test_b"].mean()]
    assert study.trials[0].values == pytest.approx(means, rel=1e-12)


def test_it_makes_the_estimator_of_a_trial(data: Any) -> None:
    objective = optuna_objective(net(), *data, space=SPACE, cv=FOLDS)
    model = objective.make(PARAMS)
    assert (model.lr, model.bottom_widths) == (0.01, (17, 7))
    assert {name: task.kind for name, task in model.tasks.items()} == {
        "bought": "binary",
        "spent": "regression",
        "shade": "multiclass",
    }
    assert not hasattr(model, "net_")
    assert model.callbacks is None


@pytest.mark.parametrize("directions", [["minimize"], ["maximize", "maximize"]])
def test_a_study_must_maximise_as_many_values(data: Any, directions: list[str]) -> None:
    objective = optuna_objective(net(), *data, space=SPACE, cv=FOLDS)
    study = optuna.create_study(directions=directions)
    with pytest.raises(ValueError, match="directions=\\['maximize'\\]"):
        study.optimize(objective, n_trials=1)


def test_a_study_prunes_within_a_fit(data: Any) -> None:
    objective = optuna_objective(stopping_net(), *data, space={"lr": [0.03]}, cv=FOLDS)
    study = optuna.create_study(
        direction="maximize", pruner=optuna.pruners.ThresholdPruner(lower=1.0, n_warmup_steps=3)
    )
    study.optimize(objective, n_trials=1)
    (trial,) = study.trials
    assert trial.state.name == "PRUNED"
    assert sorted(trial.intermediate_values) == [1, 2, 3]
    assert objective.max_epochs == 4


@pytest.mark.parametrize(
    ("estimator", "space", "most"),
    [
        (net(max_epochs=17), {"lr": [0.1]}, 17),
        (net(), {"max_epochs": [3, 11]}, 11),
        (net(), {"max_epochs": optuna.distributions.IntDistribution(2, 19)}, 19),
        (net(max_epochs="auto"), {"lr": [0.1]}, 40),  # on fewer than 400 rows
        (net(), {"max_epochs": "auto"}, 40),
        (net(), {"max_epochs": ["auto", 7]}, 40),
        (net(), {"max_epochs": ["auto", 70]}, 70),
    ],
)
def test_a_fold_has_as_many_steps_as_epochs_at_most(
    data: Any, estimator: Any, space: dict[str, Any], most: int
) -> None:
    assert optuna_objective(estimator, *data, space=space, cv=2).max_epochs == most


def test_trials_encode_a_fold_once(data: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are, in however many threads; and once for each other encoding."""
    learned: list[int] = []
    fit = FeatureTable.fit.__func__

    def counted(cls: Any, columns: Any, *args: Any, **kwargs: Any) -> FeatureTable:
        learned.append(columns.n_rows)
        return fit(cls, columns, *args, **kwargs)

    monkeypatch.setattr(FeatureTable, "fit", classmethod(counted))
    space = SPACE | {"numeric_encoding": ["standard"]}
    objective = optuna_objective(net(), *data, space=space, cv=FOLDS)
    study = optuna.create_study(direction="maximize")
    study.optimize(objective, n_trials=5)
    assert len(learned) == 2
    study.optimize(objective, n_trials=4, n_jobs=3)
    assert len(learned) == 2
    space["numeric_encoding"] = ["standard", "quantile"]
    both = optuna_objective(net(), *data, space=space, cv=FOLDS)
    again = optuna.create_study(direction="maximize")
    for encoding in ("quantile", "standard", "quantile"):
        again.enqueue_trial({"numeric_encoding": encoding})
    again.optimize(both, n_trials=3)
    assert len(learned) == 6


def test_threads_get_the_scores_of_one(data: Any) -> None:
    objective = optuna_objective(net(), *data, space=SPACE, cv=FOLDS)
    study = optuna.create_study(direction="maximize", pruner=optuna.pruners.NopPruner())
    study.optimize(objective, n_trials=6, n_jobs=3)
    for trial in study.trials:
        assert objective(FixedTrial(trial.params)) == trial.value


def test_weights_and_groups(data: Any) -> None:
    X, y = data
    weight = np.random.default_rng(2).uniform(0.1, 3, size=len(X))
    folds = [(np.arange(0, 75), np.arange(75, 150)), (np.arange(75, 150), np.arange(0, 75))]
    objective = optuna_objective(net(), X, y, space=SPACE, cv=folds, sample_weight=weight)
    expected = []
    for train, test in folds:
        model = objective.make(PARAMS).fit(X.iloc[train], y.iloc[train], weight[train])
        expected.append(model.score(X.iloc[test], y.iloc[test], weight[test]))
    assert objective(FixedTrial(PARAMS)) == pytest.approx(np.mean(expected), rel=1e-12)


def test_it_travels_to_other_processes(data: Any) -> None:
    objective = optuna_objective(net(), *data, space=SPACE, cv=FOLDS)
    value = objective(FixedTrial(PARAMS))
    assert pickle.loads(pickle.dumps(objective))(FixedTrial(PARAMS)) == value


def test_a_search_and_an_objective_agree(data: Any) -> None:
    found = search(cv=FOLDS, n_trials=2).fit(*data)
    objective = optuna_objective(net(), *data, space=SPACE, cv=FOLDS)
    for trial in found.study_.trials:
        assert objective(FixedTrial(trial.params)) == trial.value


def test_what_a_search_encoded_is_gone_with_it(data: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fitted search holds nothing but its results and its best estimator."""
    memories: list[weakref.ref] = []

    class Remembered(EncodingMemory):
        def __init__(self) -> None:
            super().__init__()
            memories.append(weakref.ref(self))

    monkeypatch.setattr("sklearn_ple.model_selection.objective.EncodingMemory", Remembered)
    found = search(n_trials=1).fit(*data)
    gc.collect()
    assert [memory() for memory in memories] == [None]
    assert np.isfinite(found.best_score_)
