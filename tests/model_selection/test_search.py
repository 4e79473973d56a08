"""`MultiTaskSearchCV` is a scikit-learn search: same shape, same manners."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import optuna
import pandas as pd
import pytest
import sklearn
from numpy.ma import MaskedArray
from scipy import sparse
from searched import SPACE, fold_scores, net, people, search
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, cross_val_score, cross_validate
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklearn_ple import (
    SharedBottomClassifier,
    SharedBottomRegressor,
    TaskInferenceWarning,
    make_related_tasks,
)
from sklearn_ple.metrics import deviance_explained_scorer, task_scorer
from sklearn_ple.model_selection import MultiTaskSearchCV, from_storable

FOLDS = KFold(2, shuffle=True, random_state=3)


@pytest.fixture(scope="module")
def data() -> Any:
    return people()


@pytest.fixture(scope="module")
def found(data: Any) -> MultiTaskSearchCV:
    return search().fit(*data)


def scores_by_parameters(search: Any) -> dict[Any, list[float]]:
    """The scores of the folds, by what was fitted there."""
    results = search.cv_results_
    keys = [tuple(sorted(params.items())) for params in results["params"]]
    return {
        key: [results[f"split{k}_test_score"][i] for k in range(2)] for i, key in enumerate(keys)
    }


def test_a_grid_as_a_space_finds_what_grid_search_finds(data: Any) -> None:
    """Same folds, same fits, same scores, another order."""
    grid = {"lr": SPACE["lr"], "bottom_widths": SPACE["bottom_widths"]}
    sampler = optuna.samplers.GridSampler({"lr": grid["lr"], "bottom_widths": ["13", "17,7"]})
    ours = search(
        cv=FOLDS, sampler=sampler, pruner=optuna.pruners.NopPruner(), n_trials=8, random_state=None
    ).fit(*data)
    theirs = GridSearchCV(net(), grid, cv=FOLDS).fit(*data)
    assert scores_by_parameters(ours) == scores_by_parameters(theirs)
    assert ours.best_score_ == theirs.best_score_
    assert ours.best_params_ == theirs.best_params_
    np.testing.assert_array_equal(ours.predict(data[0]), theirs.predict(data[0]))


def test_the_first_trial_is_the_estimator_as_it_is(data: Any) -> None:
    estimator = net(lr=0.01, bottom_widths=(17, 7))
    first = search(estimator, cv=FOLDS, n_trials=1).fit(*data)
    assert first.best_params_ == {"lr": 0.01, "bottom_widths": (17, 7)}
    np.testing.assert_array_equal(
        fold_scores(first)[0], cross_val_score(estimator, *data, cv=FOLDS)
    )


def of_auto() -> tuple[Any, dict[str, Any]]:
    """An estimator that leaves four sizes to the rows it gets, and a space of these."""
    own = net().search_space()
    names = ("lr", "dropout", "weight_decay", "embedding_dim")
    space = {name: own[name] for name in names}
    return net(**dict.fromkeys(names, "auto"), batch_size="auto"), space


def test_auto_in_the_first_trial_stays_auto() -> None:
    """300 rows of 5 features are no longer scarce, the 150 of a fold are: the sizes differ."""
    X, y = people(300)
    estimator, space = of_auto()
    first = search(estimator, space, cv=FOLDS, n_trials=1).fit(X, y)
    np.testing.assert_array_equal(fold_scores(first)[0], cross_val_score(estimator, X, y, cv=FOLDS))
    assert first.best_params_ == {}
    assert all(first.cv_results_[f"param_{name}"].mask.all() for name in space)
    np.testing.assert_array_equal(first.predict(X), clone(estimator).fit(X, y).predict(X))


def test_samplers_learn_of_auto_as_what_it_resolves_to(data: Any) -> None:
    estimator, space = of_auto()
    found = search(estimator, space, cv=FOLDS, n_trials=2).fit(*data)
    # 75 rows of 5 features are scarce; 2e-3 is the rate for batches of 512 rows, here of 64.
    assert found.study_.trials[0].params == pytest.approx(
        {"lr": 2e-3 * (64 / 512) ** 0.5, "dropout": 0.3, "weight_decay": 0.1, "embedding_dim": 16}
    )
    rates = found.cv_results_["param_lr"]
    assert rates.dtype == np.float64
    assert rates.mask.tolist() == [True, False]
    assert found.cv_results_["params"][0] == {}


def test_results_have_the_shape_of_scikit_learns(found: MultiTaskSearchCV, data: Any) -> None:
    grid = GridSearchCV(net(), {"lr": [0.01], "bottom_widths": [(13,)]}, cv=2).fit(
        data[0], data[1][["spent"]].fillna(0.0)
    )
    results = found.cv_results_
    assert set(results) == set(grid.cv_results_) | {"trial", "state", "n_epochs"}
    assert all(len(values) == 3 for values in results.values())
    assert isinstance(results["param_lr"], MaskedArray)
    assert results["param_lr"].dtype == np.float64
    assert results["param_bottom_widths"].dtype == object
    means = fold_scores(found).mean(axis=1)
    np.testing.assert_allclose(results["mean_test_score"], means)
    np.testing.assert_allclose(results["std_test_score"], fold_scores(found).std(axis=1))
    assert results["rank_test_score"][np.argmax(means)] == 1
    assert sorted(results["rank_test_score"]) in ([1, 2, 3], [1, 1, 3], [1, 2, 2], [1, 1, 1])


def test_the_best_is_fitted_on_all_rows(found: MultiTaskSearchCV, data: Any) -> None:
    best = found.best_index_
    assert found.best_score_ == found.cv_results_["mean_test_score"].max()
    assert found.best_params_ == found.cv_results_["params"][best]
    assert found.best_params_ == from_storable(found.study_.best_params)
    expected = net().set_params(**found.best_params_).fit(*data)
    np.testing.assert_array_equal(found.predict(data[0]), expected.predict(data[0]))
    assert found.refit_time_ > 0


def test_a_search_answers_by_its_best_estimator(found: MultiTaskSearchCV, data: Any) -> None:
    X, y = data
    best = found.best_estimator_
    assert found.tasks_ is best.tasks_
    assert [None if c is None else c.tolist() for c in found.classes_] == [
        ["no", "yes"],
        None,
        ["blue", "green", "red"],
    ]
    assert found.n_features_in_ == 5
    assert found.feature_names_in_.tolist() == list(X)
    for ours, theirs in zip(found.predict_proba(X), best.predict_proba(X), strict=True):
        assert (ours is None and theirs is None) or np.array_equal(ours, theirs)
    assert found.predict_frame(X[::7]).equals(best.predict_frame(X[::7]))
    assert found.score(X, y) == best.score(X, y)
    assert found.score_tasks(X, y).equals(best.score_tasks(X, y))


def test_scorers_read_a_search_like_an_estimator(found: MultiTaskSearchCV, data: Any) -> None:
    for scorer in (deviance_explained_scorer(), task_scorer("bought", "roc_auc")):
        assert scorer(found, *data) == scorer(found.best_estimator_, *data)


def test_parameters_and_data_are_left_alone(data: Any) -> None:
    X, y = data
    sampler = optuna.samplers.RandomSampler(seed=5)
    space = dict(SPACE)
    before = X.copy(), y.copy()
    given = search(sampler=sampler, space=space)
    params = {name: id(value) for name, value in given.get_params(deep=False).items()}
    first = given.fit(X, y).cv_results_["params"]
    assert {name: id(v) for name, v in given.get_params(deep=False).items()} == params
    assert space == SPACE
    assert X.equals(before[0])
    assert y.equals(before[1])
    assert given.estimator.tasks == "auto"
    assert not hasattr(given.estimator, "net_")
    assert given.fit(X, y).cv_results_["params"] == first, "the sampler was drawn from"


def test_the_same_seed_searches_the_same(found: MultiTaskSearchCV, data: Any) -> None:
    again = clone(found).fit(*data)
    assert again.cv_results_["params"] == found.cv_results_["params"]
    np.testing.assert_array_equal(fold_scores(again), fold_scores(found))
    other = search(n_trials=6, random_state=1).fit(*data)
    six = search(n_trials=6).fit(*data)
    assert other.cv_results_["params"] != six.cv_results_["params"]


def test_nested_cross_validation(data: Any) -> None:
    result = cross_validate(search(), *data, cv=FOLDS, return_estimator=True)
    for (train, test), fitted, score in zip(
        FOLDS.split(data[0]), result["estimator"], result["test_score"], strict=True
    ):
        X, y = (each.iloc[train] for each in data)
        alone = search().fit(X, y)
        assert fitted.best_params_ == alone.best_params_
        assert score == alone.score(*(each.iloc[test] for each in data))


def test_without_refit_there_are_parameters_and_no_predictions(data: Any) -> None:
    bare = search(refit=False).fit(*data)
    assert bare.best_params_ == bare.cv_results_["params"][bare.best_index_]
    assert not hasattr(bare, "predict")
    assert not hasattr(bare, "best_estimator_")
    with pytest.raises(AttributeError) as told:
        bare.predict_frame(data[0])
    assert "refit=False" in str(told.value.__cause__)


def test_a_second_fit_leaves_nothing_of_the_first(data: Any) -> None:
    found = search(n_trials=1).fit(*data)
    found.set_params(refit=False, scoring=["spent_r2", "bought_roc_auc"]).fit(*data)
    assert not [name for name in vars(found) if name.startswith("best_")]
    assert not hasattr(found, "tasks_")


def test_before_fit() -> None:
    with pytest.raises(NotFittedError):
        search().predict([[1.0]])
    assert not hasattr(search(), "tasks_")
    assert not hasattr(search(), "classes_")
    with pytest.raises(NotFittedError):
        search().pareto_frame()


def test_a_search_is_taken_for_what_it_searches() -> None:
    assert is_classifier(MultiTaskSearchCV(SharedBottomClassifier()))
    assert is_regressor(MultiTaskSearchCV(SharedBottomRegressor()))
    assert not hasattr(MultiTaskSearchCV(SharedBottomRegressor()), "predict_proba")
    neutral = MultiTaskSearchCV(net())
    assert not is_classifier(neutral)
    assert not is_regressor(neutral)
    assert hasattr(neutral, "predict_proba")


def test_a_picture_of_it(found: MultiTaskSearchCV) -> None:
    assert "SharedBottomClassifierRegressor" in MultiTaskSearchCV(net())._repr_html_()
    assert "best_estimator_" in found._repr_html_()


def test_a_pipeline_through_and_through(data: Any) -> None:
    X, y = data
    scale = ColumnTransformer(
        [("scale", StandardScaler(), make_column_selector(dtype_include="number"))],
        remainder="passthrough",
        verbose_feature_names_out=False,
    ).set_output(transform="pandas")
    pipeline = Pipeline([("prepare", scale), ("net", net())])
    space = SPACE | {"prepare__scale__with_mean": [True, False]}
    found = search(pipeline, space).fit(X, y)
    assert set(found.best_params_) == {
        "net__lr",
        "net__bottom_widths",
        "prepare__scale__with_mean",
    }
    expected = clone(pipeline).set_params(**found.best_params_).fit(X, y)
    np.testing.assert_array_equal(found.predict(X), expected.predict(X))
    through = expected[-1].predict_frame(expected[:-1].transform(X[::7]))
    assert found.predict_frame(X[::7]).equals(through)
    assert [task.kind for task in found.tasks_] == ["binary", "regression", "multiclass"]
    score = found.score_tasks(X, y)
    assert score.equals(expected[-1].score_tasks(expected[:-1].transform(X), y))


RAW: dict[str, tuple[Callable[[pd.DataFrame], Any], Callable[[Any], Any]]] = {
    "dates": (
        lambda X: X.assign(day=pd.date_range("2024-02-27", periods=len(X))),
        lambda X: X.assign(day=X["day"].dt.day_of_week),
    ),
    "lists of texts": (
        lambda X: [f"{'long ' * (age > 40)}text" for age in X["age"]],
        lambda texts: np.array([[len(text), 1.0] for text in texts]),
    ),
    "sparse": (
        lambda X: sparse.csr_matrix(X[["age"]].to_numpy(float)),
        lambda X: X.toarray(),
    ),
}


@pytest.mark.parametrize("name", RAW)
def test_a_pipeline_over_what_is_no_table_of_features(data: Any, name: str) -> None:
    make, prepare = RAW[name]
    X, y = make(data[0]), data[1]
    pipeline = Pipeline([("prepare", FunctionTransformer(prepare)), ("net", net(lr="auto"))])
    found = search(pipeline, {"net__lr": [0.0005, 0.03]}, n_trials=2).fit(X, y)
    assert np.isfinite(found.best_score_)
    assert len(found.predict(X)) == len(y)


@pytest.mark.parametrize("routing", [False, True], ids=["plain", "routed"])
@pytest.mark.parametrize("two_dimensional", [False, True], ids=["by row", "by row and task"])
def test_weights_reach_fits_and_scores(data: Any, routing: bool, two_dimensional: bool) -> None:
    X, y = data
    weight = np.random.default_rng(2).uniform(0.1, 3, size=(len(X), 3))
    weight = weight if two_dimensional else weight[:, 0]
    with sklearn.config_context(enable_metadata_routing=routing):
        estimator = net()
        if routing:
            estimator.set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        found = search(estimator, cv=FOLDS, n_trials=1).fit(X, y, sample_weight=weight)
        total = found.score(X, y, sample_weight=weight)
    scores = []
    for train, test in FOLDS.split(X):
        direct = net().set_params(**found.best_params_)
        direct.fit(X.iloc[train], y.iloc[train], weight[train])
        scores.append(direct.score(X.iloc[test], y.iloc[test], weight[test]))
    np.testing.assert_array_equal(fold_scores(found)[0], scores)
    refitted = net().set_params(**found.best_params_).fit(X, y, weight)
    np.testing.assert_array_equal(found.predict(X), refitted.predict(X))
    assert total == refitted.score(X, y, weight)


def test_groups_reach_the_splitter(data: Any) -> None:
    X, y = data
    groups = np.arange(len(X)) % 11
    found = search(cv=GroupKFold(3), n_trials=1).fit(X, y, groups=groups)
    assert found.n_splits_ == 3
    expected = cross_val_score(
        net().set_params(**found.best_params_), X, y, cv=GroupKFold(3), groups=groups
    )
    np.testing.assert_array_equal(fold_scores(found)[0], expected)


def test_a_number_of_folds_keeps_groups_together(data: Any) -> None:
    X, y = data
    groups = np.array([f"shop {k % 11}" for k in range(len(X))])
    apart: list[bool] = []

    def judge(estimator: Any, X: Any, y: Any) -> float:
        shops = set(groups[X.index])
        apart.append(
            all((groups == shop).sum() == (groups[X.index] == shop).sum() for shop in shops)
        )
        return 0.5

    search(cv=4, n_trials=1, scoring=judge).fit(X, y, groups=groups)
    assert apart == [True] * 4
    with pytest.raises(ValueError, match="cv=12 folds need as many groups, but there are 11"):
        search(cv=12).fit(X, y, groups=groups)


def test_tasks_are_decided_on_all_rows() -> None:
    """A fold that holds two of three classes, or whole numbers only, changes nothing."""
    X, _ = make_related_tasks(90, 4, random_state=0)
    y = np.column_stack([np.r_[np.arange(45) % 2, np.full(45, 2.5)], np.arange(90) % 2.0])
    found = search(space={"lr": [0.01]}, n_trials=1, cv=[(np.arange(45), np.arange(45, 90))])
    found.fit(X, y)
    assert [task.kind for task in found.tasks_] == ["regression", "binary"]
    assert np.isfinite(found.best_score_)


def test_what_is_inferred_is_said_once(data: Any) -> None:
    """And not by every fit."""
    X, y = data
    y = y.assign(spent=np.arange(len(y)) % 3)
    with pytest.warns(TaskInferenceWarning) as warned:
        search(n_trials=2).fit(X, y)
    assert len(warned) == 1


def test_missing_labels_need_no_splitter() -> None:
    """Where scikit-learn's own choice of folds for a classifier raises."""
    X, y = make_related_tasks(
        80, 4, n_tasks=3, kinds=["binary"] * 3, missing=[0.0, 0.5, 0.8], random_state=0
    )
    estimator = SharedBottomClassifier(bottom_widths=(7,), max_epochs=1, random_state=0)
    found = search(estimator, {"lr": [0.01, 0.02]}, cv=3, n_trials=2).fit(X, y)
    assert found.n_splits_ == 3
    assert found.study_.best_value == found.best_score_


def test_callbacks_hear_of_every_trial(data: Any) -> None:
    heard: list[int] = []
    search(callbacks=[lambda study, trial: heard.append(trial.number)]).fit(*data)
    assert heard == [0, 1, 2]


def test_a_callback_may_stop_the_search(data: Any) -> None:
    stopped = search(n_trials=50, callbacks=[lambda study, trial: study.stop()]).fit(*data)
    assert len(stopped.study_.trials) == 1


def test_a_timeout_ends_the_search(data: Any) -> None:
    found = search(n_trials=None, timeout=0.01).fit(*data)
    assert 1 <= len(found.study_.trials) <= 3


@pytest.mark.parametrize("verbose", [0, 1])
def test_optuna_speaks_when_asked_and_is_left_as_it_was(
    data: Any, verbose: int, caplog: pytest.LogCaptureFixture
) -> None:
    before = optuna.logging.get_verbosity()
    search(verbose=verbose, n_trials=1).fit(*data)
    assert optuna.logging.get_verbosity() == before
    assert ("Trial 0 finished" in caplog.text) == bool(verbose)
