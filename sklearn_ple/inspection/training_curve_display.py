"""Training as a picture: loss, score and weight of each task, epoch by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import pandas as pd
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from sklearn_ple.inspection.drawing import (
    distinct_colours,
    legend_beside,
    legend_inches,
    require_matplotlib,
    sub_axes,
)
from sklearn_ple.metrics.unwrap import unwrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure
    from matplotlib.lines import Line2D

PANELS = {
    "loss": "training loss (1 = constant predictor)",
    "score": "validation deviance explained",
    "weight": "weight of the loss",
}
ALL_TASKS = "all tasks"
LEGEND_ROWS = 13


class TrainingCurveDisplay:
    """Curves of loss, validation score and weight: a panel each, a line per task, over epochs.

    Losses are shares of what the best constant predictor loses, so that tasks of all kinds have one
    scale; scores are shares of deviance explained on the validation rows. The black line is the
    number that training stopped by, the dotted one the epoch whose weights were kept. A fit without
    validation rows has no panel of scores.

    Create it with `from_estimator`, or from a stored history with `from_history`.

    Parameters
    ----------
    history : DataFrame
        As `history_` of a fitted estimator.
    best_epoch : int, default=None
        The epoch to mark.

    Attributes
    ----------
    axes_ : ndarray of Axes of shape (n_panels,)
        The panels.
    ax_ : matplotlib Axes
        The axes that the panels divide among them, itself hidden; the first panel where panels
        were given.
    figure_ : matplotlib Figure
        Its figure.
    lines_ : dict of str to dict of str to Line2D
        The lines of each panel ("loss", "score", "weight") by task, and "all tasks".

    See Also
    --------
    TaskPanelDisplay : How good each task is in the end.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from sklearn_ple.inspection import TrainingCurveDisplay
    >>> history = pd.DataFrame(
    ...     {"epoch": [1, 2], "loss/a": [0.9, 0.7], "weight/a": [1.0, 1.0], "loss/b": [1.0, 0.8]}
    ... )
    >>> display = TrainingCurveDisplay.from_history(history)
    >>> {panel: list(lines) for panel, lines in display.lines_.items()}
    {'loss': ['a', 'b'], 'weight': ['a']}
    >>> plt.close(display.figure_)
    """

    axes_: NDArray[Any]
    ax_: Axes
    figure_: Figure | SubFigure
    lines_: dict[str, dict[str, Line2D]]

    def __init__(self, history: pd.DataFrame, *, best_epoch: int | None = None) -> None:
        self.history = history
        self.best_epoch = best_epoch

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        tasks: Sequence[str] | None = None,
        ax: Axes | Sequence[Axes] | None = None,
    ) -> Self:
        """Draw how a fitted estimator was trained.

        Parameters
        ----------
        estimator : estimator
            A fitted multi-task estimator, alone, in a pipeline or in a search.
        tasks : list of str, default=None
            Which tasks to show, in this order; None shows all.
        ax : matplotlib Axes or sequence of Axes, default=None
            As in `plot`.

        Returns
        -------
        TrainingCurveDisplay
            After `plot`.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If a name is not a task's, no epoch or task is left to draw, or there are not as many
            axes as panels.
        """
        inner, _ = unwrap(estimator)
        check_is_fitted(inner)
        return cls(inner.history_, best_epoch=inner.best_epoch_).plot(tasks=tasks, ax=ax)

    @classmethod
    def from_history(
        cls,
        history: pd.DataFrame,
        *,
        best_epoch: int | None = None,
        tasks: Sequence[str] | None = None,
        ax: Axes | Sequence[Axes] | None = None,
    ) -> Self:
        """Draw a history, such as one that was stored.

        Parameters
        ----------
        history : DataFrame
            As `history_` of a fitted estimator.
        best_epoch : int, default=None
            The epoch to mark.
        tasks : list of str, default=None
            Which tasks to show, in this order; None shows all.
        ax : matplotlib Axes or sequence of Axes, default=None
            As in `plot`.

        Returns
        -------
        TrainingCurveDisplay
            After `plot`.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If a name is not a task's, no epoch or task is left to draw, or there are not as many
            axes as panels.
        """
        return cls(history, best_epoch=best_epoch).plot(tasks=tasks, ax=ax)

    def plot(
        self,
        *,
        tasks: Sequence[str] | None = None,
        ax: Axes | Sequence[Axes] | None = None,
    ) -> Self:
        """Draw the history.

        Parameters
        ----------
        tasks : list of str, default=None
            Which tasks to show, in this order; None shows all.
        ax : matplotlib Axes or sequence of Axes, default=None
            One whose room the panels take, or one a panel; None makes a figure of fitting size.

        Returns
        -------
        TrainingCurveDisplay
            Itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If a name is not a task's, no epoch or task is left to draw, or there are not as many
            axes as panels.
        """
        require_matplotlib("TrainingCurveDisplay", "history_")
        from matplotlib import pyplot as plt

        chosen = self._tasks(tasks)
        panels = [panel for panel in PANELS if self._columns(panel, chosen)]
        if not panels:
            raise ValueError(
                "The history has no epoch to draw: training was interrupted before the first ended."
            )
        if ax is None:
            room = legend_inches([*chosen, ALL_TASKS], n_rows=LEGEND_ROWS)
            size = (3.6 * len(panels) + 0.2 + room, 3.6)
            _, ax = plt.subplots(figsize=size, layout="constrained")
        self.ax_, self.axes_ = sub_axes(ax, len(panels), len(panels), what="panels")
        self.figure_ = self.ax_.figure
        colours = dict(zip(chosen, distinct_colours(len(chosen)), strict=True))
        self.lines_ = {}
        for panel, axes in zip(panels, self.axes_, strict=True):
            self.lines_[panel] = self._draw(panel, axes, colours)
        self._draw_legend()
        return self

    def _tasks(self, tasks: Sequence[str] | None) -> list[str]:
        known = [
            str(name).removeprefix("loss/")
            for name in self.history
            if str(name).startswith("loss/")
        ]
        if unknown := [name for name in tasks or [] if name not in known]:
            raise ValueError(f"There are no tasks {unknown}; the tasks are {known}.")
        if tasks is not None and not len(tasks):
            raise ValueError(f"tasks is empty, so there is nothing to draw; the tasks are {known}.")
        return known if tasks is None else list(tasks)

    def _columns(self, panel: str, tasks: Sequence[str]) -> dict[str, str]:
        """The history's column of each task that has values in a panel."""
        columns = {task: f"{panel}/{task}" for task in tasks}
        return {
            task: column
            for task, column in columns.items()
            if column in self.history and self.history[column].notna().any()
        }

    def _draw(self, panel: str, axes: Axes, colours: dict[str, Any]) -> dict[str, Line2D]:
        from matplotlib.ticker import MaxNLocator

        epoch = self.history["epoch"].to_numpy()
        style: dict[str, Any] = {"marker": "."} if len(epoch) == 1 else {}
        lines = {}
        for task, column in self._columns(panel, list(colours)).items():
            values = self.history[column].to_numpy()
            (lines[task],) = axes.plot(epoch, values, color=colours[task], label=task, **style)
        if panel == "score" and "score" in self.history:
            values = self.history["score"].to_numpy()
            style |= {"color": "black", "linestyle": "--", "linewidth": 1.2}
            (lines[ALL_TASKS],) = axes.plot(epoch, values, label=ALL_TASKS, **style)
        if self.best_epoch is not None:
            axes.axvline(self.best_epoch, color="0.4", linestyle=":", linewidth=1.2, zorder=0)
        axes.set(xlabel="epoch", title=PANELS[panel])
        axes.title.set_fontsize("medium")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.spines[["top", "right"]].set_visible(False)
        return lines

    def _draw_legend(self) -> None:
        handles = {task: line for lines in self.lines_.values() for task, line in lines.items()}
        legend_beside(self.axes_[-1], list(handles.values()), list(handles), n_rows=LEGEND_ROWS)
