"""Searching the weights of a combined score, by what the ranking is worth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import differential_evolution

Floats = NDArray[np.float64]
RELATIVE_TOLERANCE = 1e-6


@dataclass(frozen=True)
class FoundWeights:
    """What a search found.

    Attributes
    ----------
    weights : ndarray of shape (n_parts,)
        Their absolute values add up to 1.
    score : float
        What they score.
    starts : Series
        The score of equal weights ("equal") and of each part alone.
    n_evaluations : int
        How many rankings were scored.
    """

    weights: Floats
    score: float
    starts: pd.Series
    n_evaluations: int


def search_weights(
    terms: pd.DataFrame,
    objective: Callable[[Floats], float],
    *,
    signed: NDArray[np.bool_],
    max_evaluations: int,
    random_state: int | np.random.RandomState | np.random.Generator | None,
) -> FoundWeights:
    """Find the weights w for which the ranking by `terms @ w` scores highest.

    Differential evolution (Storn and Price, 1997), as ranking metrics are step functions of the
    weights: they have no gradient, and their plateaus stop local methods. It starts among others
    from equal weights and from each part alone, so that the best found is no worse than any of
    them; where it is no better, that simple one is taken. Each term is measured in units of its
    standard deviation, so the search does not depend on the terms' scales, and a term that is the
    same in every row, which can't change a ranking, gets no weight.

    Parameters
    ----------
    terms : DataFrame of shape (n, n_parts)
        Logarithms of the factors.
    objective : callable
        Scores a combined score of shape (n,); greater is better.
    signed : ndarray of bool, shape (n_parts,)
        Which weights may be negative.
    max_evaluations : int
        How often `objective` may be called; for the starting points it always is.
    random_state : int, RandomState, Generator or None

    Returns
    -------
    FoundWeights

    Raises
    ------
    ValueError
        If no term varies, or the starting ranking scores NaN.
    """
    matrix = terms.to_numpy()
    spread = matrix.std(axis=0)
    varies = spread > 1e-12 * np.maximum(np.abs(matrix).max(axis=0), 1)
    if not varies.any():
        raise ValueError("There is nothing to weigh: every factor is the same in all rows.")
    search = _Search(matrix[:, varies] / spread[varies], objective, max_evaluations)
    names = terms.columns[varies]
    starts = _starts(signed[varies])
    scores = np.array([search.score(z) for z in starts])
    if np.isnan(scores[0]):
        raise ValueError("With equal weights the combined score scores NaN on these rows.")
    best = starts[int(np.nanargmax(scores))]
    if len(names) > 1 and max_evaluations > search.n_evaluations:
        found = search.evolve(starts, signed[varies], random_state)
        if search.score(found) > np.nanmax(scores):
            best = found
    weights = np.zeros(len(spread))
    weights[varies] = best / spread[varies]
    return FoundWeights(
        weights / np.abs(weights).sum(),
        search.score(best),
        pd.Series(scores[: 1 + len(names)], index=["equal", *names], name="score"),
        search.n_evaluations,
    )


def _starts(signed: NDArray[np.bool_]) -> Floats:
    """Equal weights, each part alone, and each alone that may count against a row."""
    alone = np.eye(len(signed))
    return np.vstack([np.ones(len(signed)), alone, -alone[signed]])


class _Search:
    """Scores directions in the space of standardised terms, each once, and counts."""

    def __init__(
        self, terms: Floats, objective: Callable[[Floats], float], max_evaluations: int
    ) -> None:
        self.terms = terms
        self.objective = objective
        self.max_evaluations = max_evaluations
        self.scores: dict[tuple[float, ...], float] = {}

    @property
    def n_evaluations(self) -> int:
        return len(self.scores)

    def score(self, z: Floats) -> float:
        key = tuple(z.tolist())
        if key not in self.scores:
            self.scores[key] = self.objective(self.terms @ z)
        return self.scores[key]

    def cost(self, z: Floats) -> float:
        is_known = tuple(z.tolist()) in self.scores
        if not is_known and self.n_evaluations >= self.max_evaluations:
            return np.inf
        score = self.score(z) if z.any() else np.nan  # no weights, no ranking
        return np.inf if np.isnan(score) else -score

    def evolve(
        self,
        starts: Floats,
        signed: NDArray[np.bool_],
        random_state: int | np.random.RandomState | np.random.Generator | None,
    ) -> Floats:
        # A given generator goes on; an int, or none, never touches NumPy's global one.
        rng: np.random.RandomState | np.random.Generator
        if isinstance(random_state, np.random.RandomState | np.random.Generator):
            rng = random_state
        else:
            rng = np.random.default_rng(random_state)
        n_parts = len(signed)
        n_random = max(10, 5 * n_parts)
        drawn = rng.uniform(size=(n_random, n_parts))
        low = np.where(signed, -1.0, 0.0)
        population = np.vstack([starts, low + drawn * (1 - low)])
        result = differential_evolution(
            self.cost,
            list(zip(low, np.ones(n_parts), strict=True)),
            init=population,
            maxiter=max(1, self.max_evaluations // len(population) - 1),
            tol=RELATIVE_TOLERANCE,
            polish=False,
            seed=rng,
        )
        return result.x
