"""Threads that predict or fit at once get what they would get one after the other."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import numpy as np
import pandas as pd
import pytest
from architecture_walk import small
from lasting import times
from people import make_people

from sklearn_ple import MTANEstimator, PLEClassifierRegressor, SharedBottomEstimator
from sklearn_ple.base import MultiTaskEstimator

pytestmark = pytest.mark.reliability
X, Y = make_people(211)
N_THREADS = 6


def at_once(*jobs: Callable[[], Any]) -> list[Any]:
    """What each job returns; all start together, a thread each."""
    barrier = Barrier(len(jobs))

    def start(job: Callable[[], Any]) -> Any:
        barrier.wait()
        return job()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(start, jobs))


@pytest.fixture(scope="module")
def model() -> MultiTaskEstimator:
    return small(PLEClassifierRegressor, max_epochs=2).fit(X, Y)


def test_predictions_of_one_model(model) -> None:
    parts = [X[17 * k :] for k in range(N_THREADS)]
    expected = [model.predict_frame(part) for part in parts]
    for _ in range(times(3, 200)):
        got = at_once(*(lambda part=part: model.predict_frame(part) for part in parts))
        for mine, theirs in zip(got, expected, strict=True):
            pd.testing.assert_frame_equal(mine, theirs, check_exact=True)


def test_rows_one_by_one_of_one_model(model) -> None:
    expected = model.predict(X)
    rows = np.array_split(np.arange(times(60, 211)), N_THREADS)

    def one_by_one(numbers: np.ndarray) -> list[np.ndarray]:
        return [model.predict(X[i : i + 1])[0] for i in numbers]

    got = at_once(*(lambda numbers=numbers: one_by_one(numbers) for numbers in rows))
    for numbers, answers in zip(rows, got, strict=True):
        np.testing.assert_array_equal(answers, expected[numbers])


@pytest.mark.parametrize("cls", [PLEClassifierRegressor, MTANEstimator])
def test_fits_of_models_of_their_own(cls) -> None:
    def fitted(seed: int) -> np.ndarray:
        model = small(cls, dropout=0.3, max_epochs=2, random_state=seed).fit(X, Y)
        return model.predict_frame(X).to_numpy()

    seeds = range(times(3, 24))
    expected = [fitted(seed) for seed in seeds]
    got = at_once(*(lambda seed=seed: fitted(seed) for seed in seeds))
    for mine, theirs in zip(got, expected, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_predictions_while_other_models_train(model) -> None:
    expected = model.predict(X)

    def train() -> None:
        small(SharedBottomEstimator, max_epochs=3).fit(X, Y)

    def predict() -> list[np.ndarray]:
        return [model.predict(X) for _ in range(times(10, 300))]

    for answers in at_once(train, predict, train, predict)[1::2]:
        for answer in answers:
            np.testing.assert_array_equal(answer, expected)
