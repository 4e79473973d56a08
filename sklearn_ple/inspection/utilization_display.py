"""Expert utilisation as a picture: figure 8 of the PLE paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd

from sklearn_ple.inspection.drawing import (
    MAX_LETTERS,
    legend_beside,
    legend_inches,
    require_matplotlib,
    shortened,
)
from sklearn_ple.inspection.expert_colours import Colour, expert_colours, owner_of
from sklearn_ple.inspection.utilization import expert_utilization

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import LineCollection
    from matplotlib.container import BarContainer
    from matplotlib.figure import Figure, SubFigure

MAX_LISTED_EXPERTS = 12
MAX_WHISKERS = 10
LEGEND_ROWS = 14


class ExpertUtilizationDisplay:
    """Stacked bars of mean gate weights: one bar per gate, one block per level.

    Shared experts are grey; each task's experts have a hue of their own, the first one darkest.
    A black line goes from a segment's end one standard deviation back; bars of more than ten
    segments have none, for they would hide the bar.

    Create it with `from_estimator`.

    Parameters
    ----------
    utilization : DataFrame
        As returned by `expert_utilization`.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes drawn on.
    figure_ : matplotlib Figure
        Its figure.
    bars_ : dict of str to BarContainer
        The segments of each expert, in the order of its rows in `utilization`.
    whiskers_ : LineCollection or None
        The standard deviations; None without.

    See Also
    --------
    expert_utilization : The numbers.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from sklearn_ple.inspection import ExpertUtilizationDisplay
    >>> table = pd.DataFrame(
    ...     [[1, "income", "income 1", 0.7, 0.1], [1, "income", "shared 1", 0.3, 0.1]],
    ...     columns=["level", "gate", "expert", "mean", "std"],
    ... )
    >>> display = ExpertUtilizationDisplay(table).plot()
    >>> list(display.bars_)
    ['income 1', 'shared 1']
    >>> plt.close(display.figure_)
    """

    ax_: Axes
    figure_: Figure | SubFigure
    bars_: dict[str, BarContainer]
    whiskers_: LineCollection | None

    def __init__(self, utilization: pd.DataFrame) -> None:
        self.utilization = utilization

    @classmethod
    def from_estimator(
        cls, estimator: Any, X: Any, *, ax: Axes | None = None, show_std: bool = True
    ) -> Self:
        """Read the gates of a fitted estimator on X and draw them.

        Parameters
        ----------
        estimator : estimator
            A fitted multi-task estimator with gates.
        X : array-like or DataFrame of shape (n, n_features)
            Rows to average over.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure of fitting size.
        show_std : bool, default=True
            Whether to draw standard deviations.

        Returns
        -------
        ExpertUtilizationDisplay
            After `plot`.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If the architecture has no gates.
        """
        require_matplotlib("ExpertUtilizationDisplay", "expert_utilization")
        return cls(expert_utilization(estimator, X)).plot(ax=ax, show_std=show_std)

    def plot(self, *, ax: Axes | None = None, show_std: bool = True) -> Self:
        """Draw the table.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure of fitting size.
        show_std : bool, default=True
            Whether to draw standard deviations.

        Returns
        -------
        ExpertUtilizationDisplay
            Itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        require_matplotlib("ExpertUtilizationDisplay", "expert_utilization")
        from matplotlib import pyplot as plt
        from matplotlib.patches import Patch

        table = self._laid_out()
        colours = expert_colours(list(table["expert"].unique()))
        title, listed = _listed(colours)
        if ax is None:
            width = 7.1 + legend_inches(list(listed), n_rows=LEGEND_ROWS)
            height = 1.42 + 0.32 * table["position"].max()
            _, ax = plt.subplots(figsize=(width, height), layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        self.bars_ = {}
        for expert in colours:
            rows = table[table["expert"] == expert]
            self.bars_[expert] = ax.barh(
                rows["position"],
                rows["mean"],
                left=rows["left"],
                height=0.8,
                color=colours[expert],
                edgecolor="white",
                linewidth=0.6,
            )
        self.whiskers_ = None
        if show_std:
            self._draw_std(table)
        self._label(table)
        patches = [Patch(facecolor=colour) for colour in listed.values()]
        legend_beside(ax, patches, list(listed), n_rows=LEGEND_ROWS, title=title)
        return self

    def _laid_out(self) -> pd.DataFrame:
        """Add each segment's bar position (a free one before each level) and left end."""
        table = self.utilization.reset_index(drop=True)
        gate = table.groupby(["level", "gate"], sort=False).ngroup()
        level = table.groupby("level", sort=False).ngroup()
        left = table.groupby(["level", "gate"], sort=False)["mean"].cumsum() - table["mean"]
        return table.assign(position=gate + level + 1, left=left)

    def _draw_std(self, table: pd.DataFrame) -> None:
        """Whiskers back from the segments' ends, staggered so that none hides another."""
        from matplotlib import patheffects

        number = table.groupby("position").cumcount()
        size = table.groupby("position")["mean"].transform("size")
        offset = np.where(size > 1, 0.6 * (number / (size - 1).clip(lower=1) - 0.5), 0.0)
        drawn = size <= MAX_WHISKERS
        end = (table["left"] + table["mean"])[drawn]
        height = (table["position"] + offset)[drawn]
        outline: list[patheffects.AbstractPathEffect] = [
            patheffects.withStroke(linewidth=2.6, foreground="white")
        ]
        self.whiskers_ = self.ax_.hlines(
            height, end - table["std"][drawn], end, color="black", linewidth=1.1
        )
        self.whiskers_.set_path_effects(outline)

    def _label(self, table: pd.DataFrame) -> None:
        bars = table.drop_duplicates("position")
        headings = bars.drop_duplicates("level")
        ticks = [*(headings["position"] - 1), *bars["position"]]
        short = dict(zip(gates := bars["gate"].unique(), shortened(gates), strict=True))
        names = [*(f"level {level}" for level in headings["level"]), *bars["gate"].map(short)]
        self.ax_.set_yticks(ticks, names, parse_math=False)
        for label in self.ax_.get_yticklabels()[: len(headings)]:
            label.set_fontweight("bold")
        for tick in self.ax_.yaxis.get_major_ticks()[: len(headings)]:
            tick.tick1line.set_visible(False)
        self.ax_.set(
            xlim=(0, 1),
            ylim=(table["position"].max() + 0.6, -0.6),
            xlabel="mean gate weight",
            ylabel="gate",
        )
        self.ax_.spines[["top", "right"]].set_visible(False)


def _listed(colours: dict[str, Colour]) -> tuple[str, dict[str, Colour]]:
    """The legend's title and entries: every expert if they are few, else every owner."""
    owners: dict[str, Colour] = {}
    for expert, colour in colours.items():
        owners.setdefault(owner_of(expert), colour)
    if len(colours) > MAX_LISTED_EXPERTS:
        return "experts of\n(1 is darkest)", owners
    short = dict(zip(owners, shortened(owners, MAX_LETTERS - 3), strict=True))
    listed = {
        short[owner_of(expert)] + expert.removeprefix(owner_of(expert)): colour
        for expert, colour in colours.items()
    }
    return "expert", listed
