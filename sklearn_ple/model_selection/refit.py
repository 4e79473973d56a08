"""Reading `refit`: what is maximised, and which trial is the best."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from numbers import Integral
from typing import Any

import numpy as np

from sklearn_ple.model_selection.scoring import Measure

Refit = bool | str | Callable[[dict[str, Any]], int]


def check_refit(refit: Refit, measure: Measure) -> None:
    """Raise ValueError if several metrics leave open which one is to choose."""
    if not measure.is_multimetric or refit is False or callable(refit):
        return
    if not isinstance(refit, str) or refit not in measure.scorers:
        raise ValueError(
            f"refit={refit!r} says nothing about several metrics: name the one to maximise, one of "
            f"{measure.names}; or give a function from cv_results_ to the best row's number, or "
            f"False."
        )


def objectives_of(refit: Refit, measure: Measure) -> list[str]:
    """The metrics that are maximised: the one that `refit` names, or all."""
    return [refit] if measure.is_multimetric and isinstance(refit, str) else measure.names


def best_row(refit: Refit, measure: Measure, results: Mapping[str, Any]) -> int | None:
    """The row of the best trial; None where nobody says which.

    Raises
    ------
    ValueError
        If no trial was completed.
    TypeError, IndexError
        If a function gives no row's number.
    """
    complete = results["state"] == "COMPLETE"
    if not complete.any():
        raise ValueError(
            f"No trial was completed, of {len(complete)}; `study_.trials` says what became of them."
        )
    if callable(refit):
        row: Any = refit(dict(results))
        if not isinstance(row, Integral):
            raise TypeError(f"refit gave {row!r}, which is no row number of cv_results_.")
        number = int(row)
        if not 0 <= number < len(complete):
            raise IndexError(f"refit gave row {number} of {len(complete)}.")
        return number
    if measure.is_multimetric and refit is False:
        return None
    (metric,) = objectives_of(refit, measure)
    return int(np.argmin(results[f"rank_test_{metric}"]))
