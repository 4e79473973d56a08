"""The Pareto front as a picture: which points, in which panels, by which names."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from sklearn_ple.inspection import ParetoDisplay

SCORES = pd.DataFrame(
    {
        "clicks": [0.7, 0.8, 0.6, 0.75, 0.5],
        "sales": [0.6, 0.5, 0.4, 0.6, 0.3],
        "hours": [0.1, 0.2, 0.3, 0.0, 0.2],
    },
    index=[3, 5, 8, 13, 21],
)


class Search:
    """What the display asks of a fitted search."""

    def pareto_frame(self, *, only_front: bool) -> pd.DataFrame:
        assert not only_front
        front = [True, True, True, True, False]
        return SCORES.assign(on_front=front, param_lr=np.arange(5.0))


def points(display: ParetoDisplay, across: str, up: str) -> list[tuple[float, ...]]:
    return sorted(map(tuple, display.points_[across, up].get_offsets().tolist()))


def test_two_metrics_are_one_panel_with_the_front_in_it() -> None:
    display = ParetoDisplay.from_predictions(SCORES[["clicks", "sales"]])
    assert len(display.axes_) == 1
    assert points(display, "clicks", "sales") == [(0.75, 0.6), (0.8, 0.5)]
    assert display.trials["on_front"].tolist() == [False, True, False, True, False]
    panel = display.axes_[0]
    assert (panel.get_xlabel(), panel.get_ylabel()) == ("clicks", "sales")
    assert sorted(text.get_text() for text in panel.texts) == ["13", "5"]


def test_the_line_bounds_all_that_is_beaten() -> None:
    display = ParetoDisplay.from_predictions(SCORES[["clicks", "sales"]])
    (line,) = display.axes_[0].lines
    x, y = line.get_data()
    assert line.get_drawstyle() == "steps-pre"
    assert list(zip(x, y, strict=True)) == [(0.75, 0.6), (0.8, 0.5)]


def test_three_metrics_are_a_panel_a_pair() -> None:
    display = ParetoDisplay.from_estimator(Search())
    assert list(display.points_) == [("clicks", "sales"), ("clicks", "hours"), ("sales", "hours")]
    assert points(display, "sales", "hours") == [(0.4, 0.3), (0.5, 0.2), (0.6, 0.0), (0.6, 0.1)]


def test_a_front_of_more_metrics_is_no_line_in_one_panel() -> None:
    """Point 8 is on the front by its hours alone, which this panel does not show."""
    display = ParetoDisplay.from_estimator(Search(), metrics=["clicks", "sales"])
    assert len(points(display, "clicks", "sales")) == 4
    assert not display.axes_[0].lines


def test_panels_may_be_given() -> None:
    figure, axes = plt.subplots(1, 3)
    display = ParetoDisplay.from_estimator(Search(), ax=axes)
    assert list(display.axes_) == list(axes)
    assert display.figure_ is figure
    with pytest.raises(ValueError, match="2 axes"):
        ParetoDisplay.from_estimator(Search(), ax=axes[:2])


@pytest.mark.parametrize(
    ("metrics", "message"), [(["clicks"], "two metrics"), (["clicks", "fame"], "\\['fame'\\]")]
)
def test_wrong_metrics_are_told(metrics: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ParetoDisplay.from_estimator(Search(), metrics=metrics)


def test_without_matplotlib_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.partition(".")[0] == "matplotlib":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match="pip install matplotlib.*pareto_frame"):
        ParetoDisplay(SCORES.assign(on_front=True), ["clicks", "sales"]).plot()
