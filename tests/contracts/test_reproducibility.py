"""The same seed gives the same predictions, wherever and however often; nobody else's is spent."""

from __future__ import annotations

import copy
import pickle
import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from architecture_walk import ARCHITECTURES, ESTIMATORS, over, small
from numpy.typing import NDArray
from people import make_people
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, KFold

from sklearn_ple import PLEClassifierRegressor, PLEEstimator

X, Y = make_people(157)
# Dropout, batches and a validation split: all that is drawn at random is drawn.
NOISY = {"dropout": 0.3, "batch_size": 16, "early_stopping": True, "lr": 0.01}


def noisy(cls: Any, **changes: Any) -> Any:
    return small(cls, **NOISY | changes)


def fitted_predictions(model: Any) -> NDArray:
    return model.fit(X, Y).predict_frame(X).to_numpy()


@over(ESTIMATORS)
def test_twice_in_a_row(cls) -> None:
    x, y = X[["visits", "member"]], (X["visits"] > 6).astype(int)
    model = noisy(cls).fit(x, y)
    first = model.predict(x)
    second = model.fit(x, y).predict(x)
    np.testing.assert_array_equal(first, second)


@over(ARCHITECTURES)
def test_through_clone_and_pickle(cls) -> None:
    model = noisy(cls)
    expected = fitted_predictions(model)
    np.testing.assert_array_equal(fitted_predictions(clone(model)), expected)
    for again in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        np.testing.assert_array_equal(again.predict_frame(X).to_numpy(), expected)
        np.testing.assert_array_equal(fitted_predictions(again), expected)


@over(ARCHITECTURES)
def test_training_that_goes_on_from_a_pickle(cls) -> None:
    model = noisy(cls, warm_start=True).fit(X, Y)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(fitted_predictions(again), fitted_predictions(model))


@over(ARCHITECTURES)
def test_from_four_threads_at_once(cls) -> None:
    expected = {seed: fitted_predictions(noisy(cls, random_state=seed)) for seed in (0, 1)}
    assert not np.array_equal(expected[0], expected[1])
    seeds = [0, 1, 0, 1]
    with ThreadPoolExecutor(4) as pool:
        models = [noisy(cls, random_state=seed) for seed in seeds]
        answers = list(pool.map(fitted_predictions, models))
    for seed, answer in zip(seeds, answers, strict=True):
        np.testing.assert_array_equal(answer, expected[seed])


def test_one_fitted_model_asked_from_four_threads_at_once() -> None:
    model = noisy(PLEEstimator).fit(X, Y)
    expected = model.predict_frame(X)
    with ThreadPoolExecutor(4) as pool:
        for answer in pool.map(model.predict_frame, [X] * 8):
            pd.testing.assert_frame_equal(answer, expected)


def test_through_a_grid_search_in_two_processes() -> None:
    grid = {"lr": [0.003, 0.01], "n_levels": [1, 2]}
    searches = [
        GridSearchCV(noisy(PLEClassifierRegressor), grid, cv=KFold(2), n_jobs=n_jobs).fit(X, Y)
        for n_jobs in (1, 2)
    ]
    scores = [search.cv_results_["mean_test_score"] for search in searches]
    np.testing.assert_array_equal(*scores)
    best = noisy(PLEClassifierRegressor, **searches[0].best_params_)
    for search in searches:
        got = search.best_estimator_.predict_frame(X).to_numpy()
        np.testing.assert_array_equal(got, fitted_predictions(best))


@over(ARCHITECTURES)
def test_global_generators_are_left_alone(cls) -> None:
    def states() -> tuple[Any, ...]:
        name, keys, *rest = np.random.get_state()
        return torch.get_rng_state().tolist(), name, keys.tolist(), rest, random.getstate()

    before = states()
    model = noisy(cls).fit(X, Y)
    model.predict(X)
    model.partial_fit(X, Y)
    pickle.loads(pickle.dumps(model))
    assert states() == before


def test_global_generators_do_not_matter() -> None:
    torch.manual_seed(1)
    np.random.seed(1)
    first = fitted_predictions(noisy(PLEEstimator))
    torch.manual_seed(2)
    np.random.seed(2)
    np.testing.assert_array_equal(fitted_predictions(noisy(PLEEstimator)), first)


def test_without_a_seed_two_fits_differ() -> None:
    one, other = (fitted_predictions(noisy(PLEEstimator, random_state=None)) for _ in range(2))
    assert not np.array_equal(one, other)


def test_a_random_state_object_is_drawn_from() -> None:
    seeded = noisy(PLEEstimator, random_state=np.random.RandomState(7))
    first, second = fitted_predictions(seeded), fitted_predictions(seeded)
    assert not np.array_equal(first, second)
    again = noisy(PLEEstimator, random_state=np.random.RandomState(7))
    np.testing.assert_array_equal(fitted_predictions(again), first)


@pytest.mark.parametrize("n_threads", [1, 2])
def test_predictions_do_not_depend_on_who_else_is_in_the_batch(n_threads: int) -> None:
    """Alone, in parts, or all at once; up to the rounding of other matrix sizes."""
    model = noisy(PLEEstimator, precision="float64").fit(X, Y)
    before = torch.get_num_threads()
    torch.set_num_threads(n_threads)
    try:
        whole = model.predict_frame(X)["spent"].to_numpy()
        parts = [model.predict_frame(X[i : i + 1])["spent"].iloc[0] for i in range(0, 157, 13)]
    finally:
        torch.set_num_threads(before)
    np.testing.assert_allclose(parts, whole[::13], rtol=1e-12)


@over(ARCHITECTURES)
def test_predictions_do_not_depend_on_where_a_row_stands(cls) -> None:
    """To the last bit of float32, also for a number of rows that fills no vector."""
    model = cls(max_epochs=1, random_state=0).fit(X, Y)
    whole = model.predict_frame(X)
    for seed in range(5):
        rows = np.random.default_rng(seed).permutation(157)
        shuffled = model.predict_frame(X.iloc[rows])
        pd.testing.assert_frame_equal(shuffled, whole.iloc[rows], rtol=1e-12)
