"""Drawing one panel of `TaskPanelDisplay`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from sklearn_ple.inspection.drawing import distinct_colours, plain_legend, shortened
from sklearn_ple.inspection.task_curves import Curve, CurveKind, TaskCurves

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

MAX_LISTED_CLASSES, CLASS_LETTERS = 6, 14
MAX_POINTS = 2_000


Corner = Literal["lower right", "lower left", "upper right", "upper left"]
_LABELS: dict[CurveKind, tuple[str, str]] = {
    "roc": ("false positives", "true positives"),
    "pr": ("recall", "precision"),
    "calibration": ("predicted", "actual"),
    "residuals": ("predicted", "actual - predicted"),
}


def draw_panel(axes: Axes, panel: TaskCurves) -> list[Artist]:
    """Draw the curves of one task, with what they are measured against."""
    xlabel, ylabel = _LABELS[panel.kind]
    colours = distinct_colours(len(panel.curves))
    artists: list[Artist] = []
    for curve, colour in zip(panel.curves, colours, strict=True):
        if panel.kind == "residuals":
            step = -(-max(len(curve.x), 1) // MAX_POINTS)
            opacity = float(np.clip(30 / np.sqrt(len(curve.x) + 1), 0.15, 0.7))
            artists.append(
                axes.scatter(curve.x[::step], curve.y[::step], s=9, alpha=opacity, linewidths=0)
            )
        else:
            marker = "." if panel.kind == "calibration" else ""
            # A recall between two thresholds has the precision of the greater one, as in AP.
            style = "steps-pre" if panel.kind == "pr" else "default"
            artists += axes.plot(
                curve.x, curve.y, color=colour, marker=marker, label=curve.label, drawstyle=style
            )
    _draw_reference(axes, panel)
    axes.set_title(shortened([panel.task])[0], fontsize="medium", parse_math=False)
    axes.set_xlabel(xlabel, fontsize="small")
    axes.set_ylabel(ylabel, fontsize="small")
    axes.tick_params(labelsize="small")
    axes.locator_params(nbins=5)
    axes.spines[["top", "right"]].set_visible(False)
    _write_summary(axes, panel, artists)
    return artists


def _draw_reference(axes: Axes, panel: TaskCurves) -> None:
    """Chance, perfect calibration or no residual; and the room around the curves."""
    line: dict[str, Any] = {"color": "0.5", "linewidth": 1.0, "zorder": 0}
    if panel.kind in ("roc", "pr"):
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    if panel.kind == "roc":
        axes.plot([0, 1], [0, 1], linestyle="--", **line)
    elif panel.kind == "pr":
        for curve in panel.curves if len(panel.curves) == 1 else []:
            # At full recall everything is taken, so precision is the share of positives.
            axes.axhline(curve.y[-1], linestyle=":", **line)
    elif panel.kind == "calibration":
        low, high = _range(panel.curves)
        axes.plot([low, high], [low, high], linestyle="--", **line)
    else:
        axes.axhline(0, linestyle="--", **line)


def _range(curves: list[Curve]) -> tuple[float, float]:
    ends = [value for curve in curves for values in (curve.x, curve.y) for value in values]
    return (min(ends), max(ends)) if ends else (0.0, 1.0)


def _write_summary(axes: Axes, panel: TaskCurves, artists: list[Artist]) -> None:
    """The number, how many labels it is of, and which class has which colour, if they are few."""
    classes = [curve.label for curve in panel.curves if curve.label is not None]
    listed = 0 < len(classes) <= MAX_LISTED_CLASSES
    plain_legend(
        axes,
        artists if listed else [],
        shortened(classes, CLASS_LETTERS) if listed else [],
        title=f"{panel.summary}\nn = {panel.n_labels:,}",
        loc=_free_corner(panel),
        fontsize="x-small",
        title_fontsize="small",
        framealpha=0.7,
        edgecolor="none",
        handlelength=1.2,
        borderpad=0.1,
    )


def _free_corner(panel: TaskCurves) -> Corner:
    """Where such curves leave room; those of precision do below where it is high."""
    if panel.kind == "roc":
        return "lower right"
    if panel.kind == "calibration":
        return "upper left" if len(panel.curves) > 1 else "lower right"
    if panel.kind == "residuals":
        return "upper right"
    heights = [np.interp(0.7, curve.x, curve.y) for curve in panel.curves]
    return "lower left" if heights and np.mean(heights) > 0.5 else "upper right"
