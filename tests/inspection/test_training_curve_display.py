"""The picture of training shows the history: a panel per quantity, a line per task."""

from __future__ import annotations

import sys

import matplotlib
import numpy as np
import pandas as pd
import pytest
from architecture_walk import small
from people import TARGETS, make_people
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

matplotlib.use("Agg")

from matplotlib import pyplot as plt

from sklearn_ple import PLEClassifierRegressor
from sklearn_ple.inspection import TrainingCurveDisplay


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def model() -> PLEClassifierRegressor:
    settings = {"early_stopping": True, "max_epochs": 7, "weighting": "uncertainty"}
    return small(PLEClassifierRegressor, **settings).fit(*make_people(167))


def history_of(n_tasks: int, n_epochs: int = 5, *, scores: bool = True) -> pd.DataFrame:
    rng = np.random.default_rng(n_tasks)
    kinds = ("loss", "score", "weight") if scores else ("loss", "weight")
    columns = {
        f"{kind}/task {k}": rng.uniform(0.1, 0.9, n_epochs)
        for kind in kinds
        for k in range(n_tasks)
    }
    total = {"score": rng.uniform(0, 1, n_epochs)} if scores else {}
    return pd.DataFrame({"epoch": np.arange(1, n_epochs + 1), **total, **columns})


def legend(display: TrainingCurveDisplay) -> list[str]:
    return [text.get_text() for text in display.axes_[-1].get_legend().get_texts()]


def test_every_line_is_a_column_of_the_history(model) -> None:
    display = TrainingCurveDisplay.from_estimator(model)
    assert list(display.lines_) == ["loss", "score", "weight"]
    for panel, lines in display.lines_.items():
        assert list(lines) == TARGETS + ["all tasks"] * (panel == "score")
        for task in TARGETS:
            np.testing.assert_array_equal(lines[task].get_xdata(), model.history_["epoch"])
            np.testing.assert_array_equal(
                lines[task].get_ydata(), model.history_[f"{panel}/{task}"]
            )
    np.testing.assert_array_equal(
        display.lines_["score"]["all tasks"].get_ydata(), model.history_["score"]
    )


def test_the_kept_epoch_is_marked_in_every_panel(model) -> None:
    for panel in TrainingCurveDisplay.from_estimator(model).axes_:
        (mark,) = [line for line in panel.lines if line.get_linestyle() == ":"]
        assert list(mark.get_xdata()) == [model.best_epoch_] * 2
    assert len(TrainingCurveDisplay.from_history(model.history_).axes_[0].lines) == 3


def test_a_task_has_one_colour_in_all_panels_and_one_entry_in_the_legend(model) -> None:
    display = TrainingCurveDisplay.from_estimator(model)
    colours = {
        task: {lines[task].get_color() for lines in display.lines_.values()} for task in TARGETS
    }
    assert all(len(each) == 1 for each in colours.values())
    assert len(set.union(*colours.values())) == 3
    assert legend(display) == [*TARGETS, "all tasks"]


def test_without_validation_rows_there_is_no_panel_of_scores() -> None:
    plain = small(PLEClassifierRegressor).fit(*make_people(103))
    assert list(TrainingCurveDisplay.from_estimator(plain).lines_) == ["loss", "weight"]
    by_history = TrainingCurveDisplay.from_history(history_of(2, scores=False))
    assert list(by_history.lines_) == ["loss", "weight"]


def test_some_tasks_in_an_order_of_ones_own(model) -> None:
    display = TrainingCurveDisplay.from_estimator(model, tasks=["shade", "bought"])
    assert list(display.lines_["loss"]) == ["shade", "bought"]
    with pytest.raises(ValueError, match=r"no tasks \['colour'\].*'bought', 'spent', 'shade'"):
        TrainingCurveDisplay.from_estimator(model, tasks=["colour"])


def test_a_task_without_validation_labels_has_no_line_among_the_scores() -> None:
    history = history_of(3).assign(**{"score/task 1": np.nan})
    lines = TrainingCurveDisplay.from_history(history).lines_
    assert list(lines["score"]) == ["task 0", "task 2", "all tasks"]
    assert "task 1" in lines["loss"]


def test_a_single_epoch_is_seen_as_points() -> None:
    display = TrainingCurveDisplay.from_history(history_of(2, n_epochs=1))
    assert all(line.get_marker() == "." for line in display.lines_["loss"].values())


def test_a_pipeline_is_looked_into() -> None:
    X, y = make_people(109)
    pipeline = make_pipeline(FunctionTransformer(), small(PLEClassifierRegressor)).fit(X, y)
    display = TrainingCurveDisplay.from_estimator(pipeline)
    assert list(display.lines_["loss"]) == TARGETS
    with pytest.raises(NotFittedError):
        TrainingCurveDisplay.from_estimator(small(PLEClassifierRegressor))


def test_panels_divide_one_axes_or_take_those_given() -> None:
    history = history_of(4)
    figure, (left, right) = plt.subplots(1, 2)
    display = TrainingCurveDisplay.from_history(history, ax=right)
    assert display.ax_ is right
    assert display.figure_ is figure
    assert left.axison
    assert not right.axison
    given = plt.subplots(3)[1]
    assert list(TrainingCurveDisplay.from_history(history, ax=given).axes_) == list(given)
    with pytest.raises(ValueError, match="2 axes for 3 panels"):
        TrainingCurveDisplay.from_history(history, ax=plt.subplots(2)[1])


@pytest.mark.parametrize("n_tasks", [2, 12, 27])
def test_the_legend_names_all_tasks_and_stays_within_the_figure(n_tasks) -> None:
    display = TrainingCurveDisplay.from_history(history_of(n_tasks))
    display.figure_.canvas.draw()
    assert len(legend(display)) == n_tasks + 1
    box = display.axes_[-1].get_legend().get_window_extent()
    whole = display.figure_.bbox
    assert box.x0 >= display.axes_[-1].get_window_extent().x1
    assert box.x1 <= whole.x1
    assert box.y0 >= whole.y0
    assert display.axes_[0].get_window_extent().width > 100


@pytest.mark.parametrize(("n_tasks", "length"), [(2, 60), (13, 40), (30, 40)])
@pytest.mark.parametrize("own_figure", [True, False], ids=["own figure", "given axes"])
def test_long_names_leave_room_for_the_panels(n_tasks, length, own_figure) -> None:
    """A figure whose axes have collapsed is a warning, and so an error here."""
    history = history_of(n_tasks).rename(columns=lambda c: c.replace("task", f"${'x' * length}$"))
    ax = None if own_figure else plt.subplots(layout="constrained")[1]
    display = TrainingCurveDisplay.from_history(history, ax=ax)
    display.figure_.canvas.draw()
    names = display.axes_[-1].get_legend().get_texts()
    assert len(set(legend(display))) == n_tasks + 1
    assert max(map(len, legend(display))) <= 26
    assert not any(name.get_parse_math() for name in names)
    assert display.axes_[0].get_window_extent().width > (200 if own_figure else 20)


def test_nothing_to_draw() -> None:
    with pytest.raises(ValueError, match=r"tasks is empty.*'task 0', 'task 1'"):
        TrainingCurveDisplay.from_history(history_of(2), tasks=[])
    with pytest.raises(ValueError, match="interrupted before the first ended"):
        TrainingCurveDisplay.from_history(pd.DataFrame({"epoch": [1]}))


def test_without_matplotlib_the_error_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match="pip install matplotlib"):
        TrainingCurveDisplay(history_of(2)).plot()
