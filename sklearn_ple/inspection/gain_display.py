"""Multi-task gains as a picture: a panel per task, a bar per scheme."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_ple.inspection.drawing import (
    VERDICT_COLOURS,
    require_matplotlib,
    shortened,
    sub_axes,
)
from sklearn_ple.inspection.gain_report import MTLGainReport

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.container import BarContainer, ErrorbarContainer
    from matplotlib.figure import Figure, SubFigure

MAX_COLUMNS = 4
OPACITY = 0.75


class MTLGainDisplay:
    """Bars of each scheme's gain over single-task models, a panel for each task.

    Blue bars are improvements, red ones losses, grey ones no evidence of either. The thick line is
    the interval of that gain by itself, the thin one that at Holm's level, which stays clear of
    zero just where there is a verdict. Each panel has the scale of its task's metric.

    Create it with `from_report`.

    Parameters
    ----------
    gains : DataFrame
        As `MTLGainReport.tasks`: what `gain_verdicts` returns and, if it is there, `metric`.

    Attributes
    ----------
    axes_ : ndarray of Axes of shape (n_tasks,)
        The panels.
    ax_ : matplotlib Axes
        The axes that the panels divide among them, itself hidden; the first panel where panels
        were given.
    figure_ : matplotlib Figure
        Its figure.
    bars_ : dict of str to BarContainer
        The bars of each task, in the order of schemes.
    intervals_, holm_intervals_ : dict of str to ErrorbarContainer
        The lines of each task.

    See Also
    --------
    mtl_gain_report : The numbers.
    SeesawDisplay : One task's gain against another's.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from sklearn_ple.inspection import MTLGainDisplay
    >>> from sklearn_ple.metrics import gain_verdicts
    >>> pairs = pd.DataFrame(
    ...     {"scheme": "PLE", "task": ["a", "a", "b", "b"], "gain": [0.1, 0.3, -0.2, 0.1]}
    ... )
    >>> display = MTLGainDisplay(gain_verdicts(pairs)).plot()
    >>> [panel.get_title() for panel in display.axes_]
    ['a', 'b']
    >>> plt.close(display.figure_)
    """

    axes_: NDArray[Any]
    ax_: Axes
    figure_: Figure | SubFigure
    bars_: dict[str, BarContainer]
    intervals_: dict[str, ErrorbarContainer]
    holm_intervals_: dict[str, ErrorbarContainer]

    def __init__(self, gains: pd.DataFrame) -> None:
        self.gains = gains

    @classmethod
    def from_report(cls, report: MTLGainReport, *, ax: Axes | Sequence[Axes] | None = None) -> Self:
        """Draw the gains of a report.

        Parameters
        ----------
        report : MTLGainReport
        ax : matplotlib Axes or sequence of n_tasks Axes, default=None
            As in `plot`.

        Returns
        -------
        MTLGainDisplay
            After `plot`.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If there are not as many axes as tasks.
        """
        return cls(report.tasks).plot(ax=ax)

    def plot(self, *, ax: Axes | Sequence[Axes] | None = None) -> Self:
        """Draw the table.

        Parameters
        ----------
        ax : matplotlib Axes or sequence of n_tasks Axes, default=None
            One whose room the panels take, or one per task; None makes a figure of fitting size.

        Returns
        -------
        MTLGainDisplay
            Itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If there are not as many axes as tasks.
        """
        require_matplotlib("MTLGainDisplay", "the report's tables")
        from matplotlib import pyplot as plt

        tasks, schemes = list(self.gains["task"].unique()), list(self.gains["scheme"].unique())
        n_rows = -(-len(tasks) // MAX_COLUMNS)
        n_columns = -(-len(tasks) // n_rows)
        own_figure = ax is None
        if ax is None:
            size = (1.6 + 2.8 * n_columns, 1.0 + n_rows * (1.1 + 0.32 * len(schemes)))
            _, ax = plt.subplots(figsize=size, layout="constrained")
        self.ax_, self.axes_ = sub_axes(ax, len(tasks), n_columns)
        self.figure_ = self.ax_.figure
        self.bars_, self.intervals_, self.holm_intervals_ = {}, {}, {}
        for k, (task, panel) in enumerate(zip(tasks, self.axes_, strict=True)):
            rows = self.gains[self.gains["task"] == task].set_index("scheme").reindex(schemes)
            self._draw(panel, str(task), rows)
            if k % n_columns and ax is self.ax_:
                panel.tick_params(labelleft=False)
        if own_figure:
            self._draw_legend()
        return self

    def _draw(self, panel: Axes, task: str, rows: pd.DataFrame) -> None:
        position, gain = np.arange(len(rows)), rows["gain"].to_numpy()
        colours = [VERDICT_COLOURS.get(verdict, "none") for verdict in rows["verdict"]]
        self.bars_[task] = panel.barh(position, gain, height=0.72, color=colours, alpha=OPACITY)
        lines: dict[str, Any] = {"fmt": "none", "ecolor": "black"}
        self.intervals_[task] = panel.errorbar(
            gain, position, xerr=(rows["high"] - rows["low"]) / 2, elinewidth=2.6, **lines
        )
        self.holm_intervals_[task] = panel.errorbar(
            gain, position, xerr=(rows["holm_high"] - rows["holm_low"]) / 2, elinewidth=0.9, **lines
        )
        panel.axvline(0, color="black", linewidth=0.8)
        panel.set_yticks(position, shortened(map(str, rows.index)), parse_math=False)
        panel.set_ylim(len(rows) - 0.4, -0.6)
        panel.locator_params(axis="x", nbins=5)
        panel.spines[["top", "right"]].set_visible(False)
        panel.set_title(shortened([task])[0], fontsize="medium", parse_math=False)
        metric = rows["metric"].dropna() if "metric" in rows else rows["gain"][:0]
        panel.set_xlabel(f"gain in {metric.iloc[0]}" if len(metric) else "gain")

    def _draw_legend(self) -> None:
        from matplotlib.patches import Patch

        present = set(self.gains["verdict"])
        self.figure_.legend(
            handles=[
                Patch(color=colour, alpha=OPACITY, label=verdict)
                for verdict, colour in VERDICT_COLOURS.items()
                if verdict in present
            ],
            loc="outside lower center",
            ncols=len(VERDICT_COLOURS),
            frameon=False,
        )
