"""Tables and figure of the study on real sets, from its rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from study_page import gain_cell, intro, markdown, page

from sklearn_ple.metrics import gain_verdicts

ALONE, BOOSTING = "SingleTask", "boosting"
FULL = ", official split"


def tidy(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """One row per run and task."""
    frame = pd.DataFrame(rows)
    frame["task"] = [list(figures) for figures in frame["figures"]]
    frame["figure"] = [list(figures.values()) for figures in frame["figures"]]
    return frame.explode(["task", "figure"], ignore_index=True).astype({"figure": float})


def gains(frame: pd.DataFrame, base: str) -> pd.DataFrame:
    """Each figure less that of the base on the same split and seed."""
    pair = ["set", "seed", "task"]
    of_base = frame[frame["scheme"] == base].set_index(pair)["figure"]
    rest = frame[frame["scheme"] != base].set_index(pair)
    gain = rest["figure"] - of_base.reindex(rest.index)
    return rest.assign(gain=gain, fold=rest.index.get_level_values("seed")).reset_index()


def verdicts(pairs: pd.DataFrame) -> pd.DataFrame:
    """Gains of every set, scheme and task, judged over splits."""
    judged = {
        name: gain_verdicts(each, family="scheme")
        for name, each in pairs.groupby("set", sort=False)
    }
    return pd.concat(judged, names=["set"]).reset_index(level=0).reset_index(drop=True)


def mean_gain(pairs: pd.DataFrame) -> pd.DataFrame:
    """The gain averaged over tasks, as one task more, judged in the same way."""
    key = ["set", "scheme", "fold", "n_train", "n_test"]
    averaged = pairs.groupby(key, sort=False)["gain"].mean().reset_index().assign(task="mean")
    return verdicts(averaged)


def overview(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Schemes of one set, best first: mean figure, gains, tasks improved and hurt."""
    of_set = frame[frame["set"] == name]
    means = of_set.groupby("scheme")["figure"].mean().sort_values(ascending=False)
    table = pd.DataFrame({"mean figure": means.map("{:.4f}".format)})
    for base, title in ((ALONE, "over single-task"), (BOOSTING, "over boosting")):
        pairs = gains(of_set, base)
        judged = mean_gain(pairs).set_index("scheme")
        table[f"gain {title}"] = judged.apply(gain_cell, axis=1).reindex(
            table.index, fill_value="-"
        )
        if base == ALONE:
            counts = pd.crosstab(verdicts(pairs)["scheme"], verdicts(pairs)["verdict"])
            counts = counts.reindex(columns=["improved", "hurt"], fill_value=0)
            shown = counts["improved"].astype(str) + " / " + counts["hurt"].astype(str)
            table["tasks improved / hurt"] = shown.reindex(table.index, fill_value="-")
    return table


def official(frame: pd.DataFrame) -> pd.DataFrame:
    """Figures by task on the official split, one seed."""
    full = frame[frame["set"].str.endswith(FULL)]
    table = full.pivot_table(index="scheme", columns="task", values="figure", sort=False)
    seconds = full.groupby("scheme", sort=False)["seconds"].first()
    return table.map("{:.4f}".format).assign(**{"seconds to fit": seconds.map("{:.0f}".format)})


def figure(frame: pd.DataFrame) -> Figure:
    """Mean gain over single-task nets: a panel per set, a line per scheme."""
    judged = mean_gain(gains(frame, ALONE))
    names = list(judged["set"].unique())
    n_rows, n_columns = -(-len(names) // 3), min(3, len(names))
    drawn = Figure(figsize=(3.4 * n_columns, 3.9 * n_rows), layout="constrained")
    axes = drawn.subplots(n_rows, n_columns, squeeze=False).ravel()
    for ax in axes[len(names) :]:
        ax.remove()
    for ax, name in zip(axes, names, strict=False):
        rows = judged[judged["set"] == name][::-1]
        colours = ["#d55e00" if scheme == BOOSTING else "#0072b2" for scheme in rows["scheme"]]
        places = np.arange(len(rows))
        half = 1000 * (rows["holm_high"] - rows["gain"])
        ax.hlines(places, 1000 * rows["gain"] - half, 1000 * rows["gain"] + half, colours, lw=1.5)
        ax.scatter(1000 * rows["gain"], places, c=colours, s=22, zorder=3)
        ax.axvline(0, color="0.4", lw=0.8)
        ax.set_yticks(places, rows["scheme"])
        ax.set_title(name.partition(",")[0], fontsize=10)
        ax.spines[["top", "right"]].set_visible(False)
    drawn.supxlabel("gain over single-task nets, thousandths of the mean figure", fontsize=10)
    return drawn


def write_report(results: Path, options: dict[str, dict[str, Any]]) -> None:
    """Write the page and the figure beside the rows; `options` are those of nets on single sets."""
    everything = tidy([json.loads(line) for line in results.read_text().splitlines()])
    is_full = everything["set"].str.endswith(FULL)
    frame = everything[~is_full]
    figure(frame).savefig(results.with_suffix(".png"), dpi=150)
    parts = [
        intro("Every scheme on real sets", "python benchmarks/real.py study && … full", frame),
        "A figure is the AUC of a binary task, the share of deviance explained of another. Gains "
        "are in thousandths, mean over tasks and seeds, with half of an interval that allows for "
        "training rows which overlap from split to split (Nadeau and Bengio); bold where it leaves "
        "out zero. Tasks improved and hurt are counted after Holm's correction over the tasks of a "
        "scheme.",
        f"![Gain over single-task nets by set and scheme]({results.with_suffix('.png').name})",
    ]
    for name in frame["set"].unique():
        parts.append(f"## {name}")
        if name in options:
            given = ", ".join(f"`{key}={value!r}`" for key, value in options[name].items())
            parts.append(f"All nets with {given}; on other sets that is left to the defaults.")
        parts.append(markdown(overview(frame, name)))
    if is_full.any():
        parts += ["## The whole census, official split, one seed", markdown(official(everything))]
    results.with_suffix(".md").write_text(page(parts))
