"""The ground that a seesaw is drawn on: quadrants for two tasks, strips for more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sklearn_ple.inspection.drawing import VERDICT_COLOURS
from sklearn_ple.metrics.gain_verdicts import HURT, IMPROVED

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHADE = 0.09
HEIGHTS = (1, 3, 10, 30, 100, 300, 1000)


def frame_quadrants(ax: Axes) -> None:
    """Centre the axes on zero; shade and name the quadrants."""
    x_limit, y_limit = (1.05 * max(map(abs, limits)) for limits in (ax.get_xlim(), ax.get_ylim()))
    ax.set(xlim=(-x_limit, x_limit), ylim=(-y_limit, y_limit))
    blue, red = VERDICT_COLOURS[IMPROVED], VERDICT_COLOURS[HURT]
    ax.fill_between([0, x_limit], 0, y_limit, color=blue, alpha=SHADE, linewidth=0, zorder=0)
    ax.fill_between([-x_limit, 0], -y_limit, 0, color=red, alpha=SHADE, linewidth=0, zorder=0)
    for text, x, y in [
        ("both gain", 1, 1),
        ("seesaw", 0, 1),
        ("both lose", 0, 0),
        ("seesaw", 1, 0),
    ]:
        ax.annotate(
            text,
            (x, y),
            xycoords="axes fraction",
            xytext=(6 - 12 * x, 6 - 12 * y),
            textcoords="offset points",
            ha="right" if x else "left",
            va="top" if y else "bottom",
            color="0.4",
            fontsize="small",
        )
    ax.axhline(0, color="black", linewidth=0.8)
    ax.axvline(0, color="black", linewidth=0.8)


def frame_strips(ax: Axes, n: int) -> None:
    """Set a scale that opens at one half width; shade where verdicts are; part n strips."""
    ax.set_yscale("asinh", linear_width=1.0)
    drawn = [abs(end) for end in ax.dataLim.intervaly if np.isfinite(end)]
    limit = 1.2 * max([2.0, *drawn])
    ticks = [height for height in HEIGHTS if height < limit]
    ax.set_yticks([*(-height for height in ticks[::-1]), 0, *ticks])
    ax.set_yticks([], minor=True)
    ax.yaxis.set_major_formatter("{x:g}")
    ax.set(xlim=(-0.5, n - 0.5), ylim=(-limit, limit))
    ax.axhspan(1, limit, color=VERDICT_COLOURS[IMPROVED], alpha=SHADE, linewidth=0, zorder=0)
    ax.axhspan(-limit, -1, color=VERDICT_COLOURS[HURT], alpha=SHADE, linewidth=0, zorder=0)
    ax.axhline(0, color="black", linewidth=0.8)
    for edge in np.arange(n - 1) + 0.5:
        ax.axvline(edge, color="0.85", linewidth=0.8, zorder=0)
