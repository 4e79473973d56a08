"""Fitting every scheme and its single-task twin, pair by pair, and judging each task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pickle import PicklingError
from typing import Any

import joblib
from sklearn.base import clone
from sklearn.utils import _safe_indexing
from sklearn.utils.parallel import Parallel, delayed

from sklearn_ple.base.fit.checkpointing import without_checkpoints
from sklearn_ple.inspection.gain_scoring import Draws, judge
from sklearn_ple.inspection.gain_splits import Pairing
from sklearn_ple.metrics import TaskScorer
from sklearn_ple.metrics.row_bootstrap import RowDraws
from sklearn_ple.training.threads import torch_threads

Job = tuple[int, int]
Judged = tuple[dict[str, float], Draws]


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
    draws: Sequence[RowDraws],
    *,
    n_jobs: int | None,
    progress: bool,
) -> dict[Job, Judged]:
    """Fit all models on all pairings, and judge them.

    Parameters
    ----------
    contest : Contest
    pairings : sequence of Pairing
    X, y
        All rows.
    scorers : dict of str to TaskScorer
        One per task.
    draws : sequence of RowDraws
        One per fold.
    n_jobs : int or None
        Fits at a time; with more than one, each has one torch thread.
    progress : bool
        Whether to show a bar.

    Returns
    -------
    dict of (int, int) to (dict, ndarray)
        By numbers of pairing and model, what `judge` gave.
    """
    # Here and not above, for it warns in a notebook that lacks widgets.
    from tqdm.auto import tqdm

    jobs = [(p, m) for p in range(len(pairings)) for m in range(len(contest.models))]
    one_thread = joblib.effective_n_jobs(n_jobs) > 1
    results = Parallel(n_jobs=n_jobs, return_as="generator_unordered")(
        delayed(_fit_and_judge)(
            (p, m),
            contest.models[m],
            pairings[p],
            X,
            y,
            dict(scorers),
            draws[pairings[p].fold],
            one_thread=one_thread,
        )
        for p, m in jobs
    )
    judged: dict[Job, Judged] = {}
    with tqdm(
        total=len(jobs), desc="MTL gain", unit="fit", dynamic_ncols=True, disable=not progress
    ) as bar:
        for job, found in results:
            judged[job] = found
            bar.set_postfix_str(contest.labels[job[1]], refresh=False)
            bar.update()
    return judged


def has_seed(estimator: Any) -> bool:
    """Whether a `random_state` is anywhere among the parameters."""
    return bool(_seed_names(estimator))


def _fit_and_judge(
    job: Job,
    estimator: Any,
    pairing: Pairing,
    X: Any,
    y: Any,
    scorers: dict[str, TaskScorer],
    draws: RowDraws,
    *,
    one_thread: bool,
) -> tuple[Job, Judged]:
    model = without_checkpoints(clone(estimator))
    if names := _seed_names(model):
        model.set_params(**dict.fromkeys(names, pairing.seed))
    with torch_threads(1 if one_thread else None):
        model.fit(_safe_indexing(X, pairing.train), _safe_indexing(y, pairing.train))
        test_X, test_y = _safe_indexing(X, pairing.test), _safe_indexing(y, pairing.test)
        return job, judge(model, test_X, test_y, scorers, draws)


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
