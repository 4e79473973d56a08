"""How much Optuna says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet(verbose: int = 0) -> Iterator[None]:
    """Optuna silent for a while, or, from 1 on, logging each trial."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.INFO if verbose > 0 else optuna.logging.ERROR)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)
