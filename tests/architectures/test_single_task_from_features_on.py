"""A fitted SingleTask net shares no parameter between tasks, embeddings included."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from sklearn_ple import SharedBottomEstimator, SingleTaskEstimator
from sklearn_ple.nn import FeatureEncoder

N_TASKS = 3
ROWS = 53


def table() -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "height": rng.normal(size=ROWS),
            "age": rng.normal(size=ROWS),
            "town": pd.Categorical(rng.integers(7, size=ROWS)),
            "sex": pd.Categorical(rng.integers(2, size=ROWS)),
        }
    )
    Y = np.column_stack([X["height"] > 0, X["age"] + X["height"], X["age"] ** 2]).astype(float)
    return X, Y


def encoder_gradient_by_copy(estimator: SingleTaskEstimator, task: int) -> torch.Tensor:
    """Summed absolute gradient (copy,) of one task's output in every table of the encoder."""
    X, Y = table()
    estimator.fit(X, Y)
    estimator.module_.zero_grad()
    estimator.module_(**estimator._prepared(X))[:, task].sum().backward()
    encoder = estimator.module_.encoder
    return sum(
        parameter.grad.view(len(parameter), encoder.n_copies, -1).abs().sum((0, 2))
        for parameter in encoder.parameters()
    )


@pytest.mark.parametrize("task", range(N_TASKS))
def test_a_task_moves_its_own_embeddings_and_no_others(task: int) -> None:
    small = {"bottom_widths": (11,), "tower_widths": (5,), "max_epochs": 1, "random_state": 0}
    gradient = encoder_gradient_by_copy(SingleTaskEstimator(**small), task)
    assert gradient.shape == (N_TASKS,)
    assert [bool(g > 0) for g in gradient] == [k == task for k in range(N_TASKS)]


def test_other_schemes_share_one_encoding() -> None:
    X, Y = table()
    model = SharedBottomEstimator(bottom_widths=(11,), max_epochs=1, random_state=0).fit(X, Y)
    assert model.module_.encoder.n_copies == 1


def test_copies_are_separate_encoders_side_by_side() -> None:
    """Each copy equals an encoder that holds that copy's part of every table."""
    sizes = {
        "n_numbers": 2,
        "n_knots": [5, 4],
        "n_missing": 1,
        "one_hot": [[0.25, 0.75]],
        "embedded": [[0.5, 0.25, 0.25], [0.9, 0.1]],
        "number_width": 3,
        "category_width": 6,
    }
    joint = FeatureEncoder(**sizes, n_copies=N_TASKS)
    generator = torch.Generator().manual_seed(0)
    inputs = {
        "numbers": torch.randn(7, 2, generator=generator),
        "bins": torch.tensor([[0, 5], [1, 6], [2, 7], [3, 5], [9, 6], [0, 7], [3, 6]]),
        "fractions": torch.rand(7, 2, generator=generator),
        "small_codes": torch.tensor([[0], [1], [2], [0], [1], [2], [0]]),
        "codes": torch.tensor([[0, 3], [1, 4], [2, 3], [5, 6], [0, 4], [1, 3], [2, 6]]),
    }
    together = joint(**inputs)
    for copy in range(N_TASKS):
        alone = FeatureEncoder(**sizes)
        for own, wide in zip(alone.parameters(), joint.parameters(), strict=True):
            own.data = wide.data.view(len(wide), N_TASKS, -1)[:, copy].clone()
        torch.testing.assert_close(together[:, copy], alone(**inputs), rtol=0, atol=0)
