"""Gain: equation 11 of the PLE paper, and its relative mean."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sklearn_ple.metrics import mean_gain_percent, mtl_gain

DIRECTIONS = {"vtr": True, "vcr": False}
SINGLE = {"vtr": 0.6787, "vcr": 0.1321}


@pytest.mark.parametrize(
    ("scheme", "scores", "gains"),
    [
        ("shared bottom", {"vtr": 0.6740, "vcr": 0.1320}, [-0.0047, 0.0001]),
        ("CGC", {"vtr": 0.6832, "vcr": 0.1319}, [0.0045, 0.0002]),
        ("PLE", {"vtr": 0.6831, "vcr": 0.1307}, [0.0044, 0.0014]),
    ],
)
def test_reproduces_table_1_of_the_paper(scheme, scores, gains) -> None:
    table = mtl_gain(scores, SINGLE, greater_is_better=DIRECTIONS)
    assert list(table.index) == ["vtr", "vcr"]
    np.testing.assert_allclose(table["gain"], gains, atol=1e-9)


def test_percent_is_the_gain_over_the_single_task_metric() -> None:
    table = mtl_gain([0.77, 3.0], [0.70, 4.0], greater_is_better=[True, False])
    np.testing.assert_allclose(table["gain_percent"], [10, 25])
    assert mean_gain_percent(
        [0.77, 3.0], [0.70, 4.0], greater_is_better=[True, False]
    ) == pytest.approx(17.5)


def test_a_negated_loss_gains_as_much_as_the_loss() -> None:
    loss = mtl_gain([0.3, 2.0], [0.4, 1.6], greater_is_better=False)
    score = mtl_gain([-0.3, -2.0], [-0.4, -1.6])
    for column in ("gain", "gain_percent"):
        np.testing.assert_allclose(loss[column], score[column])


def test_turning_the_tables_turns_the_sign() -> None:
    there = mtl_gain(SINGLE, {"vtr": 0.7, "vcr": 0.1}, greater_is_better=DIRECTIONS)
    back = mtl_gain({"vtr": 0.7, "vcr": 0.1}, SINGLE, greater_is_better=DIRECTIONS)
    np.testing.assert_allclose(there["gain"], -back["gain"])


def test_named_scores_are_matched_by_name() -> None:
    scores = pd.Series({"vcr": 0.1307, "vtr": 0.6831})
    table = mtl_gain(scores, SINGLE, greater_is_better=pd.Series(DIRECTIONS))
    assert list(table.index) == ["vcr", "vtr"]
    np.testing.assert_allclose(table.loc["vtr", "gain"], 0.0044)
    np.testing.assert_allclose(table.loc["vcr", "gain"], 0.0014)


def test_unnamed_scores_take_the_other_ones_names_or_y0_y1() -> None:
    assert list(mtl_gain(np.array([0.7, 0.1]), SINGLE).index) == ["vtr", "vcr"]
    assert list(mtl_gain([0.7, 0.1, 0.3], [0.6, 0.2, 0.3]).index) == ["y0", "y1", "y2"]


def test_no_single_task_score_to_divide_by_is_nan_and_not_left_out_of_the_mean() -> None:
    table = mtl_gain([0.2, 0.5], [0.0, 0.4])
    assert np.isnan(table["gain_percent"].iloc[0])
    assert table["gain"].iloc[0] == pytest.approx(0.2)
    assert np.isnan(mean_gain_percent([0.2, 0.5], [0.0, 0.4]))


@pytest.mark.parametrize(
    ("scores", "single", "direction", "message"),
    [
        ({"vtr": 0.7, "vcr": 0.1}, {"vtr": 0.6, "ctr": 0.1}, True, "single_task_scores is of"),
        ([0.7, 0.1], [0.6, 0.1, 0.4], True, "2 tasks"),
        ([0.7, 0.1], [0.6, 0.1], [True], "greater_is_better has shape"),
        ({"vtr": 0.7, "vcr": 0.1}, SINGLE, {"vtr": True}, "greater_is_better has shape"),
        (pd.Series([0.7, 0.1], index=["vtr", "vtr"]), [0.6, 0.1], True, "scores is of"),
        (np.ones((3, 2)), np.ones((3, 2)), True, "shape"),
    ],
)
def test_tasks_must_match(scores, single, direction, message) -> None:
    with pytest.raises(ValueError, match=message):
        mtl_gain(scores, single, greater_is_better=direction)
