"""Below 1,000 rows a pilot on a part of them sets the number of epochs; all rows are trained."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from skorch.callbacks import Callback

from sklearn_ple import (
    PLERegressor,
    SharedBottomEstimator,
    SharedBottomRegressor,
    TaskInferenceWarning,
)
from sklearn_ple.base.fit.pilot import EARLY_STOPPING_FROM, PILOT_EPOCHS, PILOT_FROM

N = 431
SMALL: dict[str, Any] = {
    "bottom_widths": (13,),
    "tower_widths": (),
    "numeric_encoding": "standard",
    "batch_size": N,
    "random_state": 0,
}


def data(noise: float, n_rows: int = N) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    X = rng.normal(size=(n_rows, 3))
    signal = np.column_stack([X @ [1.0, -2.0, 0.5], np.sin(X[:, 0])])
    return X, signal + noise * rng.normal(size=signal.shape)


def fitted(noise: float = 0.1, n_rows: int = N, **params: Any) -> SharedBottomRegressor:
    return SharedBottomRegressor(**SMALL | params).fit(*data(noise, n_rows))


def test_noise_ends_training_early_and_its_absence_goes_on_long() -> None:
    noisy, clean = fitted(noise=30.0, lr=0.03), fitted(noise=0.0)
    assert noisy.best_epoch_ < 60
    assert clean.best_epoch_ > 3 * noisy.best_epoch_


def test_the_final_model_is_trained_on_all_rows_for_as_many_epochs_as_it_says() -> None:
    model = fitted()
    assert len(model.history_) == model.best_epoch_
    assert "valid_loss" not in model.history_
    rows_of_steps = model.net_.history[:, "batches", :, "train_batch_size"]
    assert rows_of_steps == [[N]] * model.best_epoch_


@pytest.mark.parametrize("n_rows", [PILOT_FROM - 1, PILOT_FROM, EARLY_STOPPING_FROM])
def test_it_is_made_between_two_numbers_of_rows(n_rows: int) -> None:
    model = fitted(noise=0.0, n_rows=n_rows, batch_size=n_rows)
    in_between = PILOT_FROM <= n_rows < EARLY_STOPPING_FROM
    assert (len(model.history_) > 150) == in_between
    assert ("valid_loss" in model.history_) == (n_rows >= EARLY_STOPPING_FROM)


@pytest.mark.parametrize("given", [{"max_epochs": 5}, {"early_stopping": False}])
def test_there_is_none_where_the_user_said_when_to_stop(given: dict[str, Any]) -> None:
    assert len(fitted(noise=0.0, **given).history_) <= 40


def test_rows_to_stop_by_make_it_needless() -> None:
    X, Y = data(0.0)
    model = SharedBottomRegressor(**SMALL).fit(X[:401], Y[:401], X_val=X[401:], y_val=Y[401:])
    assert "valid_loss" in model.history_
    assert 40 < len(model.history_) <= 150 < PILOT_EPOCHS


def test_a_kind_that_is_inferred_is_said_once() -> None:
    X, Y = data(0.1)
    grades = np.searchsorted([-2.0, -0.5, 1.0], Y[:, 0])
    with pytest.warns(TaskInferenceWarning) as said:
        SharedBottomEstimator(**SMALL).fit(X, np.column_stack([grades, Y[:, 1]]))
    assert len(said) == 1


class Counter(Callback):
    begun = 0

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:
        self.begun += 1


def test_callbacks_hear_of_the_final_run_alone() -> None:
    model = fitted(callbacks=[Counter()])
    assert [callback.begun for _, callback in model.callbacks_] == [1]


def test_the_same_seed_gives_the_same_model() -> None:
    X, Y = data(1.0)
    params = {"expert_widths": (7,), "tower_widths": (), "batch_size": N, "random_state": 3}
    one, two = (PLERegressor(**params).fit(X, Y) for _ in range(2))
    assert one.best_epoch_ == two.best_epoch_
    np.testing.assert_array_equal(one.predict(X), two.predict(X))
