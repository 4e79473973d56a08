"""What was judged, as tables: gains of every pair, on all rows and on draws of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from sklearn_ple.inspection.gain_fits import Contest, Job, Judged
from sklearn_ple.inspection.gain_splits import Pairing
from sklearn_ple.metrics import TaskScorer, mtl_gain
from sklearn_ple.metrics.gain_verdicts import KEY
from sklearn_ple.metrics.row_bootstrap import row_interval

FIRST = ["scheme", "task", "metric", "fold", "seed", "n_train", "n_test"]


def pairs_table(
    contest: Contest,
    pairings: Sequence[Pairing],
    judged: Mapping[Job, Judged],
    scorers: Mapping[str, TaskScorer],
) -> pd.DataFrame:
    """Equation 11 for every scheme, pairing and task; metrics in their own sign.

    Returns
    -------
    DataFrame
        As `MTLGainReport.pairs`.
    """
    greater = {task: scorer._sign > 0 for task, scorer in scorers.items()}
    metrics = {
        task: scorer.name if greater[task] else scorer.name.removeprefix("neg_")
        for task, scorer in scorers.items()
    }
    parts = []
    for scheme, roles in contest.roles.items():
        for p, pairing in enumerate(pairings):
            own_signs = [
                {task: scorers[task]._sign * value for task, value in judged[p, model][0].items()}
                for model in roles
            ]
            gains = mtl_gain(*own_signs, greater_is_better=greater)
            parts.append(
                gains.rename_axis("task")
                .reset_index()
                .assign(
                    scheme=scheme,
                    fold=pairing.fold,
                    seed=pairing.seed,
                    n_train=len(pairing.train),
                    n_test=len(pairing.test),
                )
            )
    table = pd.concat(parts, ignore_index=True)
    table["metric"] = table["task"].map(metrics)
    return table[[*FIRST, *(name for name in table.columns if name not in FIRST)]]


def draws_table(
    contest: Contest, pairings: Sequence[Pairing], judged: Mapping[Job, Judged]
) -> pd.DataFrame:
    """The gain in every draw of rows, one column a draw, in the rows of `pairs_table`."""
    parts = [
        judged[p, multi][1].T - judged[p, single][1].T
        for multi, single in contest.roles.values()
        for p in range(len(pairings))
    ]
    return pd.DataFrame(np.concatenate(parts))


def row_intervals(pairs: pd.DataFrame, draws: pd.DataFrame, alpha: float) -> pd.DataFrame:
    """Intervals of mean gains over draws of test rows.

    In each draw the gain is, as in `gain_verdicts`, the mean over all pairs with a gain, first of
    each fold's; a draw that leaves one of these undefined is left out.

    Parameters
    ----------
    pairs, draws : DataFrame
        As the attributes of `MTLGainReport`.
    alpha : float

    Returns
    -------
    DataFrame
        One row per scheme and task: `scheme`, `task`, `rows_low`, `rows_high`, and `n_draws`, how
        many draws these are the quantiles of.

    Raises
    ------
    ValueError
        If the two tables are not of the same pairs.
    """
    if not draws.index.equals(pairs.index):
        raise ValueError(
            f"draws must have the index of pairs: it has {len(draws)} rows, pairs {len(pairs)}."
        )
    rows = []
    for (scheme, task), group in pairs.groupby(KEY, sort=False):
        group = group[group["gain"].notna()]
        folds = group["fold"] if "fold" in group else pd.Series(0, group.index)
        by_fold = [
            draws.loc[members].to_numpy().mean(axis=0)
            for members in folds.groupby(folds, sort=False).groups.values()
        ]
        mean = np.mean(by_fold, axis=0) if by_fold else np.full(draws.shape[1], np.nan)
        rows.append((scheme, task, *row_interval(mean, alpha)))
    return pd.DataFrame(rows, columns=[*KEY, "rows_low", "rows_high", "n_draws"])
