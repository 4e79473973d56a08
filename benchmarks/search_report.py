"""The page of the study on searches, from its rows."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
from study_page import gain_cell, intro, markdown, page, signed

from sklearn_ple.metrics import gain_verdicts

DEFAULTS, SEARCH, UNPRUNED = "defaults", "search", "search, nothing pruned"
FOLDS = "search, four folds"
NET = ["set", "architecture"]


def refits_beside(results: Path) -> Path:
    """Where the other fits of what was found are kept."""
    return results.with_name(f"{results.stem}_refits.jsonl")


def averaged(frame: pd.DataFrame, refits: pd.DataFrame) -> pd.DataFrame:
    """Runs with the mean of their own fit and of all others of what they found."""
    run = [*NET, "variant", "seed"]
    fits = pd.concat([frame, refits])[[*run, "mean"]].groupby(run)["mean"]
    means = fits.agg(mean="mean", fits="size").reset_index()
    return frame.drop(columns="mean").merge(means, on=run)


def pairs(frame: pd.DataFrame, better: str, base: str) -> pd.DataFrame:
    """A row per seed on which both variants ran: figures and epochs of both, and the gain."""
    keys = [*NET, "seed"]
    one, other = (frame[frame["variant"] == variant] for variant in (better, base))
    base_columns = [*keys, "mean", "epochs_searched"]
    both = one.merge(other[base_columns], on=keys, suffixes=("", "_base"))
    return both.assign(gain=both["mean"] - both["mean_base"])


def gain(of_net: pd.DataFrame) -> str:
    """The mean gain over the seeds of one net, with half its interval where there are several."""
    if len(of_net) < 2:
        return signed(1000 * of_net["gain"].iloc[0])
    judged = of_net.assign(scheme=of_net["architecture"], task=of_net["set"], fold=of_net["seed"])
    return gain_cell(gain_verdicts(judged).iloc[0])


def gains_table(frame: pd.DataFrame) -> pd.DataFrame:
    """A row per net and way to score trials: what a search gains, promised and took."""
    rows = {
        (*net, scored): {
            "seeds": len(each),
            "fits": each["fits"].min(),
            "defaults": f"{each['mean_base'].mean():.4f}",
            "search": f"{each['mean'].mean():.4f}",
            "gain": gain(each),
            "gain promised": signed(1000 * (each["best_score"] - each["first_score"]).mean()),
            "epochs": f"{each['epochs_searched'].mean():,.0f}",
        }
        for variant, scored in ((SEARCH, "one quarter"), (FOLDS, "four folds"))
        for net, each in pairs(frame, variant, DEFAULTS).groupby(NET, sort=False)
    }
    index = [*NET, "trials scored on"]
    return (
        pd.DataFrame.from_dict(rows, orient="index")
        .rename_axis(index)
        .sort_index(level=NET, sort_remaining=False)
    )


def pruning_table(frame: pd.DataFrame) -> pd.DataFrame:
    """A row per net: what pruning saves, and what it costs."""
    rows = {}
    for net, each in pairs(frame, SEARCH, UNPRUNED).groupby(NET, sort=False):
        whole, pruned = each["epochs_searched_base"].mean(), each["epochs_searched"].mean()
        rows[net] = {
            "seeds": len(each),
            "fits": each["fits"].min(),
            "epochs, all trials to the end": f"{whole:,.0f}",
            "pruned": f"{pruned:,.0f}",
            "saved": f"{1 - pruned / whole:.0%}",
            "gain of pruning": gain(each),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(NET)


def _read(path: Path) -> pd.DataFrame:
    return pd.DataFrame([json.loads(line) for line in path.read_text().splitlines()])


def write_report(results: Path) -> None:
    """Write the page beside the rows."""
    frame, beside = _read(results), refits_beside(results)
    frame = averaged(frame, _read(beside) if beside.exists() else frame[:0])
    frame = frame.sort_values([*NET, "seed"], kind="stable")
    parts = [
        intro(
            f"{frame['n_trials'].max()} trials against the defaults",
            "python benchmarks/search.py",
            frame,
        ),
        "A figure is the mean over tasks of AUC (binary) or of the share of deviance explained "
        "(all others), on rows that neither search nor fit saw. Gains are in thousandths, paired "
        "by seed, with half of an interval that allows for training rows which overlap from seed "
        "to seed (Nadeau and Bengio); bold where it leaves out zero. Where there are several fits "
        "for every seed, which differ in initial values and order of rows, it is their mean.",
        "## What a search gains",
        markdown(gains_table(frame)),
        "The first trial of a search is the defaults; what it promised is how far the best trial "
        "was ahead of that one on the rows that trials are scored on. Epochs are those of all "
        "trials of a search.",
        "## What pruning saves",
        markdown(pruning_table(frame)),
        "The searches by one quarter once more, with trials that all go on to the end; the gain is "
        "that of the pruned search.",
    ]
    results.with_suffix(".md").write_text(page(parts))
