"""Which columns of predictions are a task's, where names begin alike."""

from __future__ import annotations

import matplotlib
import numpy as np
import pandas as pd
import pytest

matplotlib.use("Agg")

from matplotlib import pyplot as plt

from sklearn_ple.inspection import TaskPanelDisplay


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


LIKE_NAMES = {
    "as from predict_frame": ["a", "a=b", "a=b=0", "a=b=1"],
    "another order": ["a=b", "a=b=0", "a=b=1", "a"],
    "probabilities alone": ["a", "a=b=0", "a=b=1"],
    "no order": ["a=b=0", "a=b=1", "a=b", "a"],
}


@pytest.mark.parametrize("columns", LIKE_NAMES.values(), ids=LIKE_NAMES)
def test_a_task_whose_name_begins_with_that_of_another_and_an_equals_sign(columns) -> None:
    y = pd.DataFrame({"a": [0.5, 1.5, 2.5], "a=b": [0, 1, 1]})
    p = np.array([0.3, 0.6, 0.9])
    frame = pd.DataFrame({"a": y["a"], "a=b": y["a=b"], "a=b=0": 1 - p, "a=b=1": p})[columns]
    number, binary = TaskPanelDisplay.from_predictions(y, frame).panels
    assert (number.task, number.kind) == ("a", "residuals")
    assert (binary.task, binary.kind, binary.summary) == ("a=b", "roc", "AUC 1.000")


def test_a_class_whose_name_looks_like_a_task_of_its_own() -> None:
    y = pd.DataFrame({"a": ["x", "b=1", "x"], "a=b": [0.5, 1.5, 2.5]})
    p = np.array([0.9, 0.6, 0.8])
    frame = pd.DataFrame({"a": y["a"], "a=b=1": 1 - p, "a=x": p, "a=b": y["a=b"]})
    panels = TaskPanelDisplay.from_predictions(y, frame).panels
    assert [(panel.task, panel.kind) for panel in panels] == [("a", "roc"), ("a=b", "residuals")]
