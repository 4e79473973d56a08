"""scikit-learn's and Optuna's own searches work with every estimator, each as an example."""

from __future__ import annotations

from typing import Any

import numpy as np
import optuna
import pytest
from optuna_integration import OptunaSearchCV
from searched import net, people
from sklearn.experimental import enable_halving_search_cv  # noqa: F401  it is how they are had
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, KFold

from sklearn_ple import SharedBottomRegressor, deviance_explained_scorer, multitask_scorers

FOLDS = KFold(2, shuffle=True, random_state=3)


@pytest.fixture(scope="module")
def data() -> Any:
    return people()


def test_a_grid_search_by_several_scorers(data: Any) -> None:
    grid = {"lr": [1e-6, 0.03], "bottom_widths": [(13,), (17, 7)]}
    found = GridSearchCV(
        net(max_epochs=6),
        grid,
        cv=FOLDS,
        scoring=multitask_scorers(data[1]),
        refit="deviance_explained",
        error_score="raise",
    ).fit(*data)
    assert found.best_params_["lr"] == 0.03
    assert np.isfinite(found.cv_results_["mean_test_shade_neg_log_loss"]).all()
    assert found.predict(data[0]).shape == (150, 3)


def test_a_halving_search_with_rows_as_resource(data: Any) -> None:
    found = HalvingGridSearchCV(
        net(max_epochs=6),
        {"lr": [1e-6, 1e-5, 0.03, 0.02]},
        cv=FOLDS,
        scoring=deviance_explained_scorer(),
        min_resources=60,
        factor=2,
        random_state=0,
        error_score="raise",
    ).fit(*data)
    assert found.n_resources_ == [60, 120]
    assert found.best_params_["lr"] in (0.02, 0.03)


def test_a_halving_search_with_epochs_as_resource(data: Any) -> None:
    found = HalvingGridSearchCV(
        net(),
        {"lr": [1e-6, 0.03]},
        cv=FOLDS,
        scoring=deviance_explained_scorer(),
        resource="max_epochs",
        min_resources=3,
        max_resources=6,
        factor=2,
        error_score="raise",
    ).fit(*data)
    assert found.best_params_ == {"lr": 0.03, "max_epochs": 6}


def test_optunas_own_search_with_the_estimators_space(data: Any) -> None:
    """Its numbers and words; sizes are texts, which only the searches here turn into tuples."""
    space = SharedBottomRegressor.search_space()
    space = {name: space[name] for name in ("lr", "dropout", "weighting", "embedding_dim")}
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with pytest.warns(optuna.exceptions.ExperimentalWarning):
        search = OptunaSearchCV(
            net(), space, cv=FOLDS, n_trials=2, random_state=0, error_score="raise"
        )
    with pytest.warns(FutureWarning, match="optuna.terminator"):  # which it uses itself
        found = search.fit(*data)
    assert set(found.best_params_) == set(space)
    assert found.predict(data[0]).shape == (150, 3)
