"""The picture shows the table: a bar per gate, a segment per expert, a colour family per owner."""

from __future__ import annotations

import colorsys
import sys
from itertools import pairwise

import matplotlib
import numpy as np
import pandas as pd
import pytest

matplotlib.use("Agg")

from matplotlib import pyplot as plt

from sklearn_ple.inspection import ExpertUtilizationDisplay


def utilization(n_tasks: int, n_own: int, n_shared: int, n_levels: int = 2) -> pd.DataFrame:
    """A table as a PLE of these sizes gives it."""
    rng, rows = np.random.default_rng(n_tasks), []
    tasks = [f"task {k}" for k in range(n_tasks)]
    own = {task: [f"{task} {i + 1}" for i in range(n_own)] for task in tasks}
    shared = [f"shared {i + 1}" for i in range(n_shared)]
    for level in range(1, n_levels + 1):
        gates = {task: own[task] + shared for task in tasks}
        if level < n_levels:
            gates["shared"] = [expert for task in tasks for expert in own[task]] + shared
        for gate, experts in gates.items():
            means, stds = rng.dirichlet(np.ones(len(experts))), rng.uniform(0.01, 0.1, len(experts))
            each = zip(experts, means, stds, strict=True)
            rows += [(level, gate, expert, mean, std) for expert, mean, std in each]
    return pd.DataFrame(rows, columns=["level", "gate", "expert", "mean", "std"])


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def ticks(display: ExpertUtilizationDisplay) -> dict[float, str]:
    labels = display.ax_.get_yticklabels()
    return dict(zip(display.ax_.get_yticks(), [label.get_text() for label in labels], strict=True))


def legend(display: ExpertUtilizationDisplay) -> list[str]:
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


@pytest.mark.parametrize("sizes", [(2, 1, 3), (3, 2, 4), (12, 2, 5)])
def test_segments_are_the_means_end_to_end_over_the_gates_name(sizes) -> None:
    table = utilization(*sizes)
    display = ExpertUtilizationDisplay(table).plot()
    names, drawn = ticks(display), []
    heading = None
    levels = {}
    for position in sorted(names):
        heading = names[position] if names[position].startswith("level ") else heading
        levels[position] = int(heading.removeprefix("level "))
    for expert, bars in display.bars_.items():
        for bar in bars:
            position = bar.get_y() + bar.get_height() / 2
            key = min(names, key=lambda p: abs(p - position))
            drawn.append((levels[key], names[key], expert, bar.get_width(), bar.get_x()))
    drawn = pd.DataFrame(drawn, columns=["level", "gate", "expert", "mean", "left"])
    both = table.merge(drawn, on=["level", "gate", "expert"], validate="one_to_one")
    assert len(both) == len(table) == len(drawn)
    np.testing.assert_allclose(both["mean_x"], both["mean_y"])
    for _, bar in both.groupby(["level", "gate"]):
        ends = np.cumsum(bar["mean_x"])
        np.testing.assert_allclose(bar["left"], np.r_[0, ends[:-1]], atol=1e-12)


def test_whiskers_go_back_one_standard_deviation_from_the_segments_ends() -> None:
    table = utilization(2, 1, 3, n_levels=1)
    whiskers = ExpertUtilizationDisplay(table).plot().whiskers_.get_segments()
    ends = table.groupby("gate", sort=False)["mean"].cumsum()
    drawn = sorted((segment[1, 0], segment[1, 0] - segment[0, 0]) for segment in whiskers)
    np.testing.assert_allclose(drawn, sorted(zip(ends, table["std"], strict=True)))


def test_whiskers_in_one_bar_do_not_overlap() -> None:
    segments = ExpertUtilizationDisplay(utilization(3, 2, 4)).plot().whiskers_.get_segments()
    heights = [round(segment[0, 1], 6) for segment in segments]
    assert len(set(heights)) == len(heights)


def test_no_whiskers_where_unwanted_or_too_many() -> None:
    table = utilization(12, 2, 5)
    assert ExpertUtilizationDisplay(table).plot(show_std=False).whiskers_ is None
    drawn = ExpertUtilizationDisplay(table).plot().whiskers_.get_segments()
    assert len(drawn) == (table["gate"] != "shared").sum()


@pytest.mark.parametrize("n_tasks", [2, 9, 12])
def test_shared_experts_are_grey_and_each_task_has_a_hue(n_tasks) -> None:
    display = ExpertUtilizationDisplay(utilization(n_tasks, 2, 3)).plot()
    colours = {expert: bars[0].get_facecolor()[:3] for expert, bars in display.bars_.items()}
    assert len(set(colours.values())) == 2 * n_tasks + 3
    hues = {}
    for expert, colour in colours.items():
        owner = expert.rpartition(" ")[0]
        hue, _, saturation = colorsys.rgb_to_hls(*colour)
        if owner == "shared":
            assert saturation == pytest.approx(0)
        else:
            assert saturation > 0.2
            assert hues.setdefault(owner, hue) == pytest.approx(hue, abs=0.01)
    apart = np.diff(sorted(hues.values()))
    assert len(hues) == n_tasks
    assert (apart > 0.004).all()


def test_later_experts_of_a_group_are_lighter() -> None:
    display = ExpertUtilizationDisplay(utilization(2, 3, 4)).plot()
    for group, size in [("task 0", 3), ("task 1", 3), ("shared", 4)]:
        light = [sum(display.bars_[f"{group} {i + 1}"][0].get_facecolor()[:3]) for i in range(size)]
        assert light == sorted(light)
        assert len(set(light)) == size


def test_an_expert_has_one_colour_in_all_gates() -> None:
    display = ExpertUtilizationDisplay(utilization(3, 2, 4)).plot()
    for bars in display.bars_.values():
        assert len({bar.get_facecolor() for bar in bars}) == 1


def test_the_legend_names_experts_and_with_many_their_owners() -> None:
    few = ExpertUtilizationDisplay(utilization(2, 1, 3)).plot()
    assert legend(few) == ["task 0 1", "task 1 1", "shared 1", "shared 2", "shared 3"]
    many = ExpertUtilizationDisplay(utilization(12, 2, 5)).plot()
    assert legend(many) == [f"task {k}" for k in range(12)] + ["shared"]


def test_nothing_is_written_over_anything_else_with_12_tasks() -> None:
    display = ExpertUtilizationDisplay(utilization(12, 2, 5)).plot()
    figure = display.figure_
    figure.canvas.draw()
    boxes = [label.get_window_extent() for label in display.ax_.get_yticklabels()]
    boxes.sort(key=lambda box: box.y0)
    assert all(lower.y1 <= upper.y0 for lower, upper in pairwise(boxes))
    legend_box = display.ax_.get_legend().get_window_extent()
    assert legend_box.x0 >= display.ax_.get_window_extent().x1
    assert legend_box.x1 <= figure.bbox.x1
    assert legend_box.y0 >= 0


@pytest.mark.parametrize(("n_tasks", "length"), [(2, 60), (13, 40)])
@pytest.mark.parametrize("own_figure", [True, False], ids=["own figure", "given axes"])
def test_long_names_leave_room_for_the_bars(n_tasks, length, own_figure) -> None:
    """A figure whose axes have collapsed is a warning, and so an error here."""
    long = {f"task {k}": f"$task$ {k} {'x' * length}" for k in range(n_tasks)}
    table = utilization(n_tasks, 2, 3)
    owners = table["expert"].str.rpartition(" ")
    table["expert"] = owners[0].replace(long) + " " + owners[2]
    table["gate"] = table["gate"].replace(long)
    ax = None if own_figure else plt.subplots(layout="constrained")[1]
    display = ExpertUtilizationDisplay(table).plot(ax=ax)
    display.figure_.canvas.draw()
    assert display.ax_.get_window_extent().width > (300 if own_figure else 100)
    assert set(display.bars_) == set(table["expert"])
    assert len(set(legend(display))) == (7 if n_tasks == 2 else 14)
    assert max(map(len, legend(display))) <= 26
    assert max(map(len, ticks(display).values())) <= 26
    texts = [*display.ax_.get_legend().get_texts(), *display.ax_.get_yticklabels()]
    assert not any(text.get_parse_math() for text in texts)


def test_draws_on_given_axes_and_leaves_the_table_as_it_was() -> None:
    table = utilization(2, 1, 3)
    before = table.copy()
    figure, (_, right) = plt.subplots(1, 2)
    display = ExpertUtilizationDisplay(table).plot(ax=right)
    assert display.ax_ is right
    assert display.figure_ is figure
    assert plt.get_fignums() == [figure.number]
    pd.testing.assert_frame_equal(table, before)


def test_without_matplotlib_the_error_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match="pip install matplotlib"):
        ExpertUtilizationDisplay(utilization(2, 1, 3)).plot()
