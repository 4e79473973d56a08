"""What the pictures have in common: matplotlib, asked for late; colours; names; panels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from os.path import commonprefix
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sklearn_ple.metrics.gain_verdicts import HURT, IMPROVED, NO_EVIDENCE

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.text import Text

# Blue and vermilion are told apart by everyone, in print too.
VERDICT_COLOURS = {IMPROVED: "#0072B2", HURT: "#D55E00", NO_EVIDENCE: "#8C8C8C"}
MARKERS = "osD^vP*X<>ph"
MAX_LETTERS, LEAST_LETTERS = 26, 10
_LETTER, _MARK = 0.085, 0.55  # inches of a legend's letter, and of its mark with the space around


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


def shortened(names: Iterable[str], length: int = MAX_LETTERS) -> list[str]:
    """Names of so many letters at most: what they begin with, or else what tells them apart."""
    whole = list(names)
    long = [name for name in whole if len(name) > length]
    common = len(commonprefix(long))  # noqa: RUF071  it is letters that are compared
    tail = length // 2
    cuts: list[Callable[[str], str]] = [
        lambda name: f"{name[: length - 1]}…",
        lambda name: f"{name[: length - 1 - tail]}…{name[-tail:]}",
        lambda name: f"…{name[common : common + length - 1]}",
    ]
    found = [[cut(name) if len(name) > length else name for name in whole] for cut in cuts]
    return next((each for each in found if len(set(each)) == len(set(whole))), found[0])


def drawn_as_written(*texts: Text) -> None:
    """Draw names as they are: a "$" in one begins no formula."""
    for text in texts:
        text.set_parse_math(False)


def plain_legend(
    axes: Axes, handles: Sequence[Artist], names: Sequence[str], **options: Any
) -> None:
    """A legend of names as written; matplotlib leaves out what begins with "_"."""
    legend = axes.legend(handles, [""] * len(names), **options)
    for text, name in zip(legend.get_texts(), names, strict=True):
        text.set_text(name)
    drawn_as_written(*legend.get_texts())


def legend_beside(
    axes: Axes,
    handles: Sequence[Artist],
    names: Sequence[str],
    *,
    n_rows: int,
    title: str | None = None,
) -> None:
    """A legend to the right of axes, in columns of so many rows; of many, names are shorter."""
    short, n_columns = _in_columns(names, n_rows)
    plain_legend(
        axes,
        handles,
        short,
        title=title,
        loc="upper left",
        bbox_to_anchor=(1.02, 1.0),
        frameon=False,
        ncols=n_columns,
    )


def legend_inches(names: Sequence[str], *, n_rows: int) -> float:
    """About how wide `legend_beside` is, 1.4 at least."""
    short, n_columns = _in_columns(names, n_rows)
    return max(1.4, n_columns * (_MARK + _LETTER * max(map(len, short))))


def _in_columns(names: Sequence[str], n_rows: int) -> tuple[list[str], int]:
    n_columns = 1 + (len(names) - 1) // n_rows
    return shortened(names, max(LEAST_LETTERS, MAX_LETTERS // n_columns)), n_columns


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
