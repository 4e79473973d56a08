"""How good each task is, as a picture: ROC, precision and recall, calibration or residuals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from sklearn_ple.base.fit.inputs import check_sample_weight
from sklearn_ple.inspection.drawing import require_matplotlib, sub_axes
from sklearn_ple.inspection.task_curves import (
    CurveKind,
    LabelledTask,
    TaskCurves,
    curves_of,
    possible_kinds,
    read_frame,
)
from sklearn_ple.inspection.task_panels import draw_panel
from sklearn_ple.metrics.unwrap import unwrap
from sklearn_ple.tables import missing
from sklearn_ple.tasks import Targets, read_targets

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

Choice = Literal["auto", "roc", "pr", "calibration", "residuals"]
CHOICES = ("auto", "roc", "pr", "calibration", "residuals")
MAX_COLUMNS = 4


class TaskPanelDisplay:
    """One panel per task: how well it ranks, is calibrated or misses.

    - "roc": true against false positives; the number is the area under it.
    - "pr": precision against recall, from the share of positives on, dotted; average precision.
    - "calibration": what came true against what was predicted, in ten bins of equal weight; the
      expected calibration error. For numbers, mean against mean; R².
    - "residuals": actual less predicted, against predicted; R².

    Each is over the rows in which the task has a label. Three and more classes have a line each,
    against the rest, and the mean of their numbers.

    Create it with `from_estimator` or `from_predictions`.

    Parameters
    ----------
    panels : list of TaskCurves
        What each panel shows.

    Attributes
    ----------
    axes_ : ndarray of Axes of shape (n_panels,)
        The panels.
    ax_ : matplotlib Axes
        The axes that the panels divide among them, itself hidden; the first panel where panels
        were given.
    figure_ : matplotlib Figure
        Its figure.
    artists_ : dict of str to list of Artist
        The curves, or points, of each task.

    See Also
    --------
    TrainingCurveDisplay : How each task was learned.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklearn_ple.inspection import TaskPanelDisplay
    >>> y = pd.DataFrame({"sold": ["yes", "no", "yes", None], "price": [1.0, 2.0, np.nan, 4.0]})
    >>> p = np.array([0.9, 0.2, 0.6, 0.5])
    >>> frame = pd.DataFrame({"sold=no": 1 - p, "sold=yes": p, "price": [1.5, 2.0, 2.5, 3.5]})
    >>> display = TaskPanelDisplay.from_predictions(y, frame)
    >>> [(panel.task, panel.kind, panel.n_labels) for panel in display.panels]
    [('sold', 'roc', 3), ('price', 'residuals', 3)]
    >>> plt.close(display.figure_)
    """

    axes_: NDArray[Any]
    ax_: Axes
    figure_: Figure | SubFigure
    artists_: dict[str, list[Artist]]

    def __init__(self, panels: Sequence[TaskCurves]) -> None:
        self.panels = panels

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        sample_weight: Any = None,
        curve: Choice = "auto",
        tasks: Sequence[str] | None = None,
        ax: Axes | Sequence[Axes] | None = None,
    ) -> Self:
        """Predict X and draw.

        Parameters
        ----------
        estimator : estimator
            A fitted multi-task estimator, alone, in a pipeline or in a search.
        X : array-like or DataFrame of shape (n, n_features)
            Rows, best such as `fit` did not see.
        y : array-like or DataFrame of shape (n,) or (n, n_tasks)
            Labels; NaN outside a task's sample space.
        sample_weight : array-like of shape (n,) or (n, n_tasks), default=None
            Weights of rows, or of each label.
        curve : {"auto", "roc", "pr", "calibration", "residuals"}, default="auto"
            What to draw; tasks that it does not fit are left out. "auto" is "roc" for
            classifications and "residuals" for the others.
        tasks : list of str, default=None
            Which tasks to show, in this order; None shows all.
        ax : matplotlib Axes or sequence of Axes, default=None
            As in `plot`.

        Returns
        -------
        TaskPanelDisplay
            After `plot`.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If a name is not a task's, a label none of its classes, `curve` fits no task, or there
            are not as many axes as panels.
        """
        require_matplotlib("TaskPanelDisplay", "score_tasks")
        inner, transformers = unwrap(estimator)
        check_is_fitted(inner)
        for transformer in transformers:
            X = transformer.transform(X)
        frame = inner.predict_frame(X)
        targets, weight = inner._read_to_score(y, sample_weight, len(frame))
        weight = weight * _present(targets)
        labelled = read_frame(inner.tasks_.names, targets.columns, weight, frame)
        return cls(_panels(labelled, curve, tasks)).plot(ax=ax)

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        frame: pd.DataFrame,
        *,
        sample_weight: Any = None,
        curve: Choice = "auto",
        tasks: Sequence[str] | None = None,
        ax: Axes | Sequence[Axes] | None = None,
    ) -> Self:
        """Draw predictions that are there already, such as those out of fold.

        Parameters
        ----------
        y_true : array-like or DataFrame of shape (n,) or (n, n_tasks)
            Labels; columns without names are called y0, y1 and so on.
        frame : DataFrame of n rows
            As from `predict_frame`: for each task its prediction ("income") or, for a
            classification, the probability of each class ("income=yes").
        sample_weight : array-like of shape (n,) or (n, n_tasks), default=None
            Weights of rows, or of each label.
        curve : {"auto", "roc", "pr", "calibration", "residuals"}, default="auto"
            As in `from_estimator`.
        tasks : list of str, default=None
            Which tasks to show, in this order; None shows all.
        ax : matplotlib Axes or sequence of Axes, default=None
            As in `plot`.

        Returns
        -------
        TaskPanelDisplay
            After `plot`.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If numbers of rows differ, a task has no prediction, a label is none of the classes,
            `curve` fits no task, or there are not as many axes as panels.
        """
        require_matplotlib("TaskPanelDisplay", "masked_score")
        targets = read_targets(y_true)
        if len(targets) != len(frame):
            raise ValueError(f"There are {len(targets)} rows of labels, {len(frame)} predicted.")
        weight = check_sample_weight(sample_weight, len(frame), targets.names)
        labelled = read_frame(targets.names, targets.columns, weight * _present(targets), frame)
        return cls(_panels(labelled, curve, tasks)).plot(ax=ax)

    def plot(self, *, ax: Axes | Sequence[Axes] | None = None) -> Self:
        """Draw the panels.

        Parameters
        ----------
        ax : matplotlib Axes or sequence of Axes, default=None
            One whose room the panels take, or one a panel; None makes a figure of fitting size.

        Returns
        -------
        TaskPanelDisplay
            Itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If there are not as many axes as panels.
        """
        require_matplotlib("TaskPanelDisplay", "score_tasks")
        from matplotlib import pyplot as plt

        n_rows = -(-len(self.panels) // MAX_COLUMNS)
        n_columns = -(-len(self.panels) // n_rows)
        if ax is None:
            size = (0.4 + 2.9 * n_columns, 0.3 + 2.8 * n_rows)
            _, ax = plt.subplots(figsize=size, layout="constrained")
        self.ax_, self.axes_ = sub_axes(ax, len(self.panels), n_columns)
        self.figure_ = self.ax_.figure
        self.artists_ = {
            panel.task: draw_panel(axes, panel)
            for panel, axes in zip(self.panels, self.axes_, strict=True)
        }
        return self


def _present(targets: Targets) -> NDArray[np.bool_]:
    """Where there are labels, (n, n_targets)."""
    return np.column_stack([~missing(column) for column in targets.columns])


def _panels(
    labelled: list[LabelledTask], curve: Choice, tasks: Sequence[str] | None
) -> list[TaskCurves]:
    if curve not in CHOICES:
        raise ValueError(f"curve={curve!r} is none of {list(CHOICES)}.")
    by_name = {task.name: task for task in labelled}
    if unknown := [name for name in tasks or [] if name not in by_name]:
        raise ValueError(f"There are no tasks {unknown}; the tasks are {list(by_name)}.")
    chosen = [by_name[name] for name in tasks] if tasks is not None else labelled
    panels = []
    for task in chosen:
        kinds: tuple[CurveKind, ...] = possible_kinds(task)
        kind = kinds[0] if curve == "auto" else curve
        if kind in kinds:
            panels.append(curves_of(task, kind))
    if not panels:
        raise ValueError(f"curve={curve!r} fits none of {[task.name for task in chosen]}.")
    return panels
