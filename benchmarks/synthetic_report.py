"""Table and figure of the synthetic study, from its rows."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from study_page import gain_cell, intro, markdown, page, signed

from sklearn_ple.metrics import gain_verdicts

TUNING_SEED = 100
COLOURS = {"SharedBottom": "#8c8c8c", "MMOE": "#e69f00", "PLE": "#0072b2"}
PAPER = "1.87"


def tidy(rows: list[dict[str, object]]) -> pd.DataFrame:
    """One row per run and task: squared error, and share of variance explained."""
    frame = pd.DataFrame(rows).explode(["mse", "variance"], ignore_index=True)
    frame = frame[frame["seed"] != TUNING_SEED].astype({"mse": float, "variance": float})
    key = ["scheme", "correlation", "seed", "n_train"]
    frame["task"] = (1 + frame.groupby(key).cumcount()).map("task {}".format)
    frame["r2"] = 1 - frame["mse"] / frame["variance"]
    return frame.reset_index(drop=True)


def gains(frame: pd.DataFrame) -> pd.DataFrame:
    """Equation 11 of every scheme, run and task, in R² and in squared error."""
    pair = ["correlation", "seed", "n_train", "task"]
    alone = frame[frame["scheme"] == "SingleTask"].set_index(pair)
    together = frame[frame["scheme"] != "SingleTask"].set_index(pair)
    return together.assign(
        gain=together["r2"] - alone["r2"].reindex(together.index),
        mse_gain=alone["mse"].reindex(together.index) - together["mse"],
    ).reset_index()


def verdicts(pairs: pd.DataFrame) -> pd.DataFrame:
    """Mean gains with Holm's intervals, correlation by correlation."""
    judged = {
        correlation: gain_verdicts(each, family="scheme")
        for correlation, each in pairs.groupby("correlation")
    }
    return pd.concat(judged, names=["correlation"]).reset_index(level=0).reset_index(drop=True)


def figure(judged: pd.DataFrame) -> Figure:
    """Gains in thousandths of R², a panel per task, a group of bars a correlation."""
    tasks = judged["task"].unique()
    drawn = Figure(figsize=(9, 3.6), layout="constrained")
    axes = drawn.subplots(1, len(tasks), sharey=True)
    for ax, task in zip(axes, tasks, strict=True):
        rows = judged[judged["task"] == task]
        places = np.arange(rows["correlation"].nunique())
        for j, (scheme, each) in enumerate(rows.groupby("scheme", sort=False)):
            at = places + (j - 1) * 0.27
            ax.bar(at, 1000 * each["gain"], 0.25, color=COLOURS[scheme], label=scheme)
            half = 1000 * (each["holm_high"] - each["gain"])
            ax.errorbar(at, 1000 * each["gain"], half, fmt="none", ecolor="0.2", capsize=2, lw=1)
        ax.axhline(0, color="0.2", lw=0.8)
        ax.set_xticks(places, [f"{p:g}" for p in rows["correlation"].unique()])
        ax.set_xlabel("correlation p of the tasks (cosine of their weights)")
        ax.set_title(task)
        ax.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("gain in R² over single-task, thousandths")
    axes[0].legend(frameon=False)
    return drawn


def levels(frame: pd.DataFrame) -> pd.DataFrame:
    """Mean R² of both tasks, schemes down, correlations across."""
    return frame.pivot_table(index="scheme", columns="correlation", values="r2", sort=False).map(
        "{:.4f}".format
    )


def gain_table(judged: pd.DataFrame) -> pd.DataFrame:
    """Gains in thousandths with half an interval; bold where there is a verdict."""
    cells = judged.assign(cell=judged.apply(gain_cell, axis=1))
    return cells.pivot_table(
        index=["scheme", "task"], columns="correlation", values="cell", aggfunc="first", sort=False
    )


def overall(pairs: pd.DataFrame) -> pd.Series:
    """The paper's total: squared-error gains added over tasks, averaged over everything else."""
    total = pairs.groupby(["scheme", "correlation", "seed"], sort=False)["mse_gain"].sum()
    return total.groupby("scheme", sort=False).mean()


def write_report(results: Path, points: dict[str, tuple[float, float]]) -> None:
    """Write the page and the figure beside the rows."""
    rows = [json.loads(line) for line in results.read_text().splitlines()]
    everything = tidy(rows)
    n_train = everything["n_train"].min()
    study, large = (everything[everything["n_train"] == n] for n in (n_train, 1_400_000))
    pairs = gains(study)
    judged = verdicts(pairs)
    figure(judged).savefig(results.with_suffix(".png"), dpi=150)
    sizes = study.groupby("scheme", sort=False)["n_parameters"].first()
    total = overall(pairs)
    parts = [
        intro("Two synthetic tasks", "python benchmarks/synthetic.py tune && … study", study),
        "Labels as the PLE paper makes them (512 inputs, 10 sines, noise 0.1), "
        f"{n_train:,} rows to train on, 50,000 to judge by; the paper has 1.4 million.",
        markdown(
            pd.DataFrame(
                {
                    "parameters": sizes.map("{:,}".format),
                    "rate": {s: f"{lr:g}" for s, (lr, _) in points.items()},
                    "dropout": {s: f"{dropout:g}" for s, (_, dropout) in points.items()},
                }
            ).rename_axis("scheme")
        ),
        "## R², mean of both tasks",
        markdown(levels(study)),
        "## Gain over single-task nets",
        f"![Gains by correlation and task]({results.with_suffix('.png').name})",
        "In thousandths of R², mean over seeds and half of Holm's interval; bold where that leaves "
        "out zero.",
        markdown(gain_table(judged)),
        "In squared error, added over both tasks and averaged over correlations and seeds, as the "
        "paper's total: "
        + ", ".join(f"{scheme} {signed(value, 4)}" for scheme, value in total.items())
        + f". PLE over MMOE: {total['PLE'] / total['MMOE']:.2f} (the paper: {PAPER}).",
    ]
    if len(large):
        parts += ["## At the paper's 1.4 million rows, p = 0.5, one seed", large_table(large)]
    results.with_suffix(".md").write_text(page(parts))


def large_table(large: pd.DataFrame) -> str:
    """R² by task of the one large run; a single seed has no interval."""
    table = large.pivot_table(index="scheme", columns="task", values="r2", sort=False)
    return markdown(table.map("{:.5f}".format))
