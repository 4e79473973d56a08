"""What the pictures have in common: matplotlib, asked for late; colours; panels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sklearn_ple.metrics.gain_verdicts import HURT, IMPROVED, NO_EVIDENCE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Blue and vermilion are told apart by everyone, in print too.
VERDICT_COLOURS = {IMPROVED: "#0072B2", HURT: "#D55E00", NO_EVIDENCE: "#8C8C8C"}
MARKERS = "osD^vP*X<>ph"


def require_matplotlib(display: str, numbers: str) -> None:
    """Raise an ImportError that says what to do, unless matplotlib is there.

    Parameters
    ----------
    display : str
        What would draw.
    numbers : str
        Where to read what it would show.
    """
    try:
        import matplotlib  # noqa: F401  only whether it is there
    except ImportError as error:
        raise ImportError(
            f"{display} draws with matplotlib, which is not installed; "
            f"`pip install matplotlib`, or read the numbers in {numbers}."
        ) from error


def distinct_colours(n: int) -> list[Any]:
    """As many colours: tab10's, or, of more, steps through a colour map."""
    from matplotlib import colormaps

    if n <= 10:
        return [colormaps["tab10"](k) for k in range(n)]
    return [colormaps["turbo"](0.05 + 0.9 * k / (n - 1)) for k in range(n)]


def sub_axes(
    ax: Axes | Sequence[Axes], n_panels: int, n_columns: int, what: str = "tasks"
) -> tuple[Axes, NDArray[Any]]:
    """Panels: the axes given, or as many in the room of one, which is hidden.

    Returns
    -------
    ax : Axes
        The one that was divided, or the first.
    panels : ndarray of Axes of shape (n_panels,)

    Raises
    ------
    ValueError
        If there are not as many axes as panels.
    """
    from matplotlib.axes import Axes
    from matplotlib.gridspec import GridSpecFromSubplotSpec

    if not isinstance(ax, Axes):
        panels = np.asarray(ax, dtype=object).ravel()
        if len(panels) != n_panels:
            raise ValueError(f"There are {len(panels)} axes for {n_panels} {what}.")
        return panels[0], panels
    ax.set_axis_off()
    place = ax.get_subplotspec()
    figure = ax.figure
    if place is None:
        raise ValueError("These axes are no subplot, so they cannot be divided; give one a panel.")
    n_rows = -(-n_panels // n_columns)
    grid = GridSpecFromSubplotSpec(n_rows, n_columns, subplot_spec=place)
    panels = np.empty(n_panels, dtype=object)
    panels[:] = [figure.add_subplot(grid[k // n_columns, k % n_columns]) for k in range(n_panels)]
    return ax, panels
