"""Processes that share a fit end with what one process alone ends with."""

from __future__ import annotations

import pickle
from pathlib import Path

import launching
import numpy as np
import pandas as pd
import pytest
import shared_fits
from shared_fits import Outcome

pytestmark = pytest.mark.slow
SCRIPT = Path(shared_fits.__file__)
Outcomes = dict[str, Outcome]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of the training rows, in row groups of uneven sizes, and of those to stop by."""
    pytest.importorskip("pyarrow", reason="a part of the fits reads Parquet")
    root = tmp_path_factory.mktemp("shared")
    for name, n, seed in (("rows", shared_fits.N, 0), ("valid", shared_fits.N_VALID, 1)):
        (root / name).mkdir()
        X, y = shared_fits.rows(n, seed)
        X.join(y).to_parquet(root / name / "all.parquet", row_group_size=23, index=False)
    return root


@pytest.fixture(scope="module")
def alone(folder: Path) -> Outcomes:
    return shared_fits.run_all(folder)


@pytest.fixture(scope="module")
def started_by_torchrun(folder: Path) -> list[Outcomes]:
    """Of two processes, in which nobody but `fit` makes a group."""
    launching.run_under_torchrun(2, SCRIPT, str(folder))
    return [pickle.loads((folder / f"{rank}.pkl").read_bytes()) for rank in range(2)]


@pytest.fixture(scope="module")
def joined(folder: Path, started_by_torchrun: object) -> list[Outcomes]:
    """Of three processes that have a group already."""
    launching.run_as_group(3, SCRIPT, [str(folder)], JOINS="1")
    return [pickle.loads((folder / f"{rank}.pkl").read_bytes()) for rank in range(3)]


@pytest.fixture(params=["started_by_torchrun", "joined"])
def shared(request: pytest.FixtureRequest) -> list[Outcomes]:
    outcomes: list[Outcomes] = request.getfixturevalue(request.param)
    return outcomes


def assert_same(one: Outcome, other: Outcome, tolerance: float) -> None:
    for name, weights in one.weights.items():
        np.testing.assert_allclose(other.weights[name], weights, rtol=0, atol=tolerance)
    assert len(one.history) == len(other.history)
    assert one.best_epoch == other.best_epoch
    pd.testing.assert_frame_equal(one.history, other.history, rtol=tolerance, atol=tolerance)
    pd.testing.assert_frame_equal(one.predicted, other.predicted, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", shared_fits.SAME_AS_ALONE)
def test_a_shared_fit_ends_as_one_process_does(
    name: str, alone: Outcomes, shared: list[Outcomes]
) -> None:
    for outcomes in shared:
        assert_same(alone[name], outcomes[name], 1e-6)


@pytest.mark.parametrize("name", shared_fits.SAME_AS_ALONE | shared_fits.SAME_IN_ALL)
def test_all_processes_end_with_the_same_to_the_last_bit(name: str, shared: list[Outcomes]) -> None:
    first, *others = shared
    for other in others:
        assert_same(first[name], other[name], 0.0)


def test_early_stopping_did_stop_early(alone: Outcomes) -> None:
    assert 2 < len(alone["stops early"].history) < 30


def test_a_stop_that_one_process_asks_for_is_one_of_all(shared: list[Outcomes]) -> None:
    assert [len(outcomes["one asks to stop"].history) for outcomes in shared] == [2] * len(shared)


def test_every_process_drops_other_entries(alone: Outcomes, shared: list[Outcomes]) -> None:
    losses = [each["dropout"].history["train_loss"] for each in (alone, shared[0])]
    assert not np.allclose(*losses, rtol=1e-6)
    np.testing.assert_allclose(*losses, rtol=0.1)
