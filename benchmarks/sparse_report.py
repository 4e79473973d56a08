"""Tables and figure of the study of a sparse task, from its rows."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure
from real_report import tidy
from study_page import gain_cell, intro, markdown, page

from sklearn_ple.metrics import gain_verdicts

SPARSE = "income"
BASES = {"SingleTask": "single-task nets", "boosting": "boosting"}
COLOURS = {"SharedBottom": "#8c8c8c", "MMOE": "#e69f00", "PLE": "#0072b2"}


def sparse_gains(frame: pd.DataFrame, base: str) -> pd.DataFrame:
    """Gains in the sparse task over a base, judged by seed: one row per set, share and scheme."""
    of_task = frame[frame["task"] == SPARSE]
    pair = ["set", "share", "seed"]
    alone = of_task[of_task["scheme"] == base].set_index(pair)["figure"]
    together = of_task[of_task["scheme"].isin(COLOURS)].set_index(pair)
    together = together.assign(gain=together["figure"] - alone.reindex(together.index))
    judged = {
        key: gain_verdicts(each, family="scheme")
        for key, each in together.reset_index().groupby(["set", "share"], sort=False)
    }
    return pd.concat(judged, names=["set", "share"]).reset_index(["set", "share"])


def figure(frame: pd.DataFrame) -> Figure:
    """Gain against what is left of the labels: a row per set, a column per base."""
    names = list(frame["set"].unique())
    drawn = Figure(figsize=(9, 3.1 * len(names)), layout="constrained")
    axes = drawn.subplots(len(names), len(BASES), sharex=True, sharey="row", squeeze=False)
    for column, (base, title) in enumerate(BASES.items()):
        judged = sparse_gains(frame, base)
        for ax, name in zip(axes[:, column], names, strict=True):
            of_set = judged[judged["set"] == name]
            places = {share: j for j, share in enumerate(sorted(of_set["share"].unique()))}
            for j, (scheme, colour) in enumerate(COLOURS.items()):
                each = of_set[of_set["scheme"] == scheme].sort_values("share")
                at = each["share"].map(places) + (j - 1) * 0.1
                half = each["holm_high"] - each["gain"]
                ax.errorbar(at, each["gain"], half, color=colour, marker="o", ms=4, capsize=2,
                            label=scheme)  # fmt: skip
            ax.axhline(0, color="0.3", lw=0.8)
            ax.set_xticks(list(places.values()), [f"{share:.0%}" for share in places])
            ax.set_title(f"{name.partition(',')[0]}, over {title}", fontsize=10)
            ax.spines[["top", "right"]].set_visible(False)
    for ax in axes[-1]:
        ax.set_xlabel(f"labels of {SPARSE} hidden")
    for ax in axes[:, 0]:
        ax.set_ylabel("gain in AUC")
    axes[0, 0].legend(frameon=False)
    return drawn


def levels(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Mean figure and spread over seeds of one set: shares and schemes down, tasks across."""
    of_set = frame[frame["set"] == name].assign(hidden=lambda f: f["share"].map("{:.0%}".format))
    of_set = of_set.sort_values("share", kind="stable")
    grouped = of_set.groupby(["hidden", "scheme", "task"], sort=False)["figure"]
    text = grouped.mean().map("{:.4f}".format) + " ± " + grouped.std().map("{:.4f}".format)
    tasks = list(of_set["task"].unique())
    return pd.DataFrame({task: text.xs(task, level="task") for task in tasks})


def gain_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Gains in thousandths with half of Holm's interval; bold where that leaves out zero."""
    columns = {}
    for base, title in BASES.items():
        judged = sparse_gains(frame, base).set_index(["set", "share", "scheme"])
        columns[f"over {title}"] = judged.apply(gain_cell, axis=1)
    table = pd.DataFrame(columns).sort_index(level="share", kind="stable", sort_remaining=False)
    return table.rename(lambda share: f"{share:.0%}", level="share")


def write_report(results: Path) -> None:
    """Write the page and the figure beside the rows."""
    frame = tidy([json.loads(line) for line in results.read_text().splitlines()])
    figure(frame).savefig(results.with_suffix(".png"), dpi=150)
    parts = [
        intro("A sparse task beside dense ones", "python benchmarks/sparse_task.py study", frame),
        f"A share of the labels of {SPARSE} is hidden, all others are left; judged on the test "
        "files. Of the census, 50,000 training rows, drawn anew for each seed.",
        f"![Gain in the sparse task]({results.with_suffix('.png').name})",
        f"## Gain in AUC of {SPARSE}",
        "In thousandths, mean over seeds with half of Holm's interval; bold where it leaves out "
        "zero.",
        markdown(gain_table(frame)),
    ]
    for name in frame["set"].unique():
        parts += [
            f"## {name}",
            "AUC of binary tasks, share of deviance explained of others: mean ± standard deviation "
            "over seeds.",
            markdown(levels(frame, name)),
        ]
    results.with_suffix(".md").write_text(page(parts))
