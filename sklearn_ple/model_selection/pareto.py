"""The trials of a search as a table of what they reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from sklearn_ple.metrics.pareto import on_front


def pareto_table(
    results: Mapping[str, Any], metrics: Sequence[str], *, only_front: bool
) -> pd.DataFrame:
    """Trials that were scored on all folds, by the first metric from best to worst.

    Parameters
    ----------
    results : dict
        As `cv_results_`.
    metrics : sequence of str
        Between which there is to be chosen.
    only_front : bool
        Whether to leave out trials that another one beats.

    Returns
    -------
    DataFrame
        Indexed by "trial": a mean score per metric, "on_front", and a column per parameter.
    """
    table = pd.DataFrame({name: results[f"mean_test_{name}"] for name in metrics})
    table["on_front"] = on_front(table.to_numpy())
    for name, values in results.items():
        if name.startswith("param_"):
            table[name] = pd.Series(values.filled(None) if values.dtype == object else values)
    table.index = pd.Index(results["trial"], name="trial")
    table = table[table["on_front"]] if only_front else table.dropna(subset=list(metrics))
    return table.sort_values(list(metrics), ascending=False, kind="stable")
