"""Who draws the parameters: a sampler for each worker."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


def draw_samplers(
    sampler: BaseSampler | None,
    n_workers: int,
    *,
    n_before: int,
    random_state: np.random.RandomState,
) -> list[BaseSampler]:
    """Samplers of which none draws what another does.

    Parameters
    ----------
    sampler : BaseSampler or None
        Copied, and seeded anew where there are several workers; None is Optuna's TPE.
    n_workers : int
    n_before : int
        Trials that there are already: a search that goes on must not begin with the same draws.
    random_state : RandomState
        Seeds TPE.
    """
    from optuna.samplers import TPESampler

    if sampler is None:
        seeds = random_state.randint(2**31 - 1, size=n_workers) + n_before
        return [TPESampler(seed=int(seed)) for seed in seeds]
    copies = [copy.deepcopy(sampler) for _ in range(n_workers)]
    if n_workers > 1:
        for each in copies:
            each.reseed_rng()
    return copies
