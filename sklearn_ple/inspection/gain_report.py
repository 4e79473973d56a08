"""`MTLGainReport`: gains, intervals and verdicts as tables and in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sklearn_ple.inspection.gain_tables import row_intervals
from sklearn_ple.metrics import gain_verdicts
from sklearn_ple.metrics.gain_verdicts import HURT, IMPROVED, KEY, NO_EVIDENCE, Family

SHOWN = ["single_task", "multi_task", "gain", "holm_low", "holm_high"]
SHOWN_OF_ROWS = ["rows_low", "rows_high"]
SHOWN_LAST = ["p_holm", "verdict"]


@dataclass(frozen=True, eq=False, repr=False)
class MTLGainReport:
    """Gains of sharing schemes over their single-task twins, made by `mtl_gain_report`.

    Two kinds of chance have an interval each, and a gain to rely on is clear of zero in both:

    - `low` to `high`, and `holm_low` to `holm_high`, which the verdict goes by, cover the chance of
      training: other seeds and, with several folds, other training and test rows. Models change.
      On one split the test rows stay what they are, whatever is peculiar to them.
    - `rows_low` to `rows_high` covers the chance of the test rows: other rows of the same kind,
      judging these very models. Nothing is fitted anew.

    With one split neither covers the other. The chance of both is, nearly, that of an interval as
    wide as the root of the sum of both widths squared. With several folds the former has the
    chance of the test rows in it already, so they are not to be added; the latter then says how
    much of it comes from the number of test rows, which more seeds would not mend.

    Parameters
    ----------
    pairs : DataFrame
        One row per scheme, fold, seed and task: `scheme`, `task`, `metric`, `fold`, `seed`,
        `n_train`, `n_test`, and of `mtl_gain` the columns `multi_task`, `single_task`, `gain`,
        `gain_percent`. Metrics have their own sign (a loss is positive), gains are positive where
        sharing is better.
    tasks : DataFrame
        One row per scheme and task: `metric`, means of `multi_task` and `single_task`, and the
        columns of `gain_verdicts`. If there are draws, also `rows_low` and `rows_high`, at level
        1 - alpha each by itself, without Holm's correction, and `n_draws`, the number of draws
        that define the gain.
    schemes : DataFrame
        One row per scheme: `improved`, `hurt` and `no_evidence` (numbers of tasks), `seesaw`
        (whether some are improved and some hurt), `mean_gain_percent` (of the mean metrics).
    twins : dict of str to estimator
        The unfitted single-task model of each scheme.
    alpha : float
        Tolerated chance of a false verdict.
    family : {"report", "scheme"}
        What shares that chance.
    draws : DataFrame or None
        The gain of each row of `pairs`, with its index, in every draw of test rows, one column a
        draw. In a draw the same rows judge both models, all schemes and all seeds.
    """

    pairs: pd.DataFrame
    tasks: pd.DataFrame
    schemes: pd.DataFrame
    twins: Mapping[str, Any]
    alpha: float
    family: Family
    draws: pd.DataFrame | None = None

    @classmethod
    def from_pairs(
        cls,
        pairs: pd.DataFrame,
        *,
        twins: Mapping[str, Any] | None = None,
        alpha: float = 0.05,
        family: Family = "report",
        draws: pd.DataFrame | None = None,
    ) -> MTLGainReport:
        """Judge pairs that were fitted before.

        Parameters
        ----------
        pairs : DataFrame
            As the attribute; of several reports, for instance.
        twins : dict of str to estimator, default=None
            The single-task models, for the record.
        alpha : float, default=0.05
            Tolerated chance of a false verdict.
        family : {"report", "scheme"}, default="report"
            What shares that chance.
        draws : DataFrame, default=None
            As the attribute, for intervals over rows.

        Returns
        -------
        MTLGainReport

        Raises
        ------
        ValueError
            As `gain_verdicts`; or if `draws` has not the index of `pairs`.
        """
        verdicts = gain_verdicts(pairs, alpha=alpha, family=family)
        metrics = pairs.groupby(KEY, sort=False).agg(
            metric=("metric", "first"),
            multi_task=("multi_task", "mean"),
            single_task=("single_task", "mean"),
        )
        tasks = metrics.reset_index().merge(verdicts, on=KEY, validate="one_to_one")
        if draws is not None:
            tasks = tasks.merge(row_intervals(pairs, draws, alpha), on=KEY, validate="one_to_one")
        return cls(pairs, tasks, _by_scheme(tasks), dict(twins or {}), alpha, family, draws)

    def __repr__(self) -> str:
        table = self._shown().to_string(float_format="{:.4g}".format)
        return "\n".join([*self._heading(), "", table, "", *self._sentences()])

    def _repr_html_(self) -> str:
        table = self._shown().to_html(float_format="{:.4g}".format)
        return "".join(f"<p>{line}</p>" for line in [*self._heading(), *self._sentences()]) + table

    def _shown(self) -> pd.DataFrame:
        of_rows = [] if self.draws is None else SHOWN_OF_ROWS
        columns = [*SHOWN, *of_rows, *SHOWN_LAST]
        return self.tasks.set_index(["scheme", "task", "metric"])[columns]

    def _heading(self) -> list[str]:
        n_folds = self.pairs["fold"].nunique()
        n_pairs = len(self.pairs[["fold", "seed"]].drop_duplicates())
        on = "one split" if n_folds == 1 else f"{n_folds} splits"
        over = "all tasks of all schemes" if self.family == "report" else "the tasks of each scheme"
        others = "other seeds, on these very rows" if n_folds == 1 else "other seeds and splits"
        lines = [
            f"Gain over single-task models: {n_pairs} pairs of fits on {on}; verdicts at "
            f"{self.alpha:g} after Holm over {over}.",
            f"holm_low to holm_high: chance of training ({others}).",
        ]
        if self.draws is not None:
            lines.append(
                f"rows_low to rows_high: chance of the test rows (others for these very models; "
                f"{self.draws.shape[1]} draws)."
            )
        return lines

    def _sentences(self) -> list[str]:
        return [
            _sentence(scheme, rows) for scheme, rows in self.tasks.groupby("scheme", sort=False)
        ]


def _by_scheme(tasks: pd.DataFrame) -> pd.DataFrame:
    counts = pd.crosstab(tasks["scheme"], tasks["verdict"])
    counts = counts.reindex(tasks["scheme"].unique()).reindex(
        columns=[IMPROVED, HURT, NO_EVIDENCE], fill_value=0
    )
    counts = counts.rename(columns={NO_EVIDENCE: "no_evidence"}).rename_axis(columns=None)
    base = tasks["single_task"].abs().replace(0, np.nan)
    percent = (100 * tasks["gain"] / base).groupby(tasks["scheme"])
    return counts.assign(
        seesaw=(counts[IMPROVED] > 0) & (counts[HURT] > 0),
        mean_gain_percent=percent.apply(lambda gains: gains.mean(skipna=False)),
    ).reset_index()


def _sentence(scheme: object, rows: pd.DataFrame) -> str:
    by_verdict = {
        verdict: ", ".join(rows.loc[rows["verdict"] == verdict, "task"].map(str))
        for verdict in (IMPROVED, HURT)
    }
    found = [f"{verdict} {names}" for verdict, names in by_verdict.items() if names]
    if not found:
        return f"{scheme}: no evidence that any task gains or loses."
    told = f"{scheme}: {'; '.join(found)}{' - a seesaw' if len(found) == 2 else ''}."
    if "rows_low" in rows and len(doubtful := _within_chance_of_rows(rows)):
        told += f" Other test rows might not show it: {', '.join(map(str, doubtful))}."
    return told


def _within_chance_of_rows(rows: pd.DataFrame) -> pd.Series:
    """Tasks with a verdict whose interval over rows is not clear of zero."""
    clear = (rows["rows_low"] > 0) | (rows["rows_high"] < 0)
    return rows.loc[(rows["verdict"] != NO_EVIDENCE) & ~clear, "task"]
