"""Whether a search beats the defaults on rows that it never saw, and what pruning saves.

    python benchmarks/search.py study                    40 trials a search, 5 seeds
    python benchmarks/search.py study --sets adult_mixed --architectures PLE --seeds 2 --jobs 2
    python benchmarks/search.py refit                    what was found, 4 times more
    python benchmarks/search.py report                   the page from what has been run

A seed decides which fifth of the *training* file judges, which quarter of the rest a search scores
its trials on, and everything random in search and fits; it is the same for all variants: the
defaults, a search, one whose trials all go on to the end, and one that scores its trials on every
quarter in turn. What a search found is fitted on the whole rest, once by the study, and more often
with other initial values and orders of rows by `refit`: the luck of one fit is as large as what
a search gains. Every run is a row of `docs/studies/search.jsonl`, or of `search_refits.jsonl`
beside it; those found there are not repeated.
"""

from __future__ import annotations

import argparse
import ast
import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from defaults import pair
from judge import judge_net
from optuna.pruners import NopPruner
from real_data import RealSet
from resume import Row, run_missing, stamp
from search_report import DEFAULTS, FOLDS, SEARCH, UNPRUNED, refits_beside, write_report
from sklearn.model_selection import ShuffleSplit

import sklearn_ple
from sklearn_ple.metrics import task_scorer
from sklearn_ple.model_selection import MultiTaskSearchCV, MultiTaskStratifiedKFold

RESULTS = Path(__file__).resolve().parents[1] / "docs" / "studies" / "search.jsonl"
SETS = ("adult_mixed", "tox21_rdkit")
VARIANTS = (DEFAULTS, SEARCH, UNPRUNED, FOLDS)
ARCHITECTURES = ("SharedBottom", "PLE")
Key = tuple[str, str, str, int]


class MeanFigure:
    """What the study judges by: the mean of AUC for binary tasks and D² for all others."""

    def __init__(self, kinds: dict[str, str]) -> None:
        self.scorers = [
            task_scorer(name, "roc_auc" if kind == "binary" else "d2")
            for name, kind in kinds.items()
        ]

    def __call__(self, estimator: Any, X: Any, y: Any) -> float:
        return float(np.mean([scorer(estimator, X, y) for scorer in self.scorers]))


def searched(estimator: Any, train: RealSet, variant: str, seed: int, n_trials: int) -> Row:
    """Search on the training rows, and set what was found."""
    quarter = ShuffleSplit(1, test_size=0.25, random_state=seed)
    quarters = MultiTaskStratifiedKFold(4, shuffle=True, random_state=seed)
    search = MultiTaskSearchCV(
        estimator,
        scoring=MeanFigure(train.kinds),
        n_trials=n_trials,
        cv=quarters if variant == FOLDS else quarter,
        pruner=NopPruner() if variant == UNPRUNED else None,
        refit=False,
        random_state=seed,
    ).fit(train.X, train.Y)
    estimator.set_params(**search.best_params_)
    states, counts = np.unique(search.cv_results_["state"], return_counts=True)
    times = search.cv_results_["mean_fit_time"] + search.cv_results_["mean_score_time"]
    return {
        "epochs_searched": int(search.cv_results_["n_epochs"].sum()),
        "seconds_complete": float(np.nansum(times)),
        "states": dict(zip(states.tolist(), counts.tolist(), strict=True)),
        "best_score": search.best_score_,
        "first_score": float(search.cv_results_["mean_test_score"][0]),
        "best_params": {name: str(value) for name, value in search.best_params_.items()},
    }


def run(name: str, architecture: str, variant: str, n_trials: int, seed: int) -> Row:
    """One variant, judged on held-out rows."""
    train, judge = pair(name, seed)
    make = getattr(sklearn_ple, f"{architecture}Estimator")
    estimator = make(tasks=train.kinds, random_state=seed)
    found = {} if variant == DEFAULTS else searched(estimator, train, variant, seed, n_trials)
    sizes = {"n_train": len(train.X), "n_test": len(judge.X)}
    return judge_net(estimator, train, judge) | found | sizes | stamp()


def parameters(row: Row) -> dict[str, Any]:
    """What a search found, back from its texts; nothing of the defaults."""
    return {name: _value(text) for name, text in row.get("best_params", {}).items()}


def _value(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except ValueError:  # a word
        return text


def refit(found: Mapping[Key, Row], *run: Any) -> Row:
    """What was found once more, with another seed of the fit, judged on the same rows."""
    name, architecture, variant, _, seed, number = run
    train, judge = pair(name, seed)
    make = getattr(sklearn_ple, f"{architecture}Estimator")
    estimator = make(tasks=train.kinds, random_state=1000 * number + seed)
    estimator.set_params(**parameters(found[name, architecture, variant, seed]))
    return judge_net(estimator, train, judge) | stamp()


def refits(rows: Sequence[Row], n_refits: int) -> tuple[dict[Key, Row], list[Row]]:
    """Rows of the study by what tells them apart, and the runs to make of each."""
    found = {(r["set"], r["architecture"], r["variant"], r["seed"]): r for r in rows}
    keys = ("set", "architecture", "variant", "n_trials", "seed")
    return found, [
        {key: row[key] for key in keys} | {"refit": number}
        for number in range(1, n_refits + 1)
        for row in rows
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=["study", "refit", "report"])
    parser.add_argument("--sets", nargs="+", default=list(SETS), help='also "set, N rows"')
    parser.add_argument("--architectures", nargs="+", default=list(ARCHITECTURES))
    parser.add_argument("--variants", nargs="+", default=list(VARIANTS), choices=VARIANTS)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--refits", type=int, default=4)
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time")
    parser.add_argument("--results", type=Path, default=RESULTS)
    args = parser.parse_args()
    if args.part == "report":
        write_report(args.results)
        return
    if args.part == "refit":
        lines = args.results.read_text().splitlines()
        rows = [row for row in map(json.loads, lines) if row["set"] in args.sets]
        rows = [row for row in rows if row["architecture"] in args.architectures]
        found, runs = refits(rows, args.refits)
        run_missing(refits_beside(args.results), runs, partial(refit, found), n_jobs=args.jobs)
        return
    runs = [
        {
            "set": name,
            "architecture": architecture,
            "variant": variant,
            "n_trials": 0 if variant == DEFAULTS else args.trials,
            "seed": seed,
        }
        for architecture in args.architectures
        for seed in range(args.seeds)
        for name in args.sets
        for variant in args.variants
    ]
    run_missing(args.results, runs, run, n_jobs=args.jobs)


if __name__ == "__main__":
    main()
