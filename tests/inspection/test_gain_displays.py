"""The pictures of gains show the table: signs, intervals, verdicts, and which scheme tips."""

from __future__ import annotations

import sys
from itertools import pairwise

import matplotlib
import numpy as np
import pandas as pd
import pytest

matplotlib.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.colors import to_rgb
from matplotlib.text import Text

from sklearn_ple.inspection import MTLGainDisplay, MTLGainReport, SeesawDisplay
from sklearn_ple.inspection.drawing import VERDICT_COLOURS
from sklearn_ple.metrics import gain_verdicts

SIZES = [(1, 2), (3, 2), (4, 5), (13, 16)]


def pairs_of(n_schemes: int, n_tasks: int, n_pairs: int = 5) -> pd.DataFrame:
    """Gains of some size in metrics of different scales."""
    rng = np.random.default_rng(n_schemes)
    rows = []
    for i in range(n_schemes):
        for k in range(n_tasks):
            scale = 10.0 ** -(k % 3)
            gains = scale * (rng.normal(0, 1.2) + rng.normal(0, 0.4, n_pairs))
            metric = ["r2", "rmse", "roc_auc"][k % 3]
            rows += [(f"s{i}", f"task {k}", metric, 0, p, gain) for p, gain in enumerate(gains)]
    table = pd.DataFrame(rows, columns=["scheme", "task", "metric", "fold", "seed", "gain"])
    return table.assign(single_task=0.5, multi_task=0.5 + table["gain"])


def report_of(n_schemes: int, n_tasks: int) -> MTLGainReport:
    return MTLGainReport.from_pairs(pairs_of(n_schemes, n_tasks), family="scheme")


def cell(report: MTLGainReport, scheme: str, task: str) -> pd.Series:
    return report.tasks.set_index(["scheme", "task"]).loc[(scheme, task)]


def marks_of(display: SeesawDisplay) -> list[str]:
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


# Bars


@pytest.mark.parametrize("sizes", SIZES)
def test_bars_are_the_gains_coloured_by_verdict(sizes) -> None:
    report = report_of(*sizes)
    display = MTLGainDisplay.from_report(report)
    tasks = [panel.get_title() for panel in display.axes_]
    assert tasks == list(display.bars_) == [f"task {k}" for k in range(sizes[1])]
    schemes = [label.get_text() for label in display.axes_[0].get_yticklabels()]
    assert schemes == [f"s{i}" for i in range(sizes[0])]
    for task, panel in zip(tasks, display.axes_, strict=True):
        for i, bar in enumerate(display.bars_[task]):
            row = cell(report, f"s{i}", task)
            assert bar.get_width() == pytest.approx(row["gain"])
            assert bar.get_y() + bar.get_height() / 2 == pytest.approx(i)
            assert bar.get_facecolor()[:3] == to_rgb(VERDICT_COLOURS[row["verdict"]])
        assert panel.get_xlabel() == f"gain in {row['metric']}"


def test_both_intervals_are_drawn_end_to_end() -> None:
    report = report_of(3, 2)
    display = MTLGainDisplay.from_report(report)
    for task in display.bars_:
        for lines, low, high in [
            (display.intervals_[task], "low", "high"),
            (display.holm_intervals_[task], "holm_low", "holm_high"),
        ]:
            segments = lines[2][0].get_segments()
            ends = [(segment[0, 0], segment[1, 0]) for segment in segments]
            rows = [cell(report, f"s{i}", task) for i in range(3)]
            np.testing.assert_allclose(ends, [(row[low], row[high]) for row in rows])


def test_the_legend_names_the_verdicts_there_are() -> None:
    report = report_of(4, 5)
    figure = MTLGainDisplay.from_report(report).figure_
    shown = {text.get_text() for text in figure.legends[0].get_texts()}
    assert shown == set(report.tasks["verdict"])


def test_panels_divide_one_axes_or_take_those_given() -> None:
    report = report_of(3, 2)
    figure, (left, right) = plt.subplots(1, 2)
    inside = MTLGainDisplay.from_report(report, ax=right)
    assert inside.ax_ is right
    assert not right.axison
    room = right.get_position()
    for panel in inside.axes_:
        assert panel.get_position().x0 >= room.x0 - 1e-9
        assert panel.get_position().x1 <= room.x1 + 1e-9
    assert left.axison
    given = plt.subplots(2)[1]
    assert list(MTLGainDisplay.from_report(report, ax=given).axes_) == list(given)
    with pytest.raises(ValueError, match="3 axes for 2 tasks"):
        MTLGainDisplay.from_report(report, ax=plt.subplots(3)[1])
    assert inside.figure_ is figure


@pytest.mark.parametrize("sizes", [(4, 5), (13, 16)])
def test_names_of_schemes_stay_apart(sizes) -> None:
    display = MTLGainDisplay.from_report(report_of(*sizes))
    display.figure_.canvas.draw()
    boxes = [label.get_window_extent() for label in display.axes_[0].get_yticklabels()]
    assert all(upper.y0 >= lower.y1 - 1 for upper, lower in pairwise(boxes))


# The seesaw of two tasks


def test_a_point_a_scheme_with_the_first_task_across_and_the_second_upwards() -> None:
    report = report_of(3, 2)
    display = SeesawDisplay.from_report(report)
    assert marks_of(display) == ["s0", "s1", "s2"]
    for scheme, (point,) in display.points_.items():
        rows = [cell(report, scheme, task) for task in ("task 0", "task 1")]
        assert point.get_xdata()[0] == pytest.approx(rows[0]["gain"])
        assert point.get_ydata()[0] == pytest.approx(rows[1]["gain"])
        filled = to_rgb(point.get_markerfacecolor()) != (1, 1, 1)
        assert filled == any(row["verdict"] != "no evidence" for row in rows)
    assert display.ax_.get_xlabel() == "gain of task 0 in r2"
    assert display.ax_.get_ylabel() == "gain of task 1 in rmse"


def test_zero_is_in_the_middle_and_everything_within() -> None:
    report = report_of(13, 2)
    ax = SeesawDisplay.from_report(report).ax_
    for limits, task in [(ax.get_xlim(), "task 0"), (ax.get_ylim(), "task 1")]:
        rows = report.tasks[report.tasks["task"] == task]
        assert limits[0] == -limits[1]
        assert rows["holm_low"].min() > limits[0]
        assert rows["holm_high"].max() < limits[1]


def test_two_of_many_tasks_can_be_named_in_either_order() -> None:
    report = report_of(4, 5)
    display = SeesawDisplay.from_report(report, tasks=["task 4", "task 1"])
    assert display.ax_.get_xlabel() == "gain of task 4 in rmse"
    (point,) = display.points_["s2"]
    assert point.get_xdata()[0] == pytest.approx(cell(report, "s2", "task 4")["gain"])
    assert point.get_ydata()[0] == pytest.approx(cell(report, "s2", "task 1")["gain"])


# The seesaw of more tasks


@pytest.mark.parametrize("sizes", [(1, 3), (4, 5), (13, 16)])
def test_a_strip_a_scheme_has_a_point_a_task_in_the_band_of_its_verdict(sizes) -> None:
    report = report_of(*sizes)
    display = SeesawDisplay.from_report(report)
    for i, (scheme, points) in enumerate(display.points_.items()):
        assert len(points) == sizes[1]
        for k, point in enumerate(points):
            (x,), (height,) = point.get_data()
            verdict = cell(report, scheme, f"task {k}")["verdict"]
            assert abs(x - i) < 0.5
            assert {"improved": height > 1, "hurt": height < -1, "no evidence": abs(height) < 1}[
                verdict
            ]
            filled = to_rgb(point.get_markerfacecolor()) != (1, 1, 1)
            assert filled == (verdict != "no evidence")
    assert marks_of(display) == [f"task {k}" for k in range(sizes[1])]


def test_names_of_schemes_that_tip_are_bold() -> None:
    report = report_of(13, 16)
    labels = SeesawDisplay.from_report(report).ax_.get_xticklabels()
    bold = {label.get_text() for label in labels if label.get_fontweight() == "bold"}
    assert bold == set(report.schemes.query("seesaw")["scheme"])
    assert 0 < len(bold) < 13


def test_a_gain_of_exactly_zero_is_on_the_line() -> None:
    pairs = pairs_of(2, 3)
    pairs.loc[pairs["scheme"] == "s1", "gain"] = 0.0
    display = SeesawDisplay(gain_verdicts(pairs)).plot()
    assert [point.get_ydata()[0] for point in display.points_["s1"]] == [0, 0, 0]


def test_each_task_has_its_own_mark_even_when_there_are_many() -> None:
    points = SeesawDisplay.from_report(report_of(1, 16)).points_["s0"]
    assert len({(point.get_color(), point.get_marker()) for point in points}) == 16


# Both


@pytest.mark.parametrize("sizes", [(4, 5), (13, 2), (13, 16)])
def test_the_legend_is_beside_the_axes_and_within_the_figure(sizes) -> None:
    display = SeesawDisplay.from_report(report_of(*sizes))
    display.figure_.canvas.draw()
    box = display.ax_.get_legend().get_window_extent()
    assert box.x0 >= display.ax_.get_window_extent().x1
    assert box.x1 <= display.figure_.bbox.x1
    assert box.y0 >= 0


@pytest.mark.parametrize(("sizes", "length"), [((3, 2), 60), ((1, 13), 40), ((7, 3), 60)])
@pytest.mark.parametrize("display", [MTLGainDisplay, SeesawDisplay])
@pytest.mark.parametrize("own_figure", [True, False], ids=["own figure", "given axes"])
def test_long_names_leave_room_for_what_is_drawn(display, sizes, length, own_figure) -> None:
    """A figure whose axes have collapsed is a warning, and so an error here."""
    pairs = pairs_of(*sizes)
    for column in ("scheme", "task"):
        pairs[column] = "$" + pairs[column] + "$ " + "x" * length
    ax = None if own_figure else plt.subplots(layout="constrained")[1]
    drawn = display(gain_verdicts(pairs)).plot(ax=ax)
    drawn.figure_.canvas.draw()
    axes = getattr(drawn, "axes_", [drawn.ax_])
    assert axes[0].get_window_extent().width > (100 if own_figure else 50)
    named = [axes[0].title, axes[0].xaxis.label, axes[0].yaxis.label, *axes[0].get_yticklabels()]
    named += [*axes[0].get_xticklabels(), *(drawn.ax_.get_legend() or axes[0]).findobj(Text)]
    dollars = [text for text in named if "$" in text.get_text()]
    assert dollars
    assert not any(text.get_parse_math() for text in dollars)
    assert all(len(text.get_text()) <= 26 + len("gain of  in roc_auc") for text in dollars)


def test_seesaws_are_drawn_on_given_axes() -> None:
    figure, (left, right) = plt.subplots(1, 2)
    display = SeesawDisplay.from_report(report_of(3, 2), ax=right)
    assert display.ax_ is right
    assert display.figure_ is figure
    assert not left.has_data()


@pytest.mark.parametrize("display", [MTLGainDisplay, SeesawDisplay])
@pytest.mark.parametrize("sizes", [(3, 2), (4, 5)])
def test_the_table_stays_as_it_was_and_needs_no_metric(display, sizes) -> None:
    gains = gain_verdicts(pairs_of(*sizes))
    before = gains.copy()
    display(gains).plot()
    pd.testing.assert_frame_equal(gains, before)


@pytest.mark.parametrize("display", [MTLGainDisplay, SeesawDisplay])
@pytest.mark.parametrize("n_tasks", [2, 3])
def test_a_task_without_an_interval_is_drawn_without_one(display, n_tasks) -> None:
    pairs = pairs_of(2, n_tasks)
    pairs.loc[(pairs["scheme"] == "s1") & (pairs["seed"] > 0), "gain"] = np.nan
    display(gain_verdicts(pairs)).plot().figure_.canvas.draw()


@pytest.mark.parametrize("display", [MTLGainDisplay, SeesawDisplay])
def test_without_matplotlib_the_error_says_what_to_install(display, monkeypatch) -> None:
    report = report_of(3, 2)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match="pip install matplotlib"):
        display.from_report(report)


@pytest.mark.parametrize(
    ("n_tasks", "tasks", "message"),
    [
        (1, None, "two tasks or more"),
        (3, ["task 1"], "two tasks or more"),
        (3, ["task 1", "task 7"], "tasks names \\['task 7'\\]"),
    ],
)
def test_a_seesaw_needs_two_tasks_that_there_are(n_tasks, tasks, message) -> None:
    with pytest.raises(ValueError, match=message):
        SeesawDisplay.from_report(report_of(2, n_tasks), tasks=tasks)
