"""The tasks of a fitted estimator as a table in scikit-learn's HTML diagram."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from sklearn_ple.base.predictor import Predictor

MAX_TASKS, MAX_CLASSES = 50, 6
MAX_CHARACTERS = 40
SCORE = "Validation score"
HINTS = {
    "Missing": "share of rows outside the task's sample space",
    SCORE: "share of deviance explained on validation rows, at the epoch that was kept",
}
_TABLE = """
<div class="estimator-table">
    <details open>
        <summary>Tasks</summary>
        <table class="parameters-table">
            <tbody>
                {rows}
            </tbody>
        </table>
    </details>
</div>
"""


def with_tasks(attributes: Any, estimator: Predictor) -> Any:
    """scikit-learn's table of fitted attributes, to come after that of the tasks.

    Its own `_html_repr` is called by whatever draws a diagram: alone, in a pipeline or a search.
    """
    draw = attributes._html_repr
    attributes._html_repr = lambda: tasks_html(estimator) + draw()
    return attributes


def tasks_html(estimator: Predictor) -> str:
    """A table of tasks, in the styles of scikit-learn's table of parameters.

    A row per task: kind, number of labels, share of rows without one, labels of each class, the
    share of deviance explained on validation rows at the epoch that was kept, and what calibration
    did; the last two where there are such.
    """
    columns = task_columns(estimator)
    head = "".join(
        f'<th title="{HINTS.get(str(name), "")}">{escape(str(name))}</th>' for name in columns
    )
    rows = [f"<tr>{head}</tr>"]
    for cells in columns.head(MAX_TASKS).to_numpy():
        name, *others = (escape(str(cell)) for cell in cells)
        values = "".join(f'<td class="value">{value}</td>' for value in others)
        rows.append(f'<tr class="default"><td class="param">{name}</td>{values}</tr>')
    if (more := len(columns) - MAX_TASKS) > 0:
        rows.append(f'<tr class="default"><td colspan="{columns.shape[1]}">… {more} more</td></tr>')
    return _TABLE.format(rows="\n".join(rows))


def task_columns(estimator: Predictor) -> pd.DataFrame:
    """What the table says, as text."""
    summary = estimator.target_summary_
    columns = {
        "Task": [_short(name) for name in summary.index],
        "Kind": summary["kind"].tolist(),
        "Labels": [f"{n:,}" for n in summary["labels"]],
        "Missing": [f"{share:.1%}" for share in summary["missing"]],
    }
    if summary["class_counts"].notna().any():
        columns["Labels of classes"] = [_counts(counts) for counts in summary["class_counts"]]
    scores = validation_scores(estimator)
    if scores.notna().any():
        columns[SCORE] = [
            "-" if np.isnan(score) else f"{round(score, 3) + 0.0:.3f}" for score in scores
        ]
    if (calibration := estimator._calibration) is not None:
        columns["Calibrated"] = calibration.table["method"].replace("none", "-").tolist()
        if calibration.thresholds:
            columns["Threshold"] = [
                "-" if np.isnan(each) else f"{each:.3g}" for each in calibration.table["threshold"]
            ]
    return pd.DataFrame(columns)


def validation_scores(estimator: Predictor) -> pd.Series:
    """Each task's validation score at the epoch that was kept; NaN without validation rows."""
    history = estimator.history_
    kept = history[history["epoch"] == estimator.best_epoch_]
    names = estimator.tasks_.names
    scores = kept.reindex(columns=[f"score/{name}" for name in names])
    values = scores.iloc[-1].to_numpy(dtype=float) if len(scores) else np.full(len(names), np.nan)
    return pd.Series(values, index=names)


def _counts(counts: dict[object, int] | None) -> str:
    if counts is None:
        return "-"
    each = [f"{_short(label)}: {n:,}" for label, n in list(counts.items())[:MAX_CLASSES]]
    more = len(counts) - MAX_CLASSES
    return ", ".join([*each, f"… {more} more"] if more > 0 else each)


def _short(name: object) -> str:
    text = str(name)
    return text if len(text) <= MAX_CHARACTERS else text[: MAX_CHARACTERS - 1] + "…"
