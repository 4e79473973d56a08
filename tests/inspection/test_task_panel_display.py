"""A panel per task shows what scikit-learn computes of its labelled rows."""

from __future__ import annotations

import copy
import sys
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import pytest
from architecture_walk import eager, small
from people import make_people
from sklearn import metrics
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

matplotlib.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.cbook import STEP_LOOKUP_MAP

from sklearn_ple import PLEClassifierRegressor
from sklearn_ple.inspection import TaskPanelDisplay
from sklearn_ple.metrics import expected_calibration_error

X, Y = make_people(223, seed=1)
SHADES = ["blue", "green", "red"]


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def model() -> PLEClassifierRegressor:
    return eager(PLEClassifierRegressor, max_epochs=9).fit(*make_people(211))


@pytest.fixture(scope="module")
def frame(model) -> pd.DataFrame:
    return model.predict_frame(X)


def rows_of(name: str) -> np.ndarray:
    return Y[name].notna().to_numpy()


def points(artist: Any) -> tuple[np.ndarray, np.ndarray]:
    if hasattr(artist, "get_offsets"):
        return tuple(np.asarray(artist.get_offsets()).T)
    return np.asarray(artist.get_xdata()), np.asarray(artist.get_ydata())


def as_drawn(line: Any) -> tuple[np.ndarray, np.ndarray]:
    """The corners of the staircase that matplotlib makes of a line's points."""
    return STEP_LOOKUP_MAP[line.get_drawstyle()](*line.get_data())


def summary(display: TaskPanelDisplay, k: int = 0) -> str:
    return display.axes_[k].get_legend().get_title().get_text()


def many(n_tasks: int, n: int = 61) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Labels and predictions of tasks that are binary, of numbers, and of four classes by turns."""
    rng = np.random.default_rng(n_tasks)
    y, predicted = {}, {}
    for k in range(n_tasks):
        name = f"task number {k} with a long name"
        if k % 3 == 0:
            p = rng.random(n)
            y[name] = (rng.random(n) < p).astype(float)
            predicted |= {f"{name}=0.0": 1 - p, f"{name}=1.0": p}
        elif k % 3 == 1:
            y[name] = rng.normal(0, 10.0**k, n)
            predicted[name] = y[name] + rng.normal(0, 10.0**k, n)
        else:
            p = rng.dirichlet(np.ones(4), n)
            y[name] = np.array(list("abcd"))[[rng.choice(4, p=each) for each in p]]
            predicted |= {f"{name}={c}": p[:, j] for j, c in enumerate("abcd")}
    return pd.DataFrame(y), pd.DataFrame(predicted)


# What the curves are


def test_roc_curves_and_areas(model, frame) -> None:
    display = TaskPanelDisplay.from_estimator(model, X, Y, curve="roc")
    assert list(display.artists_) == ["bought", "shade"]
    rows = rows_of("bought")
    is_yes, p = Y["bought"][rows] == "yes", frame["bought=yes"][rows]
    (line,) = display.artists_["bought"]
    false, true, _ = metrics.roc_curve(is_yes, p)
    np.testing.assert_allclose(points(line), (false, true))
    assert summary(display) == f"AUC {metrics.roc_auc_score(is_yes, p):.3f}\nn = {rows.sum()}"
    rows = rows_of("shade")
    areas = []
    for shade, line in zip(SHADES, display.artists_["shade"], strict=True):
        is_shade, p = Y["shade"][rows] == shade, frame[f"shade={shade}"][rows]
        np.testing.assert_allclose(points(line), metrics.roc_curve(is_shade, p)[:2])
        assert line.get_label() == shade
        areas.append(metrics.roc_auc_score(is_shade, p))
    assert summary(display, 1) == f"AUC {np.mean(areas):.3f} (mean)\nn = {rows.sum()}"


def test_precision_and_recall_with_the_share_of_positives(model, frame) -> None:
    display = TaskPanelDisplay.from_estimator(model, X, Y, curve="pr", tasks=["bought"])
    rows = rows_of("bought")
    is_yes, p = (Y["bought"][rows] == "yes").to_numpy(), frame["bought=yes"][rows].to_numpy()
    precision, recall, _ = metrics.precision_recall_curve(is_yes, p)
    (line,) = display.artists_["bought"]
    np.testing.assert_allclose(points(line), (recall[::-1], precision[::-1]))
    average = metrics.average_precision_score(is_yes, p)
    assert summary(display).startswith(f"AP {average:.3f}")
    across, up = as_drawn(line)
    np.testing.assert_allclose(np.trapezoid(up, across), average)
    (share,) = [each for each in display.axes_[0].lines if each.get_linestyle() == ":"]
    np.testing.assert_allclose(share.get_ydata(), is_yes.mean())


def test_calibration_is_by_bins_of_equal_weight(model, frame) -> None:
    display = TaskPanelDisplay.from_estimator(model, X, Y, curve="calibration")
    assert list(display.artists_) == ["bought", "spent", "shade"]
    rows = rows_of("bought")
    table = pd.DataFrame({"p": frame["bought=yes"][rows], "y": Y["bought"][rows] == "yes"})
    table = table.sort_values("p", ignore_index=True)
    bins = ((np.arange(len(table)) + 0.5) / len(table) * 10).astype(int)
    means = table.groupby(bins).mean()
    (line,) = display.artists_["bought"]
    np.testing.assert_allclose(points(line), (means["p"], means["y"]))
    error = expected_calibration_error(Y["bought"], frame["bought=yes"], classes=["no", "yes"])
    assert summary(display).startswith(f"ECE {error:.3f}")
    (numbers,) = display.artists_["spent"]
    predicted, actual = points(numbers)
    rows = rows_of("spent")
    assert (np.diff(predicted) > 0).all()
    sizes = np.bincount(((np.arange(rows.sum()) + 0.5) / rows.sum() * 10).astype(int))
    assert sizes @ actual / rows.sum() == pytest.approx(Y["spent"][rows].mean())


def test_calibration_does_not_depend_on_the_order_of_rows() -> None:
    """Equal predictions, as after isotonic calibration, are in one bin."""
    p = np.repeat([0.2, 0.5, 0.6], [7, 31, 5])
    happened = np.resize([1.0, 0.0, 0.0, 1.0, 1.0], 43)
    frame = pd.DataFrame({"a=0.0": 1 - p, "a=1.0": p})
    shapes = []
    for order in (np.argsort(happened), np.argsort(-happened), np.arange(43)):
        y = pd.DataFrame({"a": happened[order]})
        display = TaskPanelDisplay.from_predictions(y, frame.iloc[order], curve="calibration")
        shapes.append(points(display.artists_["a"][0]))
    predicted, actual = shapes[0]
    np.testing.assert_allclose(predicted, [0.2, 0.5, 0.6])
    np.testing.assert_allclose(actual, [happened[p == each].mean() for each in (0.2, 0.5, 0.6)])
    np.testing.assert_allclose(shapes[1], shapes[0])
    np.testing.assert_allclose(shapes[2], shapes[0])


def test_residuals_are_actual_less_predicted(model, frame) -> None:
    display = TaskPanelDisplay.from_estimator(model, X, Y, curve="residuals")
    assert list(display.artists_) == ["spent"]
    rows = rows_of("spent")
    truth, predicted = Y["spent"][rows].astype(float), frame["spent"][rows]
    (dots,) = display.artists_["spent"]
    np.testing.assert_allclose(points(dots), (predicted, truth - predicted))
    assert summary(display).startswith(f"R² {metrics.r2_score(truth, predicted):.3f}")


def test_by_itself_it_chooses_roc_for_classes_and_residuals_for_numbers(model) -> None:
    display = TaskPanelDisplay.from_estimator(model, X, Y)
    kinds = [(panel.task, panel.kind) for panel in display.panels]
    assert kinds == [("bought", "roc"), ("spent", "residuals"), ("shade", "roc")]
    assert [axes.get_title() for axes in display.axes_] == ["bought", "spent", "shade"]


def test_calibrated_estimators_show_it(model) -> None:
    calibrated = copy.deepcopy(model).calibrate(X, Y)
    before, after = (
        TaskPanelDisplay.from_estimator(each, X, Y, curve="calibration", tasks=["bought"])
        for each in (model, calibrated)
    )
    assert summary(after) < summary(before)


# What it reads


@pytest.mark.parametrize("curve", ["roc", "pr", "calibration", "residuals"])
def test_predictions_made_before_give_the_same_picture(model, frame, curve) -> None:
    direct = TaskPanelDisplay.from_estimator(model, X, Y, curve=curve)
    stored = TaskPanelDisplay.from_predictions(Y, frame, curve=curve)
    assert list(direct.artists_) == list(stored.artists_)
    for name, artists in direct.artists_.items():
        for one, other in zip(artists, stored.artists_[name], strict=True):
            np.testing.assert_array_equal(points(one), points(other))


def test_weights_count_and_rows_of_none_are_left_out(model, frame) -> None:
    weight = np.random.default_rng(0).integers(0, 3, (223, 3)).astype(float)
    for display in (
        TaskPanelDisplay.from_estimator(model, X, Y, sample_weight=weight, curve="roc"),
        TaskPanelDisplay.from_predictions(Y, frame, sample_weight=weight, curve="roc"),
    ):
        rows = rows_of("bought") & (weight[:, 0] > 0)
        area = metrics.roc_auc_score(
            Y["bought"][rows] == "yes", frame["bought=yes"][rows], sample_weight=weight[rows, 0]
        )
        assert summary(display) == f"AUC {area:.3f}\nn = {rows.sum()}"
    repeated = TaskPanelDisplay.from_predictions(
        Y.loc[Y.index.repeat(2)], frame.loc[frame.index.repeat(2)], curve="pr"
    )
    once = TaskPanelDisplay.from_predictions(Y, frame, curve="pr")
    np.testing.assert_allclose(
        points(repeated.artists_["bought"][0]), points(once.artists_["bought"][0])
    )


@pytest.mark.parametrize("dtype", [int, float, bool, "Int64", object])
def test_labels_are_told_from_names_of_columns_whatever_their_dtype(dtype) -> None:
    p = np.linspace(0.1, 0.9, 17)
    labels = (np.arange(17) % 3 > 0).astype(int)
    frame = pd.DataFrame({"flag=0.0": 1 - p, "flag=1.0": p})
    y = pd.DataFrame({"flag": pd.Series(labels).astype(dtype)})
    display = TaskPanelDisplay.from_predictions(y, frame)
    np.testing.assert_allclose(
        points(display.artists_["flag"][0]), metrics.roc_curve(labels, p)[:2]
    )


def test_rows_without_a_prediction_are_left_out(frame) -> None:
    """As where folds do not test all rows."""
    unanswered = np.arange(len(X)) % 3 == 1
    partial = frame.copy()
    partial.loc[unanswered] = np.nan
    for curve in ("roc", "pr", "calibration", "residuals"):
        some = TaskPanelDisplay.from_predictions(Y, partial, curve=curve)
        kept = TaskPanelDisplay.from_predictions(Y[~unanswered], frame[~unanswered], curve=curve)
        assert [summary(some, k) for k in range(len(some.panels))] == [
            summary(kept, k) for k in range(len(kept.panels))
        ]
    with pytest.raises(ValueError, match="No row that has a label of 'spent' has a prediction"):
        TaskPanelDisplay.from_predictions(Y, frame.assign(spent=np.nan), curve="residuals")


def test_classes_whose_names_begin_with_an_underscore_are_in_the_legend() -> None:
    y, predicted = many(3)
    name = list(y)[2]
    y[name] = y[name].replace("a", "_a")
    predicted = predicted.rename(columns={f"{name}=a": f"{name}=_a"})
    display = TaskPanelDisplay.from_predictions(y, predicted, curve="roc", tasks=[name])
    legend = display.axes_[0].get_legend()
    entries = zip(legend.get_texts(), legend.get_lines(), strict=True)
    shown = {text.get_text(): line.get_color() for text, line in entries}
    drawn = {line.get_label(): line.get_color() for line in display.artists_[name]}
    assert shown == drawn
    assert list(shown) == ["_a", "b", "c", "d"]


def test_a_pipeline_is_looked_into(frame) -> None:
    halved = FunctionTransformer(lambda table: table.assign(age=table["age"] / 2))
    pipeline = make_pipeline(halved, small(PLEClassifierRegressor)).fit(X, Y)
    display = TaskPanelDisplay.from_estimator(pipeline, X, Y, curve="residuals")
    predicted = pipeline[-1].predict_frame(halved.transform(X))["spent"][rows_of("spent")]
    np.testing.assert_allclose(points(display.artists_["spent"][0])[0], predicted)


def test_a_class_that_is_absent_has_no_curve_and_one_class_alone_says_so(model) -> None:
    y = Y.assign(shade=Y["shade"].where(Y["shade"] != "red"), bought="yes")
    display = TaskPanelDisplay.from_estimator(model, X, y, curve="roc")
    assert [line.get_label() for line in display.artists_["shade"]] == ["blue", "green"]
    assert display.artists_["bought"] == []
    assert summary(display) == "one class only\nn = 223"
    precision = TaskPanelDisplay.from_estimator(model, X, y, curve="pr", tasks=["bought"])
    assert precision.artists_["bought"] == []


@pytest.mark.parametrize("curve", ["roc", "pr", "calibration", "residuals"])
def test_a_task_without_labels_says_so(model, curve) -> None:
    display = TaskPanelDisplay.from_estimator(
        model, X, Y.assign(spent=None, shade=None), curve=curve
    )
    for task, axes in zip(display.panels, display.axes_, strict=True):
        if task.task != "bought":
            assert display.artists_[task.task] == []
            assert axes.get_legend().get_title().get_text() == "no label\nn = 0"


def test_very_many_rows_are_thinned_out() -> None:
    rng = np.random.default_rng(0)
    y = pd.DataFrame({"a": rng.normal(size=7_001)})
    display = TaskPanelDisplay.from_predictions(y, y + 1, curve="residuals")
    assert 1_000 < len(points(display.artists_["a"][0])[0]) <= 2_000
    assert "n = 7,001" in summary(display)


def test_long_names_are_cut_and_dollars_are_no_formula() -> None:
    y, frame = many(4)
    plain, dear = "number", "$number$ of \\frac"
    y, frame = (each.rename(columns=lambda c: c.replace(plain, dear)) for each in (y, frame))
    display = TaskPanelDisplay.from_predictions(y, frame)
    display.figure_.canvas.draw()
    titles = [axes.title for axes in display.axes_]
    assert titles[0].get_text() == "task $number$ of \\frac 0 …"
    assert not any(title.get_parse_math() for title in titles)


# Where it draws


def test_panels_divide_one_axes_or_take_those_given(frame) -> None:
    figure, (left, right) = plt.subplots(1, 2)
    display = TaskPanelDisplay.from_predictions(Y, frame, ax=right)
    assert display.ax_ is right
    assert display.figure_ is figure
    assert left.axison
    given = plt.subplots(3)[1]
    assert list(TaskPanelDisplay.from_predictions(Y, frame, ax=given).axes_) == list(given)
    with pytest.raises(ValueError, match="2 axes for 3 tasks"):
        TaskPanelDisplay.from_predictions(Y, frame, ax=plt.subplots(2)[1])


@pytest.mark.parametrize("n_tasks", [1, 3, 12])
@pytest.mark.parametrize("curve", ["auto", "calibration"])
def test_titles_stay_apart_and_within_the_figure(n_tasks, curve) -> None:
    display = TaskPanelDisplay.from_predictions(*many(n_tasks), curve=curve)
    display.figure_.canvas.draw()
    boxes = [axes.title.get_window_extent() for axes in display.axes_]
    assert len(boxes) == n_tasks
    whole = display.figure_.bbox
    assert all(box.x0 >= whole.x0 and box.x1 <= whole.x1 for box in boxes)
    assert not any(one.overlaps(other) for k, one in enumerate(boxes) for other in boxes[k + 1 :])
    for axes in display.axes_:
        room, inside = axes.get_window_extent(), axes.get_legend().get_window_extent()
        assert room.x0 <= inside.x0
        assert inside.x1 <= room.x1
        assert room.y0 <= inside.y0
        assert inside.y1 <= room.y1


def test_there_are_at_most_four_panels_in_a_row() -> None:
    display = TaskPanelDisplay.from_predictions(*many(9))
    rows = {axes.get_subplotspec().rowspan.start for axes in display.axes_}
    columns = {axes.get_subplotspec().colspan.start for axes in display.axes_}
    assert (len(rows), len(columns)) == (3, 3)


# Errors


def test_what_cannot_be_drawn(model, frame) -> None:
    with pytest.raises(ValueError, match="curve='lift' is none of"):
        TaskPanelDisplay.from_predictions(Y, frame, curve="lift")
    with pytest.raises(ValueError, match=r"no tasks \['colour'\]"):
        TaskPanelDisplay.from_predictions(Y, frame, tasks=["colour"])
    with pytest.raises(ValueError, match=r"'roc' fits none of \['spent'\]"):
        TaskPanelDisplay.from_predictions(Y, frame, tasks=["spent"], curve="roc")
    with pytest.raises(ValueError, match="no prediction of 'spent'"):
        TaskPanelDisplay.from_predictions(Y, frame.drop(columns="spent"))
    with pytest.raises(ValueError, match="223 rows of labels, 9 predicted"):
        TaskPanelDisplay.from_predictions(Y, frame[:9])
    with pytest.raises(ValueError, match="'violet' is none of the classes"):
        TaskPanelDisplay.from_predictions(Y.assign(shade="violet"), frame)


def test_without_matplotlib_the_error_says_what_to_install(frame, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match="pip install matplotlib"):
        TaskPanelDisplay.from_predictions(Y, frame)
