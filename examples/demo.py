"""Five ways of sharing, on two questions about the same persons.

    make demo            20,000 rows of the census that ship with the package
    make demo FULL=1     all 299,285 rows in their official split

Every architecture is trained three times. A seed decides the split into training and test rows
and everything random in a fit, and is the same for all architectures, so that differences between
them are paired.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import matplotlib
import pandas as pd
from sklearn.model_selection import train_test_split
from tqdm import tqdm

import sklearn_ple as ple
from sklearn_ple.base import MultiTaskEstimator

ARCHITECTURES: dict[str, type[MultiTaskEstimator]] = {
    "SingleTask": ple.SingleTaskClassifier,
    "SharedBottom": ple.SharedBottomClassifier,
    "MMOE": ple.MMOEClassifier,
    "CGC": ple.CGCClassifier,
    "PLE": ple.PLEClassifier,
}
YARDSTICK = "SingleTask"
GATED = ["MMOE", "CGC", "PLE"]
SEEDS = range(3)
METRICS = {"AUC": "roc_auc", "log loss": "neg_log_loss"}
PICTURE = "expert_utilization.png"


@dataclass(frozen=True)
class Split:
    """Rows to train on and rows to score."""

    X_train: pd.DataFrame
    Y_train: pd.DataFrame
    X_test: pd.DataFrame
    Y_test: pd.DataFrame


def full_split() -> Split:
    """All of the data, as the archive splits it."""
    X_train, Y_train = ple.fetch_census_income(subset="train", return_X_y=True)
    X_test, Y_test = ple.fetch_census_income(subset="test", return_X_y=True)
    return Split(X_train, Y_train, X_test, Y_test)


def sample_split(seed: int, n_rows: int) -> Split:
    """Three quarters of the shipped sample to train on, each pair of labels with its share."""
    X, Y = ple.load_census_income(return_X_y=True)
    X, Y = X[:n_rows], Y[:n_rows]
    X_train, X_test, Y_train, Y_test = train_test_split(
        X, Y, test_size=0.25, stratify=Y["income"] * 2 + Y["never_married"], random_state=seed
    )
    return Split(X_train, Y_train, X_test, Y_test)


def score(model: MultiTaskEstimator, split: Split) -> pd.DataFrame:
    """Scores by task (rows) and metric (columns); greater is better."""
    tasks = list(split.Y_test)
    return pd.DataFrame(
        {
            name: [ple.task_scorer(t, metric)(model, split.X_test, split.Y_test) for t in tasks]
            for name, metric in METRICS.items()
        },
        index=tasks,
    )


def gains(scores: pd.DataFrame, single_task: pd.DataFrame) -> pd.DataFrame:
    """Equation 11 of the PLE paper, by task and metric; positive is better than alone."""
    columns = {
        f"gain in {name}": ple.mtl_gain(scores[name], single_task[name])["gain"] for name in scores
    }
    return pd.DataFrame(columns)


def mean_and_spread(tables: Sequence[pd.DataFrame], sign: str) -> pd.DataFrame:
    """Mean ± standard deviation over seeds, as text."""
    stacked = pd.concat(tables).groupby(level=0, sort=False)
    mean, spread = stacked.mean(), stacked.std()
    pairs = {
        name: [f"{m:{sign}.4f} ± {s:.4f}" for m, s in zip(mean[name], spread[name], strict=True)]
        for name in mean
    }
    return pd.DataFrame(pairs, index=mean.index)


def report(scores: dict[str, list[pd.DataFrame]]) -> str:
    """One table per task: architectures down, metrics and gains across."""
    by_architecture = {}
    for name, runs in scores.items():
        plain = [run.assign(**{"log loss": -run["log loss"]}) for run in runs]
        gained = [gains(run, alone) for run, alone in zip(runs, scores[YARDSTICK], strict=True)]
        parts = [mean_and_spread(plain, ""), mean_and_spread(gained, "+")]
        by_architecture[name] = pd.concat(parts, axis=1)
    table = pd.concat(by_architecture).swaplevel()
    table.loc[(slice(None), YARDSTICK), [f"gain in {name}" for name in METRICS]] = "-"
    tasks = scores[YARDSTICK][0].index
    return "\n\n".join(f"{task}\n{table.loc[task].to_string(justify='right')}" for task in tasks)


def draw(models: dict[str, MultiTaskEstimator], X: pd.DataFrame, path: Path) -> None:
    """Which experts each task uses, one panel per architecture (figure 8 of the PLE paper)."""
    from matplotlib import pyplot as plt

    tables = {name: ple.expert_utilization(model, X) for name, model in models.items()}
    heights = [
        len(t.drop_duplicates(["level", "gate"])) + t["level"].max() for t in tables.values()
    ]
    figure, axes = plt.subplots(
        len(tables),
        figsize=(9, 1.2 * len(tables) + 0.34 * sum(heights)),
        height_ratios=heights,
        layout="constrained",
    )
    for ax, (name, table) in zip(axes, tables.items(), strict=True):
        ple.ExpertUtilizationDisplay(table).plot(ax=ax)
        ax.set_title(name, loc="left", fontweight="bold")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description="Compare five ways of sharing on the census.")
    parser.add_argument("--full", action="store_true", help="all 299,285 rows, official split")
    parser.add_argument("--rows", type=int, default=20_000, help="rows of the sample (default all)")
    parser.add_argument("--epochs", type=int, help="epochs per fit (default 8; with --full: auto)")
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder of the picture")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Fit, compare, draw."""
    args = arguments(argv)
    max_epochs = args.epochs or ("auto" if args.full else 8)
    everything = full_split() if args.full else None
    scores: dict[str, list[pd.DataFrame]] = {name: [] for name in ARCHITECTURES}
    models: dict[str, MultiTaskEstimator] = {}
    start = perf_counter()
    with tqdm(total=len(SEEDS) * len(ARCHITECTURES), unit="fit") as bar:
        for seed in SEEDS:
            split = everything or sample_split(seed, args.rows)
            for name, architecture in ARCHITECTURES.items():
                bar.set_description(f"seed {seed}, {name}")
                model = architecture(max_epochs=max_epochs, random_state=seed)
                models[name] = model.fit(split.X_train, split.Y_train)
                scores[name].append(score(model, split))
                bar.update()
    path = args.out / PICTURE
    matplotlib.use("Agg")
    draw({name: models[name] for name in GATED}, split.X_test, path)
    n_train, n_test = len(split.X_train), len(split.X_test)
    print(
        f"\nCensus income: {n_train:,} training rows, {n_test:,} test rows, {len(SEEDS)} paired "
        f"seeds; mean ± standard deviation.\nGain (equation 11): better than {YARDSTICK} of the "
        f"same seed if positive, whichever way the metric runs.\n\n{report(scores)}\n"
    )
    print(closing_words(full=args.full))
    print(f"\nWhich experts each task uses: {path} (last seed). {perf_counter() - start:.0f} s.")


def closing_words(*, full: bool) -> str:
    """What the figures do and do not show."""
    if full:
        return (
            "Three seeds on one data set are no evidence for a ranking: the spread above is that "
            "of training alone."
        )
    return (
        "Three seeds on a sample are no evidence for a ranking, and figures on a sample are not "
        "comparable with published ones: make demo FULL=1 uses all of the data."
    )


if __name__ == "__main__":
    main()
