"""Expert utilisation as a picture: figure 8 of the PLE paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from sklearn.utils import check_matplotlib_support

from sklearn_ple.inspection.utilization import SHARED, expert_utilization

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.container import BarContainer
    from matplotlib.figure import Figure

Colour = tuple[float, float, float]
MAX_LISTED_EXPERTS = 12
LEGEND_ROWS = 14


class ExpertUtilizationDisplay:
    """Stacked bars of mean gate weights: one bar a gate, one block a level.

    Shared experts are grey; each task's experts have a hue of their own, the first one darkest.
    A line at the end of a segment reaches one standard deviation to either side.

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
    figure_: Figure
    bars_: dict[str, BarContainer]

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
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
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
        check_matplotlib_support(f"{type(self).__name__}.plot")
        from matplotlib import pyplot as plt

        table = self._laid_out()
        height = table["position"].max() + 1
        if ax is None:
            _, ax = plt.subplots(figsize=(8.5, 1.1 + 0.32 * height), layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        colours = _colours(list(table["expert"].unique()))
        self.bars_ = {}
        for expert, rows in table.groupby("expert", sort=False):
            self.bars_[expert] = ax.barh(
                rows["position"],
                rows["mean"],
                left=rows["left"],
                height=0.8,
                color=colours[expert],
                edgecolor="white",
                linewidth=0.6,
            )
        if show_std:
            self._draw_std(table)
        self._label(table)
        self._draw_legend(colours)
        return self

    def _laid_out(self) -> pd.DataFrame:
        """Add each segment's bar position (a free one before each level) and left end."""
        table = self.utilization.reset_index(drop=True)
        gate = table.groupby(["level", "gate"], sort=False).ngroup()
        level = table.groupby("level", sort=False).ngroup()
        left = table.groupby(["level", "gate"], sort=False)["mean"].cumsum() - table["mean"]
        return table.assign(position=gate + level + 1, left=left)

    def _draw_std(self, table: pd.DataFrame) -> None:
        """Lines at the segments' ends, at staggered heights so that they do not overlap."""
        number = table.groupby("position").cumcount()
        size = table.groupby("position")["mean"].transform("size")
        offset = np.where(size > 1, 0.6 * (number / (size - 1).clip(lower=1) - 0.5), 0.0)
        self.ax_.errorbar(
            table["left"] + table["mean"],
            table["position"] + offset,
            xerr=table["std"],
            fmt="none",
            ecolor="black",
            elinewidth=0.9,
        )

    def _label(self, table: pd.DataFrame) -> None:
        bars = table.drop_duplicates("position")
        headings = bars.drop_duplicates("level")
        ticks = [*(headings["position"] - 1), *bars["position"]]
        names = [*(f"level {level}" for level in headings["level"]), *bars["gate"]]
        self.ax_.set_yticks(ticks, names)
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

    def _draw_legend(self, colours: dict[str, Colour]) -> None:
        """Every expert if they are few, else every owner."""
        from matplotlib.patches import Patch

        listed, title = colours, "expert"
        if len(colours) > MAX_LISTED_EXPERTS:
            owners = [_owner(expert) for expert in colours]
            listed = dict(zip(reversed(owners), reversed(colours.values()), strict=True))
            listed = {owner: listed[owner] for owner in dict.fromkeys(owners)}
            title = "experts of\n(1 is darkest)"
        self.ax_.legend(
            handles=[Patch(facecolor=colour, label=name) for name, colour in listed.items()],
            title=title,
            loc="upper left",
            bbox_to_anchor=(1.02, 1.0),
            ncols=1 + (len(listed) - 1) // LEGEND_ROWS,
            frameon=False,
        )


def _owner(expert: str) -> str:
    return expert.rpartition(" ")[0]


def _colours(experts: list[str]) -> dict[str, Colour]:
    """Greys for the shared experts, one hue a task, lighter with the number in the group."""
    from matplotlib import colormaps
    from matplotlib.colors import hsv_to_rgb

    groups: dict[str, list[str]] = {}
    for expert in experts:
        groups.setdefault(_owner(expert), []).append(expert)
    tasks = [owner for owner in groups if owner != SHARED]
    colours = {}
    for owner, members in groups.items():
        if owner == SHARED:
            base: Any = (0.35, 0.35, 0.35)
        elif len(tasks) <= 9:
            base = colormaps["tab10"].colors[_TAB10_WITHOUT_GREY[tasks.index(owner)]]
        else:
            base = hsv_to_rgb((tasks.index(owner) / len(tasks), 0.75, 0.8))
        for number, expert in enumerate(sorted(members, key=_number)):
            colours[expert] = _lighter(base, 0.7 * number / max(len(members), 2))
    return {expert: colours[expert] for expert in experts}


_TAB10_WITHOUT_GREY = [0, 1, 2, 3, 4, 5, 6, 8, 9]


def _number(expert: str) -> int:
    return int(expert.rpartition(" ")[2])


def _lighter(colour: Any, share: float) -> Colour:
    red, green, blue = (float(c + (1 - c) * share) for c in colour)
    return red, green, blue
