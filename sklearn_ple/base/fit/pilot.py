"""A pilot: how many epochs a small training set wants, found out on a part of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone

from sklearn_ple.tasks import Task

if TYPE_CHECKING:
    from sklearn_ple.base.estimator import MultiTaskEstimator

EARLY_STOPPING_FROM = 1_000
PILOT_FROM = 400
PILOT_EPOCHS, PILOT_PATIENCE, PILOT_FRACTION = 300, 40, 0.2


def holds_out(params: Mapping[str, Any], n_rows: int) -> bool:
    """Whether some of so many rows are held out to stop by."""
    wanted = params["early_stopping"]
    return n_rows >= EARLY_STOPPING_FROM if wanted == "auto" else bool(wanted)


def wants_pilot(params: Mapping[str, Any], n_rows: int) -> bool:
    """Whether nothing else says when training should end.

    From `EARLY_STOPPING_FROM` rows on, held-out rows do. With fewer, no row should be missing from
    the training of the final model; and below `PILOT_FROM` a part of them is too few to judge by.
    """
    is_open = params["max_epochs"] == "auto" and params["early_stopping"] == "auto"
    return is_open and PILOT_FROM <= n_rows < EARLY_STOPPING_FROM


def pilot_of(
    estimator: MultiTaskEstimator,
    kinds: Sequence[Task],
    names: Sequence[str],
    random_state: np.random.RandomState,
) -> MultiTaskEstimator:
    """An unfitted twin that trains silently, long, and until held-out rows say stop.

    It takes targets of these names for the kinds that they were found to be.

    Small sets differ in this more than in anything else: noisy ones want 10 epochs, those without
    noise several hundred.
    """
    pilot: MultiTaskEstimator = clone(estimator).set_params(
        tasks=dict(zip(names, kinds, strict=True)),
        early_stopping=True,
        validation_fraction=PILOT_FRACTION,
        max_epochs=PILOT_EPOCHS,
        patience=PILOT_PATIENCE,
        callbacks=None,
        checkpoint_dir=None,
        verbose=0,
        random_state=int(random_state.randint(2**31)),
    )
    pilot.__dict__.pop("_skl_callbacks", None)  # scikit-learn's clone takes its callbacks along
    return pilot
