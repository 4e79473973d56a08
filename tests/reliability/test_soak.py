"""Many fits in one process leave nothing behind: no memory, no threads, no open files."""

from __future__ import annotations

import gc
import threading

import numpy as np
import psutil
import pytest
import torch
from architecture_walk import small
from lasting import times
from people import make_people

from sklearn_ple import PLEClassifierRegressor

pytestmark = pytest.mark.reliability
X, Y = make_people(97)
N_FITS = times(40, 1000)
WARM_UP = 10
KIB_A_FIT = 50  # a small net with its optimiser is three times that


def fit_and_ask(seed: int) -> None:
    model = small(PLEClassifierRegressor, max_epochs=2, random_state=seed).fit(X, Y)
    model.predict_frame(X)
    model.score(X, Y)


def alive() -> int:
    """Tensors and modules that Python still holds."""
    gc.collect()
    held = torch.Tensor | torch.nn.Module
    # By the type: some objects of torch's warn when they are asked for their class.
    return sum(issubclass(type(each), held) for each in gc.get_objects())


def test_fits_leave_nothing_behind() -> None:
    process = psutil.Process()
    for seed in range(WARM_UP):
        fit_and_ask(seed)
    objects, threads, natives = alive(), threading.active_count(), process.num_threads()
    files = len(process.open_files()) + len(process.net_connections())
    resident = []
    for seed in range(N_FITS):
        fit_and_ask(seed)
        resident.append(process.memory_info().rss / 1024)
    assert alive() == objects
    assert threading.active_count() == threads
    assert process.num_threads() <= natives
    assert len(process.open_files()) + len(process.net_connections()) <= files
    half = len(resident) // 2
    growth = np.median(resident[half:]) - np.median(resident[:half])
    assert growth / half < KIB_A_FIT


@pytest.mark.parametrize("method", ["predict", "predict_proba", "predict_frame"])
def test_predictions_leave_nothing_behind(method: str) -> None:
    model = small(PLEClassifierRegressor, max_epochs=1).fit(X, Y)
    call = getattr(model, method)
    call(X)
    objects = alive()
    for start in range(times(20, 5000)):
        call(X[start % 50 :])
    assert alive() == objects


def test_a_refit_gives_back_what_it_replaces() -> None:
    model = small(PLEClassifierRegressor, max_epochs=1, warm_start=True).fit(X, Y)
    model.fit(X, Y)
    objects = alive()
    for _ in range(times(5, 200)):
        model.fit(X, Y)
    assert alive() == objects
