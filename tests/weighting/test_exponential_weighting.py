"""Weights over the epochs of real fits, and ratios that do not fit the tasks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone

from sklearn_ple.architectures import SharedBottomEstimator
from sklearn_ple.datasets import make_related_tasks
from sklearn_ple.weighting import ExponentialWeighting

N, BATCH, N_EPOCHS = 110, 25, 3
N_STEPS = 5
INITIAL = np.array([2.0, 0.5])
RATIOS = np.array([0.9, 1.25])


@pytest.fixture(scope="module")
def data() -> Any:
    return make_related_tasks(N, 4, random_state=0)


def _estimator(weighting: ExponentialWeighting, **options: Any) -> SharedBottomEstimator:
    return SharedBottomEstimator(
        bottom_widths=(6,),
        tower_widths=(),
        weighting=weighting,
        task_weights=INITIAL.tolist(),
        batch_size=BATCH,
        max_epochs=N_EPOCHS,
        device="cpu",
        random_state=0,
        **options,
    )


def _logged(estimator: SharedBottomEstimator) -> np.ndarray:
    columns = [f"weight/{name}" for name in estimator.target_names_in_]
    return estimator.history_[columns].to_numpy()


def _expected(exponents: list[int]) -> np.ndarray:
    return INITIAL * RATIOS ** np.array(exponents)[:, None]


def test_history_holds_initial_weight_times_ratio_to_the_epoch(data: Any) -> None:
    estimator = _estimator(ExponentialWeighting(RATIOS.tolist())).fit(*data)
    np.testing.assert_allclose(_logged(estimator), _expected([0, 1, 2]), rtol=1e-6)


def test_double_precision_has_exact_weights(data: Any) -> None:
    weighting = ExponentialWeighting(RATIOS.tolist())
    estimator = _estimator(weighting, precision="float64").fit(*data)
    np.testing.assert_allclose(_logged(estimator), _expected([0, 1, 2]), rtol=1e-14)


def test_by_step(data: Any) -> None:
    """After an epoch of five steps, t has grown by five."""
    weighting = ExponentialWeighting(RATIOS.tolist(), every="step")
    estimator = _estimator(weighting).fit(*data)
    steps = [N_STEPS * (epoch + 1) for epoch in range(N_EPOCHS)]
    np.testing.assert_allclose(_logged(estimator), _expected(steps), rtol=1e-5)


def test_the_first_step_uses_the_initial_weights() -> None:
    weighting = ExponentialWeighting([0.5, 2.0], every="step")
    weighting.setup(["a", "b"])
    losses = torch.tensor([1.0, 10.0])
    assert [weighting(losses).item() for _ in range(3)] == [11.0, 20.5, 40.25]


def test_looking_at_a_loss_is_no_step() -> None:
    weighting = ExponentialWeighting([0.5, 2.0], every="step")
    weighting.setup(["a", "b"])
    weighting.eval()
    losses = torch.tensor([1.0, 10.0])
    assert [weighting(losses).item() for _ in range(3)] == [11.0] * 3


@pytest.mark.parametrize("every", ["epoch", "step"])
def test_warm_start_goes_on(data: Any, every: Any) -> None:
    weighting = ExponentialWeighting(RATIOS.tolist(), every=every)
    estimator = _estimator(weighting, warm_start=True).fit(*data).fit(*data)
    if every == "epoch":
        exponents = list(range(2 * N_EPOCHS))
    else:
        exponents = [N_STEPS * (epoch + 1) for epoch in range(2 * N_EPOCHS)]
    np.testing.assert_allclose(_logged(estimator), _expected(exponents), rtol=1e-5)


def test_partial_fit_goes_on(data: Any) -> None:
    estimator = _estimator(ExponentialWeighting(RATIOS.tolist()))
    for _ in range(4):
        estimator.partial_fit(*data)
    np.testing.assert_allclose(_logged(estimator), _expected([0, 1, 2, 3]), rtol=1e-6)


@pytest.mark.parametrize("every", ["epoch", "step"])
def test_a_fresh_fit_starts_anew(data: Any, every: Any) -> None:
    """Also with the same object, and in another estimator that was given it."""
    weighting = ExponentialWeighting(RATIOS.tolist(), every=every)
    estimator = _estimator(weighting).fit(*data)
    first = _logged(estimator)
    assert weighting.steps == 0
    np.testing.assert_array_equal(_logged(estimator.fit(*data)), first)
    np.testing.assert_array_equal(_logged(_estimator(weighting).fit(*data)), first)
    np.testing.assert_array_equal(_logged(clone(estimator).fit(*data)), first)


def test_it_steers_the_fit(data: Any) -> None:
    """A task whose weight fades to nothing is learned less well than one whose weight stays."""
    options = {"precision": "float64", "lr": 0.02}
    fading = _estimator(ExponentialWeighting([1e-6, 1.0]), **options).fit(*data)
    steady = _estimator(ExponentialWeighting([1.0, 1.0]), **options).fit(*data)
    name = fading.target_names_in_[0]
    losses = [e.history_[f"loss/{name}"].iloc[-1] for e in (fading, steady)]
    assert losses[0] > losses[1]


@pytest.mark.parametrize(
    ("ratios", "expected"),
    [
        (0.5, [0.25, 0.25, 0.25]),
        (2, [4.0, 4.0, 4.0]),
        (np.float32(0.5), [0.25, 0.25, 0.25]),
        (np.array([0.5, 1.0, 3.0]), [0.25, 1.0, 9.0]),
        ([0.5, 1.0, 3.0], [0.25, 1.0, 9.0]),
        ({"watch": 0.5}, [1.0, 0.25, 1.0]),
        ({}, [1.0, 1.0, 1.0]),
    ],
)
def test_ratios_for_all_in_order_or_by_name(ratios: Any, expected: list[float]) -> None:
    weighting = ExponentialWeighting(ratios)
    weighting.setup(["click", "watch", "price"])
    weighting.on_epoch_begin(2)
    assert weighting.current_weights().tolist() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("ratios", "gist"),
    [
        ([0.5, 1.0], "2 entries for 3 tasks"),
        ({"size": 0.5}, "names .'size'., but the tasks are"),
        ([0.5, 0.0, 1.0], "must be positive"),
        (-1.0, "must be positive"),
        (float("nan"), "must be positive"),
        ([0.5, float("inf"), 1.0], "must be positive"),
        (pd.Series({"watch": 0.5, "click": 1.0, "price": 1.0}), "ratios is a Series by the names"),
    ],
)
def test_ratios_that_do_not_fit(ratios: Any, gist: str) -> None:
    with pytest.raises(ValueError, match=gist):
        ExponentialWeighting(ratios).setup(["click", "watch", "price"])


def test_t_counts_epochs_or_steps_and_nothing_else() -> None:
    with pytest.raises(ValueError, match="every='steps' is neither 'epoch' nor 'step'"):
        ExponentialWeighting(0.5, every="steps")
