"""Several objectives of a search as a picture: what every trial reached, and the front."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_ple.inspection.drawing import require_matplotlib, shortened, sub_axes
from sklearn_ple.metrics.pareto import on_front

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PathCollection
    from matplotlib.figure import Figure, SubFigure

MAX_COLUMNS = 3
FRONT, BEATEN = "#0072B2", "#8C8C8C"
ON_FRONT = "on_front"


class ParetoDisplay:
    """Trials by what they scored: a panel for each two metrics.

    Blue points are on the front: no other trial is better in one metric without being worse in
    another. Each has its trial's number, under which `pareto_frame` has its parameters. With two
    metrics a line shows where the front runs: whoever lies below and left of it is beaten. With
    more, a blue point that seems beaten is better in a metric that its panel does not show.

    Create it with `from_estimator` or `from_predictions`.

    Parameters
    ----------
    trials : DataFrame
        As `MultiTaskSearchCV.pareto_frame(only_front=False)`: indexed by trial, with a column for
        each metric, greater being better, and "on_front".
    metrics : list of str
        Which to show, in order; two at least.

    Attributes
    ----------
    axes_ : ndarray of Axes of shape (n_pairs,)
        The panels.
    ax_ : matplotlib Axes
        The axes that the panels divide among them, itself hidden; the first panel where panels
        were given.
    figure_ : matplotlib Figure
        Its figure.
    points_ : dict of (str, str) to PathCollection
        For each pair of metrics the points on the front.

    See Also
    --------
    MultiTaskSearchCV : Searches for several metrics at once.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from sklearn_ple.inspection import ParetoDisplay
    >>> scores = pd.DataFrame({"clicks": [0.7, 0.8, 0.6], "sales": [0.6, 0.5, 0.4]})
    >>> display = ParetoDisplay.from_predictions(scores)
    >>> display.trials["on_front"].tolist()
    [True, True, False]
    >>> plt.close(display.figure_)
    """

    axes_: NDArray[Any]
    ax_: Axes
    figure_: Figure | SubFigure
    points_: dict[tuple[str, str], PathCollection]

    def __init__(self, trials: pd.DataFrame, metrics: Sequence[str]) -> None:
        self.trials = trials
        self.metrics = metrics

    @classmethod
    def from_estimator(
        cls,
        search: Any,
        *,
        metrics: Sequence[str] | None = None,
        ax: Axes | Sequence[Axes] | None = None,
    ) -> Self:
        """Draw the trials of a search.

        Parameters
        ----------
        search : MultiTaskSearchCV
            Fitted, with several metrics.
        metrics : list of str, default=None
            Which to show; None shows all. The front is that of all metrics.
        ax : matplotlib Axes or sequence of n_pairs Axes, default=None
            As in `plot`.

        Returns
        -------
        ParetoDisplay
            After `plot`.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If there are fewer than two metrics, a name is none of theirs, or there are not as many
            axes as pairs of metrics.
        """
        frame = search.pareto_frame(only_front=False)
        known = list(frame.columns[: list(frame.columns).index(ON_FRONT)])
        return cls(frame, _chosen(metrics, known)).plot(ax=ax)

    @classmethod
    def from_predictions(
        cls,
        scores: pd.DataFrame,
        *,
        metrics: Sequence[str] | None = None,
        ax: Axes | Sequence[Axes] | None = None,
    ) -> Self:
        """Draw scores from anywhere.

        Parameters
        ----------
        scores : DataFrame of shape (n_trials, n_metrics)
            Greater is better; indexed by what each point is to be called.
        metrics : list of str, default=None
            Which to show; None shows all. The front is that of all metrics.
        ax : matplotlib Axes or sequence of n_pairs Axes, default=None
            As in `plot`.

        Returns
        -------
        ParetoDisplay
            After `plot`.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            As `from_estimator`.
        """
        trials = scores.assign(**{ON_FRONT: on_front(scores.to_numpy(dtype=np.float64))})
        return cls(trials, _chosen(metrics, list(scores.columns))).plot(ax=ax)

    def plot(self, *, ax: Axes | Sequence[Axes] | None = None) -> Self:
        """Draw the trials.

        Parameters
        ----------
        ax : matplotlib Axes or sequence of n_pairs Axes, default=None
            One whose room the panels take, or one per pair; None makes a figure of fitting size.

        Returns
        -------
        ParetoDisplay
            Itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If there are not as many axes as pairs of metrics.
        """
        require_matplotlib("ParetoDisplay", "`pareto_frame`")
        from matplotlib import pyplot as plt

        pairs = list(combinations(self.metrics, 2))
        n_columns = min(MAX_COLUMNS, len(pairs))
        if ax is None:
            size = (0.6 + 3.6 * n_columns, 0.4 + 3.2 * -(-len(pairs) // n_columns))
            _, ax = plt.subplots(figsize=size, layout="constrained")
        self.ax_, self.axes_ = sub_axes(ax, len(pairs), n_columns)
        self.figure_ = self.ax_.figure
        self.points_ = {
            pair: self._draw(panel, *pair) for pair, panel in zip(pairs, self.axes_, strict=True)
        }
        return self

    def _draw(self, panel: Axes, across: str, up: str) -> PathCollection:
        front = self.trials[self.trials[ON_FRONT]]
        beaten = self.trials[~self.trials[ON_FRONT]]
        panel.scatter(beaten[across], beaten[up], s=18, color=BEATEN, alpha=0.6)
        points = panel.scatter(front[across], front[up], s=34, color=FRONT, zorder=3)
        if on_front(front[[across, up]].to_numpy()).all():
            # What any of them beats lies below: from each point down, then to the right.
            steps = front.sort_values(across)
            panel.step(steps[across], steps[up], where="pre", color=FRONT, linewidth=1.0, zorder=2)
        for name, x, y in zip(front.index, front[across], front[up], strict=True):
            panel.annotate(
                str(name), (x, y), xytext=(4, 3), textcoords="offset points", fontsize="x-small"
            )
        x_name, y_name = shortened([str(across), str(up)])
        panel.set_xlabel(x_name, parse_math=False)
        panel.set_ylabel(y_name, parse_math=False)
        panel.spines[["top", "right"]].set_visible(False)
        return points


def _chosen(metrics: Sequence[str] | None, known: list[str]) -> list[str]:
    chosen = known if metrics is None else list(metrics)
    if unknown := [name for name in chosen if name not in known]:
        raise ValueError(f"metrics names {unknown}, but the metrics are {known}.")
    if len(set(chosen)) < 2:
        raise ValueError(f"A front is drawn for two metrics or more; here is {chosen}.")
    return chosen
