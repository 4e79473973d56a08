"""The initial weight of every task, from its labels or from the user."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from sklearn_ple.architectures import SharedBottomEstimator
from sklearn_ple.datasets import make_related_tasks
from sklearn_ple.weighting import resolve_task_weights

NAMES = ["click", "watch", "price"]
SHARES = np.array([0.4, 0.8, 0.02])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, [1.0, 1.0, 1.0]),
        ("label_share", [0.5, 1.0, 0.025]),
        ([2.0, 0.0, 0.5], [2.0, 0.0, 0.5]),
        (np.array([1, 2, 3]), [1.0, 2.0, 3.0]),
        (pd.Series([1, 2, 3]), [1.0, 2.0, 3.0]),
        (pd.Series([1, 2, 3], index=NAMES), [1.0, 2.0, 3.0]),
        (pd.Series([1, 2, 3], index=[7, 5, 3]), [1.0, 2.0, 3.0]),
        ({"price": 3.0}, [1.0, 1.0, 3.0]),
        ({}, [1.0, 1.0, 1.0]),
    ],
)
def test_resolved(given: Any, expected: list[float]) -> None:
    resolved = resolve_task_weights(given, NAMES, SHARES)
    assert resolved.dtype == np.float64
    assert resolved.tolist() == pytest.approx(expected)


def test_what_was_given_is_left_alone() -> None:
    given = np.array([2.0, 0.5, 1.0])
    resolve_task_weights(given, NAMES, SHARES)[:] = 7
    assert given.tolist() == [2.0, 0.5, 1.0]


@pytest.mark.parametrize(
    ("given", "gist"),
    [
        ([1.0, 2.0], "2 entries for 3 tasks"),
        ([[1.0, 2.0, 3.0]], "for 3 tasks"),
        ({"size": 1.0}, "names .'size'., but the tasks are"),
        (pd.Series([1.0, 2.0, 3.0], index=NAMES[::-1]), "by the names .*price.* give a dict"),
        ([1.0, -0.5, 1.0], "non-negative"),
        ([0.0, 0.0, 0.0], "not all zero"),
        ([1.0, np.nan, 1.0], "non-negative"),
        ([1.0, np.inf, 1.0], "non-negative"),
    ],
)
def test_weights_that_do_not_fit(given: Any, gist: str) -> None:
    with pytest.raises(ValueError, match=gist):
        resolve_task_weights(given, NAMES, SHARES)


def _fit(**options: Any) -> SharedBottomEstimator:
    X, y = make_related_tasks(160, 4, random_state=0)
    y = np.array(y, dtype=float)
    y[:120, 1] = np.nan
    weight = np.ones(y.shape)
    weight[:40] = 3.0  # 3 * 40 + 120 = 240 in all, of which 40 carry the second label
    return SharedBottomEstimator(
        bottom_widths=(6,),
        tower_widths=(),
        max_epochs=1,
        device="cpu",
        random_state=0,
        **options,
    ).fit(X, y, sample_weight=weight)


def test_label_share_counts_rows_by_their_weight() -> None:
    row = _fit().history_.iloc[0]
    assert row["weight/y0"] == pytest.approx(1.0)
    assert row["weight/y1"] == pytest.approx(40 / 240)


def test_without_any_label_all_shares_are_equal() -> None:
    assert resolve_task_weights("label_share", NAMES, np.zeros(len(NAMES))).tolist() == [1.0] * 3


def test_a_chunk_without_weight_for_a_task_leaves_it_alone() -> None:
    X, y = make_related_tasks(90, 4, random_state=0)
    model = SharedBottomEstimator(task_weights=None, bottom_widths=(6,), random_state=0)
    model.partial_fit(X, y).set_params(task_weights="label_share")
    model.partial_fit(X, y, sample_weight=np.column_stack([np.ones(90), np.zeros(90)]))
    assert model.history_.iloc[-1][["weight/y0", "weight/y1"]].tolist() == [1.0, 0.0]
    assert np.isfinite(model.predict(X)).all()


def test_a_weight_of_zero_leaves_the_shared_bottom_to_the_others() -> None:
    """Then the other task's labels do not matter at all."""
    X, y = make_related_tasks(160, 4, random_state=0)
    y = np.array(y, dtype=float)
    other = y.copy()
    other[:, 1] = -other[::-1, 1]
    predictions = [
        SharedBottomEstimator(
            bottom_widths=(6,),
            tower_widths=(),
            task_weights=[1.0, 0.0],
            max_epochs=2,
            device="cpu",
            random_state=0,
        )
        .fit(X, labels)
        .predict(X)
        for labels in (y, other)
    ]
    np.testing.assert_array_equal(predictions[0][:, 0], predictions[1][:, 0])
