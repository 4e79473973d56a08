"""Fitting every scheme and its single-task twin, pair by pair, and scoring each task."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pickle import PicklingError
from typing import Any

import joblib
import pandas as pd
import torch
from sklearn.base import clone
from sklearn.metrics import check_scoring
from sklearn.utils import _safe_indexing
from sklearn.utils.parallel import Parallel, delayed

from sklearn_ple.inspection.gain_splits import Pairing
from sklearn_ple.metrics import TaskScorer, mtl_gain

Scores = dict[str, float]


@dataclass(frozen=True)
class Contest:
    """Schemes and their twins; a model that serves several schemes is there once.

    Attributes
    ----------
    models : list of estimator
        Unfitted.
    roles : dict of str to (int, int)
        By scheme, the numbers of the multi-task and of the single-task model.
    labels : list of str
        What to call each model while it is fitted.
    """

    models: list[Any]
    roles: dict[str, tuple[int, int]]
    labels: list[str]

    @classmethod
    def of(cls, schemes: Mapping[str, Any], twins: Mapping[str, Any]) -> Contest:
        """Number the models."""
        models: dict[str, Any] = {}
        labels: dict[str, str] = {}
        roles: dict[str, tuple[int, int]] = {}
        for scheme, estimator in schemes.items():
            twin = twins[scheme]
            keys = _key(estimator), _key(twin)
            models |= dict(zip(keys, (estimator, twin), strict=True))
            labels = dict(zip(keys, (scheme, "single-task"), strict=True)) | labels
            numbers = [list(models).index(key) for key in keys]
            roles[scheme] = (numbers[0], numbers[1])
        return cls(list(models.values()), roles, [labels[key] for key in models])


def fit_pairs(
    contest: Contest,
    pairings: Sequence[Pairing],
    X: Any,
    y: Any,
    scorers: Mapping[str, TaskScorer],
    *,
    n_jobs: int | None,
    progress: bool,
) -> pd.DataFrame:
    """Fit all models on all pairings.

    Parameters
    ----------
    contest : Contest
    pairings : sequence of Pairing
    X, y
        All rows.
    scorers : dict of str to TaskScorer
        One a task.
    n_jobs : int or None
        Fits at a time; with more than one, each has one torch thread.
    progress : bool
        Whether to show a bar.

    Returns
    -------
    DataFrame
        As `MTLGainReport.pairs`.
    """
    # Here and not above, for it warns in a notebook that lacks widgets.
    from tqdm.auto import tqdm

    jobs = [(p, m) for p in range(len(pairings)) for m in range(len(contest.models))]
    one_thread = joblib.effective_n_jobs(n_jobs) > 1
    results = Parallel(n_jobs=n_jobs, return_as="generator_unordered")(
        delayed(_fit_and_score)(
            (p, m), contest.models[m], pairings[p], X, y, dict(scorers), one_thread=one_thread
        )
        for p, m in jobs
    )
    scores: dict[tuple[int, int], Scores] = {}
    with tqdm(
        total=len(jobs), desc="MTL gain", unit="fit", dynamic_ncols=True, disable=not progress
    ) as bar:
        for job, found in results:
            scores[job] = found
            bar.set_postfix_str(contest.labels[job[1]], refresh=False)
            bar.update()
    return _table(contest, pairings, scores, scorers)


def has_seed(estimator: Any) -> bool:
    """Whether a `random_state` is anywhere among the parameters."""
    return bool(_seed_names(estimator))


def _fit_and_score(
    job: tuple[int, int],
    estimator: Any,
    pairing: Pairing,
    X: Any,
    y: Any,
    scorers: dict[str, TaskScorer],
    *,
    one_thread: bool,
) -> tuple[tuple[int, int], Scores]:
    model = clone(estimator)
    if names := _seed_names(model):
        model.set_params(**dict.fromkeys(names, pairing.seed))
    with _torch_threads(1 if one_thread else None):
        model.fit(_safe_indexing(X, pairing.train), _safe_indexing(y, pairing.train))
        score = check_scoring(model, scoring=scorers)
        return job, score(model, _safe_indexing(X, pairing.test), _safe_indexing(y, pairing.test))


def _table(
    contest: Contest,
    pairings: Sequence[Pairing],
    scores: Mapping[tuple[int, int], Scores],
    scorers: Mapping[str, TaskScorer],
) -> pd.DataFrame:
    """Equation 11 for every scheme, pairing and task; metrics in their own sign."""
    greater = {task: scorer._sign > 0 for task, scorer in scorers.items()}
    metrics = {
        task: scorer.name if greater[task] else scorer.name.removeprefix("neg_")
        for task, scorer in scorers.items()
    }
    parts = []
    for scheme, (multi, single) in contest.roles.items():
        for p, pairing in enumerate(pairings):
            own_signs = [
                {task: scorers[task]._sign * value for task, value in scores[p, model].items()}
                for model in (multi, single)
            ]
            gains = mtl_gain(*own_signs, greater_is_better=greater)
            parts.append(
                gains.rename_axis("task")
                .reset_index()
                .assign(
                    scheme=scheme,
                    fold=pairing.fold,
                    seed=pairing.seed,
                    n_train=len(pairing.train),
                    n_test=len(pairing.test),
                )
            )
    table = pd.concat(parts, ignore_index=True)
    table["metric"] = table["task"].map(metrics)
    first = ["scheme", "task", "metric", "fold", "seed", "n_train", "n_test"]
    return table[[*first, *(name for name in table.columns if name not in first)]]


def _seed_names(estimator: Any) -> list[str]:
    return [
        name
        for name in estimator.get_params(deep=True)
        if name == "random_state" or name.endswith("__random_state")
    ]


def _key(estimator: Any) -> str:
    """The same for estimators with the same parameters, so that none is fitted twice on a pair."""
    try:
        return joblib.hash((type(estimator), estimator.get_params(deep=True)))
    except PicklingError:  # a lambda somewhere
        return f"object {id(estimator)}"


@contextmanager
def _torch_threads(n_threads: int | None) -> Iterator[None]:
    """So many torch threads inside, as many as before after; None leaves them alone."""
    before = torch.get_num_threads()
    if n_threads is not None:
        torch.set_num_threads(n_threads)
    try:
        yield
    finally:
        if n_threads is not None:
            torch.set_num_threads(before)
