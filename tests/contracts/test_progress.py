"""scikit-learn's callbacks, attached with `set_callbacks`, and the live line of `verbose=1`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from architecture_walk import ARCHITECTURES, over, small
from people import make_people
from sklearn.callback import ProgressBar
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_ple import DivergenceError, PLEClassifierRegressor, PLEEstimator

pytest.importorskip("rich", reason="ProgressBar draws with rich")
X, Y = make_people(157)


class Listener:
    """A scikit-learn callback that writes down what it is told."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.stop_after = stop_after
        self.heard: list[str] = []

    def setup(self, estimator: Any, context: Any) -> None:
        self.heard.append("setup")

    def on_fit_task_begin(self, estimator: Any, context: Any, **kwargs: Any) -> None:
        self.heard.append(f"{context.task_name} begins")

    def on_fit_task_end(self, estimator: Any, context: Any, **kwargs: Any) -> bool:
        self.heard.append(f"{context.task_name} ends")
        return self.heard.count("epoch ends") == self.stop_after

    def teardown(self, estimator: Any, context: Any) -> None:
        self.heard.append("teardown")


EPOCH = ["epoch begins", "epoch ends"]


@over(ARCHITECTURES)
def test_a_callback_hears_of_every_epoch(cls) -> None:
    listener = Listener()
    small(cls, max_epochs=3).set_callbacks(listener).fit(X, Y)
    assert listener.heard == ["setup", "fit begins", *EPOCH * 3, "fit ends", "teardown"]


def test_a_callback_may_stop_training() -> None:
    listener = Listener(stop_after=2)
    model = small(PLEEstimator, max_epochs=9).set_callbacks(listener).fit(X, Y)
    assert len(model.history_) == 2
    assert listener.heard[-2:] == ["fit ends", "teardown"]


def test_a_callback_hears_of_chunks_too() -> None:
    listener = Listener()
    model = small(PLEEstimator).set_callbacks(listener).partial_fit(X, Y).partial_fit(X, Y)
    assert listener.heard.count("epoch ends") == 2
    assert model.history_["epoch"].tolist() == [1, 2]


def test_a_callback_is_torn_down_after_an_error() -> None:
    listener = Listener()
    model = small(PLEEstimator, optimizer="sgd", lr=1e12).set_callbacks(listener)
    with pytest.raises(DivergenceError):
        model.fit(X, Y)
    assert listener.heard[-1] == "teardown"


def test_a_progress_bar_on_the_estimator(capsys: pytest.CaptureFixture[str]) -> None:
    expected = small(PLEClassifierRegressor).fit(X, Y).predict(X)
    model = small(PLEClassifierRegressor).set_callbacks(ProgressBar()).fit(X, Y)
    shown = capsys.readouterr().out
    assert "PLEClassifierRegressor - fit" in shown
    assert "100%" in shown
    np.testing.assert_array_equal(model.predict(X), expected)


def test_a_progress_bar_through_a_pipeline(capsys: pytest.CaptureFixture[str]) -> None:
    pipeline = make_pipeline(FunctionTransformer(), small(PLEClassifierRegressor))
    pipeline.set_callbacks(ProgressBar(max_propagation_depth=None))
    with pytest.warns(UserWarning, match="FunctionTransformer does not support callbacks"):
        pipeline.fit(X, Y)
    shown = capsys.readouterr().out
    assert "Pipeline - fit" in shown
    assert "PLEClassifierRegressor" in shown


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_progress_bar_through_a_search(n_jobs: int, capsys: pytest.CaptureFixture[str]) -> None:
    grid = {"lr": [0.003, 0.01]}
    search = GridSearchCV(small(PLEClassifierRegressor), grid, cv=KFold(2), n_jobs=n_jobs)
    search.set_callbacks(ProgressBar(max_propagation_depth=None)).fit(X, Y)
    shown = capsys.readouterr().out
    assert "GridSearchCV - fit" in shown
    assert "PLEClassifierRegressor" in shown


def test_a_live_line(capsys: pytest.CaptureFixture[str]) -> None:
    x_val, y_val = make_people(61, seed=1)
    small(PLEClassifierRegressor, verbose=1).fit(X, Y, X_val=x_val, y_val=y_val)
    captured = capsys.readouterr()
    last = captured.err.rsplit("\r", 1)[-1]
    assert captured.out == ""
    assert "PLEClassifierRegressor" in last
    assert "3/3" in last
    for name in ("bought", "spent", "shade"):
        assert name in last


def test_silence_is_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    small(PLEClassifierRegressor).fit(X, Y).predict(X)
    assert capsys.readouterr() == ("", "")
