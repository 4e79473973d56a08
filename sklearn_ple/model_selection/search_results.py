"""From the trials of a study to `cv_results_`, in scikit-learn's shape."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.ma import MaskedArray
from numpy.typing import NDArray
from scipy.stats import rankdata

from sklearn_ple.model_selection.budget import has_ended
from sklearn_ple.model_selection.first_trial import set_by
from sklearn_ple.model_selection.objective import EPOCHS, FOLDS_DONE
from sklearn_ple.model_selection.storable import from_storable

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

Floats = NDArray[np.float64]


def read_results(
    trials: Sequence[FrozenTrial], metrics: Sequence[str], n_splits: int
) -> dict[str, Any]:
    """One row per trial that is over, in order of their numbers.

    Parameters
    ----------
    trials : sequence of FrozenTrial
    metrics : sequence of str
    n_splits : int

    Returns
    -------
    dict of str to ndarray or list
        As scikit-learn's searches have it, with NaN for folds that a trial did not get to, and
        beside it "trial" (its number), "state" and "n_epochs".
    """
    ended = [trial for trial in trials if has_ended(trial)]
    folds = [trial.user_attrs.get(FOLDS_DONE, []) for trial in ended]
    results: dict[str, Any] = {}
    for key in ("fit_time", "score_time"):
        times = _by_fold([[fold[key] for fold in each] for each in folds], n_splits)
        results[f"mean_{key}"], results[f"std_{key}"] = _mean_and_spread(times)
    params = [from_storable(set_by(trial, trial.params)) for trial in ended]
    drawn = dict.fromkeys(name for trial in ended for name in trial.params)
    results |= _by_parameter(params, drawn)
    results["params"] = params
    for name in metrics:
        scores = _by_fold([[fold["scores"][name] for fold in each] for each in folds], n_splits)
        results |= {f"split{k}_test_{name}": scores[:, k] for k in range(n_splits)}
        mean = scores.mean(axis=1)
        results[f"mean_test_{name}"] = mean
        results[f"std_test_{name}"] = scores.std(axis=1)
        results[f"rank_test_{name}"] = _ranks(mean)
    results["trial"] = np.array([trial.number for trial in ended], dtype=np.int64)
    results["state"] = np.array([trial.state.name for trial in ended], dtype=object)
    results["n_epochs"] = np.array([t.user_attrs.get(EPOCHS, 0) for t in ended], dtype=np.int64)
    return results


def _by_fold(values: list[list[float]], n_splits: int) -> Floats:
    """Of shape (n_trials, n_splits), NaN where a trial did not get to."""
    table = np.full((len(values), n_splits), np.nan)
    for row, each in zip(table, values, strict=True):
        row[: len(each)] = each
    return table


def _mean_and_spread(times: Floats) -> tuple[Floats, Floats]:
    """Over the folds that there are."""
    there = ~np.isnan(times)
    n = np.where(there.any(axis=1), there.sum(axis=1), np.nan)
    mean = np.where(there, times, 0).sum(axis=1) / n
    squares = np.where(there, times - mean[:, None], 0) ** 2
    return mean, np.sqrt(squares.sum(axis=1) / n)


def _ranks(means: Floats) -> NDArray[np.int32]:
    """1 is best; trials without a score share the last rank."""
    if np.isnan(means).all():
        return np.ones(len(means), dtype=np.int32)
    worst = np.where(np.isnan(means), np.nanmin(means) - 1, means)
    return rankdata(-worst, method="min").astype(np.int32)


def _by_parameter(params: Sequence[dict[str, Any]], names: Iterable[str]) -> dict[str, MaskedArray]:
    """The values of each parameter, masked in trials that did not set it."""
    columns: dict[str, MaskedArray] = {}
    for name in names:
        values = [each[name] for each in params if name in each]
        dtype = np.array(values).dtype if _all_numbers(values) else np.dtype(object)
        column = MaskedArray(np.empty(len(params), dtype=dtype), mask=True)
        for row, each in enumerate(params):
            if name in each:
                column[row] = each[name]
        columns[f"param_{name}"] = column
    return columns


def _all_numbers(values: Sequence[Any]) -> bool:
    return all(isinstance(value, int | float) for value in values)
