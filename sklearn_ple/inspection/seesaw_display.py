"""The seesaw as a picture: figure 3 of the PLE paper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd

from sklearn_ple.inspection.drawing import (
    MARKERS,
    distinct_colours,
    legend_beside,
    legend_inches,
    require_matplotlib,
    shortened,
)
from sklearn_ple.inspection.gain_report import MTLGainReport
from sklearn_ple.inspection.seesaw_frame import frame_quadrants, frame_strips
from sklearn_ple.metrics.gain_verdicts import HURT, IMPROVED, NO_EVIDENCE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure
    from matplotlib.lines import Line2D

SPREAD = 0.6  # of a strip's width, over which its tasks are spread
LEGEND_ROWS = 17
MAX_LEVEL_LETTERS = 12  # of a strip's name, before names are turned


class SeesawDisplay:
    """One task's gain against another's, a point per scheme; or a strip per scheme for more tasks.

    For two tasks, the upper right quadrant is where sharing helps both and the lower left where it
    harms both; in the other two the seesaw tips. Crosses are intervals at Holm's level.

    For more tasks, each scheme has a strip with a point per task: one with points on both sides of
    zero tips, and its name is bold where the verdicts say so. Metrics of different tasks have no
    common scale, so gains are measured in half widths of their intervals at Holm's level: beyond 1
    a task is improved, beyond -1 hurt. That says how sure a gain is and not how large;
    `MTLGainDisplay` shows that.

    In both, a marker is filled where there is a verdict: for two tasks, on either of them.

    Create it with `from_report`.

    Parameters
    ----------
    gains : DataFrame
        As `MTLGainReport.tasks`: what `gain_verdicts` returns and, if it is there, `metric`.
    tasks : list of str, default=None
        Which tasks to show; None shows all.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes drawn on.
    figure_ : matplotlib Figure
        Its figure.
    points_ : dict of str to list of Line2D
        The markers of each scheme: one for two tasks, else one per task in order.

    See Also
    --------
    mtl_gain_report : The numbers.
    MTLGainDisplay : The same as bars, each task in its own units.

    References
    ----------
    Tang, Liu, Zhao and Gong, "Progressive Layered Extraction (PLE)", RecSys 2020, figure 3.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from sklearn_ple.inspection import SeesawDisplay
    >>> from sklearn_ple.metrics import gain_verdicts
    >>> pairs = pd.DataFrame(
    ...     {"scheme": "PLE", "task": ["a", "a", "b", "b"], "gain": [0.1, 0.3, -0.2, 0.1]}
    ... )
    >>> display = SeesawDisplay(gain_verdicts(pairs)).plot()
    >>> display.ax_.get_xlabel(), display.ax_.get_ylabel()
    ('gain of a', 'gain of b')
    >>> plt.close(display.figure_)
    """

    ax_: Axes
    figure_: Figure | SubFigure
    points_: dict[str, list[Line2D]]

    def __init__(self, gains: pd.DataFrame, *, tasks: Sequence[str] | None = None) -> None:
        self.gains = gains
        self.tasks = tasks

    @classmethod
    def from_report(
        cls,
        report: MTLGainReport,
        *,
        tasks: Sequence[str] | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Draw the gains of a report.

        Parameters
        ----------
        report : MTLGainReport
        tasks : list of str, default=None
            Which tasks to show; None shows all.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure of fitting size.

        Returns
        -------
        SeesawDisplay
            After `plot`.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If there are fewer than two tasks, or a name is not a task's.
        """
        return cls(report.tasks, tasks=tasks).plot(ax=ax)

    def plot(self, *, ax: Axes | None = None) -> Self:
        """Draw the table.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure of fitting size.

        Returns
        -------
        SeesawDisplay
            Itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If there are fewer than two tasks, or a name is not a task's.
        """
        require_matplotlib("SeesawDisplay", "the report's tables")
        from matplotlib import pyplot as plt

        tasks, schemes = self._shown_tasks(), list(self.gains["scheme"].unique())
        if ax is None:
            of_two = len(tasks) == 2
            listed = list(map(str, schemes)) if of_two else tasks
            width = 5.4 if of_two else 2.0 + 0.75 * len(schemes)
            width += legend_inches(listed, n_rows=LEGEND_ROWS)
            _, ax = plt.subplots(figsize=(width, 4.8), layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        by_scheme = {
            str(scheme): self.gains[self.gains["scheme"] == scheme].set_index("task").reindex(tasks)
            for scheme in schemes
        }
        if len(tasks) == 2:
            self._draw_quadrants(by_scheme, tasks)
        else:
            self._draw_strips(by_scheme, tasks)
        ax.spines[["top", "right"]].set_visible(False)
        return self

    def _shown_tasks(self) -> list[str]:
        known = list(self.gains["task"].unique())
        tasks = known if self.tasks is None else list(self.tasks)
        if unknown := [task for task in tasks if task not in known]:
            raise ValueError(f"tasks names {unknown}, but the tasks are {known}.")
        if len(set(tasks)) < 2:
            raise ValueError(f"A seesaw needs two tasks or more; here is {tasks}.")
        return tasks

    def _draw_quadrants(self, by_scheme: dict[str, pd.DataFrame], tasks: list[str]) -> None:
        self.points_ = {}
        styles = _styles(list(by_scheme))
        for scheme, rows in by_scheme.items():
            half, (x, y) = _half_widths(rows).to_numpy(), rows["gain"]
            colour, sure = styles[scheme]["color"], rows["verdict"] != NO_EVIDENCE
            self.ax_.errorbar(
                x, y, xerr=half[0], yerr=half[1], fmt="none", ecolor=colour, alpha=0.55
            )
            self.points_[scheme] = self._marker(x, y, styles[scheme], filled=bool(sure.any()))
        frame_quadrants(self.ax_)
        x_name, y_name = shortened(tasks)
        self.ax_.set_xlabel(self._gain_of(tasks[0], x_name), parse_math=False)
        self.ax_.set_ylabel(self._gain_of(tasks[1], y_name), parse_math=False)
        self._draw_legend(styles, "scheme")

    def _draw_strips(self, by_scheme: dict[str, pd.DataFrame], tasks: list[str]) -> None:
        self.points_ = {}
        styles = _styles(tasks)
        spread = np.linspace(-SPREAD / 2, SPREAD / 2, len(tasks))
        for k, (scheme, rows) in enumerate(by_scheme.items()):
            half = _half_widths(rows)
            # A gain of exactly zero every time, as of a single-task model, has no width.
            heights = (rows["gain"] / half.where(half > 0)).mask(rows["gain"] == 0, 0)
            self.points_[scheme] = []
            each = zip(tasks, k + spread, heights, rows["verdict"], strict=True)
            for task, x, y, verdict in each:
                filled = verdict != NO_EVIDENCE
                self.points_[scheme] += self._marker(x, y, styles[task], filled=filled)
        frame_strips(self.ax_, len(by_scheme))
        self._name_strips(by_scheme)
        self._draw_legend(styles, "task")

    def _marker(self, x: float, y: float, style: dict[str, Any], *, filled: bool) -> list[Line2D]:
        face = style["color"] if filled else "white"
        return self.ax_.plot(
            [x], [y], linestyle="none", markersize=7, markerfacecolor=face, zorder=3, **style
        )

    def _name_strips(self, by_scheme: dict[str, pd.DataFrame]) -> None:
        ax, n = self.ax_, len(by_scheme)
        names = shortened(by_scheme)
        turned = n > 4 or (n > 1 and max(map(len, names)) > MAX_LEVEL_LETTERS)
        ax.set_xticks(
            range(n),
            names,
            parse_math=False,
            rotation=35 if turned else 0,
            ha="right" if turned else "center",
            rotation_mode="anchor" if turned else "default",
        )
        for label, rows in zip(ax.get_xticklabels(), by_scheme.values(), strict=True):
            if {IMPROVED, HURT} <= set(rows["verdict"]):
                label.set_fontweight("bold")
        ax.set_ylabel("gain, in half widths of its interval")

    def _gain_of(self, task: str, name: str) -> str:
        if "metric" not in self.gains:
            return f"gain of {name}"
        metric = self.gains.loc[self.gains["task"] == task, "metric"].iloc[0]
        return f"gain of {name} in {metric}"

    def _draw_legend(self, styles: dict[str, dict[str, Any]], title: str) -> None:
        from matplotlib.lines import Line2D

        handles = [Line2D([], [], linestyle="none", **style) for style in styles.values()]
        legend_beside(self.ax_, handles, list(styles), n_rows=LEGEND_ROWS, title=title)


def _styles(names: list[str]) -> dict[str, dict[str, Any]]:
    """A colour and a marker for each."""
    return {
        name: {"color": colour, "marker": MARKERS[k % len(MARKERS)]}
        for k, (name, colour) in enumerate(zip(names, distinct_colours(len(names)), strict=True))
    }


def _half_widths(rows: pd.DataFrame) -> pd.Series:
    return (rows["holm_high"] - rows["holm_low"]) / 2
