"""The page of the study on searches, from its rows."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
from study_page import gain_cell, intro, markdown, page

from sklearn_ple.metrics import gain_verdicts

DEFAULTS, SEARCH, UNPRUNED = "defaults", "search", "search, nothing pruned"


def gain(frame: pd.DataFrame, better: str, base: str) -> pd.Series:
    """The mean figure of one variant less that of another, by set, judged over paired seeds."""
    by_seed = frame.set_index(["set", "seed"])
    of_base = by_seed[by_seed["variant"] == base]["mean"]
    rows = by_seed[by_seed["variant"] == better]
    pairs = rows.assign(gain=rows["mean"] - of_base.reindex(rows.index)).reset_index()
    pairs = pairs.assign(scheme=better, task=pairs["set"], fold=pairs["seed"])
    cells = {
        name: gain_cell(gain_verdicts(each).iloc[0])
        for name, each in pairs.groupby("set", sort=False)
    }
    return pd.Series(cells)


def overview(frame: pd.DataFrame) -> pd.DataFrame:
    """A row a set: what a search gains, and what pruning saves and costs."""
    mean = frame.pivot_table(index="set", columns="variant", values="mean", sort=False)
    epochs = frame.pivot_table(
        index="set", columns="variant", values="epochs_searched", aggfunc="sum", sort=False
    )
    return pd.DataFrame(
        {
            "seeds": frame.groupby("set", sort=False)["seed"].nunique(),
            DEFAULTS: mean[DEFAULTS].map("{:.4f}".format),
            SEARCH: mean[SEARCH].map("{:.4f}".format),
            "gain of the search": gain(frame, SEARCH, DEFAULTS),
            "gain of pruning": gain(frame, SEARCH, UNPRUNED),
            "epochs saved": (1 - epochs[SEARCH] / epochs[UNPRUNED]).map("{:.0%}".format),
        }
    ).rename_axis("set")


def write_report(results: Path) -> None:
    """Write the page beside the rows."""
    frame = pd.DataFrame([json.loads(line) for line in results.read_text().splitlines()])
    n_trials = frame["n_trials"].max()
    parts = [
        intro(f"{n_trials} trials against the defaults", "python benchmarks/search.py", frame),
        "A figure is the mean over tasks of AUC (binary) or of the share of deviance explained "
        "(all others), on rows that neither search nor fit saw. Gains are in thousandths, paired "
        "by seed, with half of an interval that allows for training rows which overlap from seed "
        "to seed (Nadeau and Bengio); bold where it leaves out zero. The first trial of a search "
        "is the defaults.",
        markdown(overview(frame)),
    ]
    results.with_suffix(".md").write_text(page(parts))
