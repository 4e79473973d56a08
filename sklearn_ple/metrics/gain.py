"""What joint training gains over one model per task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Scores: TypeAlias = "Mapping[str, float] | pd.Series | Sequence[float] | NDArray"
Directions: TypeAlias = "bool | Mapping[str, bool] | pd.Series | Sequence[bool] | NDArray"


def mtl_gain(
    scores: Scores, single_task_scores: Scores, *, greater_is_better: Directions = True
) -> pd.DataFrame:
    r"""Gain of a multi-task model over single-task models, per task.

    .. math:: \mathrm{gain}_k = (-1)^{s_k} (M_k - M_k^{\mathrm{single}})

    where

    - :math:`M_k` is the multi-task model's metric of task k;
    - :math:`M_k^{\mathrm{single}}` is that of a model of the same widths, trained on task k alone
      with the same data and seed;
    - :math:`s_k` is 1 if lower is better, else 0.

    So a positive gain is always an improvement.

    Parameters
    ----------
    scores, single_task_scores : dict, Series or array-like of shape (n_tasks,)
        Metrics by task. Two that have names are matched by name.
    greater_is_better : bool, dict, Series or array-like of shape (n_tasks,), default=True
        Per task or for all: False for losses and errors. What our scorers return is always True.

    Returns
    -------
    DataFrame
        Indexed by task (y0, y1, … if unnamed), with the columns `multi_task`, `single_task`,
        `gain`, and `gain_percent`, which is 100 gain / abs(single_task) and NaN where
        single_task is 0.

    Raises
    ------
    ValueError
        If names or lengths differ, or a task appears twice.

    See Also
    --------
    mean_gain_percent : The mean of `gain_percent`.

    References
    ----------
    Tang, Liu, Zhao and Gong, "Progressive Layered Extraction (PLE)", RecSys 2020, equation 11.

    Examples
    --------
    >>> from sklearn_ple.metrics import mtl_gain
    >>> table = mtl_gain(
    ...     {"completion": 0.72, "seconds": 1.5},
    ...     {"completion": 0.70, "seconds": 2.0},
    ...     greater_is_better={"completion": True, "seconds": False},
    ... )
    >>> table.round(2)
                multi_task  single_task  gain  gain_percent
    completion        0.72          0.7  0.02          2.86
    seconds           1.50          2.0  0.50         25.00
    """
    names = _names(scores) or _names(single_task_scores)
    if names is None:
        names = [f"y{k}" for k in range(len(scores))]
    multi = _aligned(scores, names, "scores")
    single = _aligned(single_task_scores, names, "single_task_scores")
    if isinstance(greater_is_better, bool | np.bool_):
        greater_is_better = [bool(greater_is_better)] * len(names)
    greater = _aligned(greater_is_better, names, "greater_is_better").astype(bool)
    gain = np.where(greater, multi - single, single - multi)
    base = np.where(single == 0, np.nan, np.abs(single))
    columns = {
        "multi_task": multi,
        "single_task": single,
        "gain": gain,
        "gain_percent": 100 * gain / base,
    }
    return pd.DataFrame(columns, index=names)


def mean_gain_percent(
    scores: Scores, single_task_scores: Scores, *, greater_is_better: Directions = True
) -> float:
    r"""Mean relative gain over tasks, in percent, known as Δm.

    .. math:: \Delta m = \frac{100}{K} \sum_k (-1)^{s_k}
              \frac{M_k - M_k^{\mathrm{single}}}{|M_k^{\mathrm{single}}|}

    The absolute value makes it right for negated losses too. A task whose single-task metric is
    near zero, as an R² may be, dominates the mean; look at `mtl_gain` as well.

    Parameters
    ----------
    scores, single_task_scores : dict, Series or array-like of shape (n_tasks,)
        As in `mtl_gain`.
    greater_is_better : bool, dict, Series or array-like of shape (n_tasks,), default=True
        As in `mtl_gain`.

    Returns
    -------
    float
        NaN if any task's relative gain is: a mean over fewer tasks would be another figure.

    Raises
    ------
    ValueError
        If names or lengths differ, or a task appears twice.

    Examples
    --------
    >>> from sklearn_ple.metrics import mean_gain_percent
    >>> round(mean_gain_percent([0.77, 3.0], [0.70, 4.0], greater_is_better=[True, False]), 6)
    17.5
    """
    table = mtl_gain(scores, single_task_scores, greater_is_better=greater_is_better)
    return float(table["gain_percent"].mean(skipna=False))


def _names(scores: Scores | Directions) -> list[str] | None:
    if isinstance(scores, pd.Series):
        return [str(name) for name in scores.index]
    if isinstance(scores, Mapping):
        return [str(name) for name in scores]
    return None


def _aligned(scores: Scores | Directions, names: list[str], what: str) -> NDArray[np.float64]:
    """Scores in the order of `names`."""
    own_names = _names(scores)
    values = np.asarray(list(scores.values()) if isinstance(scores, Mapping) else scores, float)
    if values.ndim != 1 or len(values) != len(names):
        raise ValueError(
            f"{what} has shape {values.shape}, but there are {len(names)} tasks: {names}."
        )
    if own_names is None:
        return values
    if len(set(own_names)) != len(own_names) or set(own_names) != set(names):
        raise ValueError(f"{what} is of the tasks {own_names}, but the tasks are {names}.")
    return values[[own_names.index(name) for name in names]]
