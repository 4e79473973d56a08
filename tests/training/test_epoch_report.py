"""`EpochReport` tells of every epoch that has a score, and can end a fit."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from architecture_walk import small
from people import make_people
from sklearn.base import clone

from sklearn_ple import SharedBottomEstimator
from sklearn_ple.training import EpochReport

STOPPING = {"early_stopping": True, "validation_fraction": 0.3, "patience": None}


class EnoughError(Exception):
    """What a report may raise."""


def fitted(report: Any, column: str = "score", **changes: Any) -> Any:
    X, y = make_people(70)
    hook = EpochReport(report, column)
    return small(SharedBottomEstimator, callbacks=[hook], **STOPPING | changes).fit(X, y)


@pytest.mark.parametrize("column", ["score", "score/spent"])
def test_what_is_reported_is_what_the_history_says(column: str) -> None:
    told: list[tuple[int, float]] = []
    model = fitted(lambda epoch, score: told.append((epoch, score)), column)
    assert [epoch for epoch, _ in told] == [1, 2, 3]
    assert [score for _, score in told] == model.history_[column].tolist()


def test_without_held_out_rows_there_is_nothing_to_report() -> None:
    told: list[int] = []
    fitted(lambda epoch, score: told.append(epoch), early_stopping=False)
    assert told == []


def test_what_a_report_raises_ends_the_fit() -> None:
    told: list[int] = []

    def report(epoch: int, score: float) -> None:
        told.append(epoch)
        if epoch == 2:
            raise EnoughError

    with pytest.raises(EnoughError):
        fitted(report)
    assert told == [1, 2]


@pytest.mark.parametrize("copied", [clone, copy.copy, copy.deepcopy])
def test_copies_of_an_estimator_report_to_the_same(copied: Any) -> None:
    hook = EpochReport(print)
    model = copied(SharedBottomEstimator(callbacks=[hook]))
    assert model.callbacks[0] is hook
