"""Rows are drawn one by one, the same ones in every pass, and neither side is empty."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from parquet_rows import estimator, make_rows, source, write

from sklearn_ple.sources import HeldOutRows
from sklearn_ple.tasks import read_targets

N = 60
GROUPS = [0, 25, 26, 60]


def _passed(held_out: HeldOutRows, labels: np.ndarray, used: np.ndarray) -> np.ndarray:
    """Which rows are held out, three row groups in parts of at most ten rows."""
    drawn = []
    for group, (start, stop) in enumerate(pairwise(GROUPS)):
        draw = held_out.drawer(group)
        for first in range(start, stop, 10):
            part = slice(first, min(first + 10, stop))
            drawn.append(draw(read_targets(pd.Series(labels[part])), used[part]))
    return np.concatenate(drawn)


def _settled(fraction: float, seed: int, labels: np.ndarray, used: np.ndarray) -> np.ndarray:
    counts = np.unique(labels, return_counts=True)
    held_out = HeldOutRows(seed, fraction, [(counts[0], counts[1].astype(float))])
    drawn = _passed(held_out, labels, used)
    n_valid = int(drawn.sum())
    moved = held_out.fill(int(used.sum()) - n_valid, n_valid)
    again = _passed(held_out, labels, used)
    assert moved or (drawn == again).all()
    return again


@pytest.mark.parametrize("fraction", [0.001, 0.02, 0.3])
def test_neither_side_is_empty(fraction: float) -> None:
    used = np.arange(N) % 3 > 0
    for seed in range(20):
        drawn = _settled(fraction, seed, np.ones(N), used)
        assert 1 <= drawn.sum() < used.sum()
        assert not drawn[~used].any()


def test_of_a_quantity_one_row_is_left_to_train_on() -> None:
    labels, used = np.arange(N), np.arange(N) < 3
    for seed in range(20):
        held_out = HeldOutRows(seed, 0.99, [None])
        n_valid = int(_passed(held_out, labels, used).sum())
        held_out.fill(3 - n_valid, n_valid)
        assert 1 <= _passed(held_out, labels, used).sum() <= 2


def test_rows_of_rare_classes_are_spared_even_so() -> None:
    labels = np.where(np.arange(N) % 20 == 0, 7, 1)
    for seed in range(20):
        drawn = _settled(0.001, seed, labels, np.ones(N, dtype=bool))
        assert drawn.sum() == 1
        assert labels[drawn].tolist() == [1]


def test_where_every_row_must_stay_none_is_moved() -> None:
    labels = np.arange(N)
    assert not _settled(0.01, 0, labels, np.ones(N, dtype=bool)).any()


def test_rows_held_out_without_a_label_stop_nothing(tmp_path) -> None:
    """Of 331 rows nine have one, too few of each class to spare: the last epoch is reached."""
    frame = make_rows()
    frame["bought"] = np.where(frame["id"] % 40 == 3, frame["id"] % 80 == 3, np.nan)
    write(tmp_path, frame)
    model = estimator(tasks=["binary"], early_stopping=True, patience=2, max_epochs=5)
    model.fit(source(tmp_path, features=["age"], targets=["bought"]))
    assert len(model.history_) == model.best_epoch_ == 5
    assert model.history_["score"].isna().all()


def test_a_small_fraction_of_few_rows(tmp_path) -> None:
    write(tmp_path, make_rows(200))
    options = {"early_stopping": True, "validation_fraction": 0.01, "max_epochs": 1}
    rows = source(tmp_path, features=["age"], targets=["spent"])
    for seed in range(12):
        model = estimator(tasks=["regression"], random_state=seed, **options).fit(rows)
        assert np.isfinite(model.history_["valid_loss"]).all()
