"""An interrupt, wherever it strikes, leaves an estimator that can be used."""

from __future__ import annotations

import inspect
import os
import pickle
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, Self

import numpy as np
import pandas as pd
import pytest
from architecture_walk import small
from lasting import times
from people import make_people
from sklearn.exceptions import NotFittedError
from skorch.callbacks import Callback

import sklearn_ple
from sklearn_ple import PLEClassifierRegressor
from sklearn_ple.base import MultiTaskEstimator, reader
from sklearn_ple.features import FeatureTable
from sklearn_ple.training import BestWeights, MultiTaskNet
from sklearn_ple.training.lent_noise import LentNoise

pytestmark = pytest.mark.reliability
X, Y = make_people(157)
PACKAGE = str(Path(sklearn_ple.__file__).parent)


def interrupt() -> None:
    """What Ctrl-C does."""
    os.kill(os.getpid(), signal.SIGINT)


class After(Callback):
    """Interrupts at the n-th time that something happens in training."""

    def __init__(self, event: str, n: int) -> None:
        self.event = event
        self.n = n

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        return self.count if name.startswith("on_") and name == self.event else found

    def count(self, net: MultiTaskNet, *args: object, **kwargs: object) -> None:
        self.left = getattr(self, "left", self.n) - 1
        if self.left == 0:
            interrupt()


def fitted(**options: object) -> MultiTaskEstimator:
    return small(PLEClassifierRegressor, **options).fit(X, Y)


EVENTS = {
    "on_train_begin": [1],
    "on_epoch_begin": [1, 2],
    "on_batch_begin": [1, 2, 5],
    "on_grad_computed": [1, 2, 5],
    "on_batch_end": [1, 2, 5],
}


@pytest.mark.parametrize(("event", "n"), [(e, n) for e, ns in EVENTS.items() for n in ns])
def test_ctrl_c_while_training(event: str, n: int) -> None:
    """Where training had begun there is a model; in any case there can be one."""
    model = small(PLEClassifierRegressor, batch_size=64, max_epochs=3, callbacks=[After(event, n)])
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y)
    assert not model.predict_frame(X).isna().to_numpy().any()
    model.set_params(callbacks=None).fit(X, Y)
    np.testing.assert_array_equal(model.predict(X), fitted(batch_size=64, max_epochs=3).predict(X))


@pytest.mark.parametrize("again", [False, True], ids=["first fit", "fitted before"])
def test_ctrl_c_before_training(again: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    model = fitted() if again else small(PLEClassifierRegressor)
    before = model.predict(X) if again else None

    def strike(*args: object, **kwargs: object) -> None:
        interrupt()

    with monkeypatch.context() as patched:
        patched.setattr(FeatureTable, "fit", strike)
        with pytest.raises(KeyboardInterrupt):
            model.fit(X, Y)
    if again:
        np.testing.assert_array_equal(model.predict(X), before)
    else:
        with pytest.raises(NotFittedError):
            model.predict(X)
    np.testing.assert_array_equal(model.fit(X, Y).predict(X), fitted().predict(X))


@pytest.mark.parametrize("moment", ["on_train_begin", "__init__"])
def test_ctrl_c_just_before_the_first_epoch(moment: str, monkeypatch) -> None:
    """When the engine's own callbacks have not all begun; what was lent is given back."""
    owner = BestWeights if moment == "on_train_begin" else LentNoise

    def strike(*args: object, **kwargs: object) -> None:
        interrupt()

    model = small(PLEClassifierRegressor, dropout=0.3)
    with monkeypatch.context() as patched:
        patched.setattr(owner, moment, strike)
        with pytest.raises(KeyboardInterrupt):
            model.fit(X, Y)
    assert not model.predict_frame(X).isna().to_numpy().any()
    pickle.dumps(model)
    np.testing.assert_array_equal(model.fit(X, Y).predict(X), fitted(dropout=0.3).predict(X))


STEPS: dict[str, tuple[type, str]] = {
    "reading": (reader.Reader, "_prepare"),
    "the network": (MultiTaskNet, "raw_outputs"),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("method", ["predict", "predict_proba", "predict_frame"])
def test_ctrl_c_while_predicting(method: str, step: str, monkeypatch) -> None:
    """In the second of several chunks; afterwards the model answers as before."""
    model = fitted(max_epochs=1)
    monkeypatch.setattr(reader, "_ROWS_CPU", 64)
    call: Callable = getattr(model, method)
    before = call(X)
    owner, name = STEPS[step]
    real, calls = getattr(owner, name), []

    def second_time(*args: object, **kwargs: object) -> object:
        calls.append(1)
        if len(calls) == 2:
            interrupt()
        return real(*args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(owner, name, second_time)
        with pytest.raises(KeyboardInterrupt):
            call(X)
    if isinstance(before, pd.DataFrame):
        pd.testing.assert_frame_equal(call(X), before, check_exact=True)
    else:
        np.testing.assert_equal(call(X), before)


class AtCall:
    """While a context: an interrupt at the n-th call of any of the package's functions."""

    def __init__(self, n: int | None) -> None:
        self.n = n
        self.n_calls = 0

    def __enter__(self) -> Self:
        self._before = sys.gettrace()
        sys.settrace(self._count)
        return self

    def __exit__(self, *raised: object) -> None:
        sys.settrace(self._before)

    def _count(self, frame: FrameType, event: str, argument: object) -> None:
        code = frame.f_code
        # Python itself swallows what is raised in a generator that is thrown away.
        if code.co_filename.startswith(PACKAGE) and not code.co_flags & inspect.CO_GENERATOR:
            self.n_calls += 1
            if self.n_calls == self.n:
                raise KeyboardInterrupt


def test_ctrl_c_at_any_call() -> None:
    """In the midst of everything, what tidies up after a fit included."""
    model, expected = small(PLEClassifierRegressor), fitted().predict(X)
    with AtCall(None) as counted:
        model.fit(X, Y).predict(X)
    for n in np.linspace(1, counted.n_calls, times(25, 600)).astype(int):
        model = small(PLEClassifierRegressor)
        with AtCall(int(n)), pytest.raises(KeyboardInterrupt):
            model.fit(X, Y).predict(X)
        if hasattr(model, "net_"):
            assert not model.predict_frame(X).isna().to_numpy().any()
        np.testing.assert_array_equal(model.fit(X, Y).predict(X), expected)
