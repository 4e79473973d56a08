"""A worker that stands still in its second trial, to be killed there.

Usage: killed_worker.py URL MARKER; the file MARKER appears when it stands still.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from searched import people, search

from sklearn_ple import SharedBottomClassifierRegressor
from sklearn_ple.model_selection import resilient_storage


def main(url: str, marker: str) -> None:
    n_scored: list[int] = []
    score = SharedBottomClassifierRegressor.score

    def stall(estimator: Any, X: Any, y: Any) -> float:
        n_scored.append(1)
        if len(n_scored) > 2:  # two folds are a trial
            Path(marker).touch()
            time.sleep(600)
        return score(estimator, X, y)

    SharedBottomClassifierRegressor.score = stall  # its own: others go on by the same metric
    storage = resilient_storage(url, heartbeat_interval=1)
    search(storage=storage, study_name="shared", n_trials=4).fit(*people())


if __name__ == "__main__":
    main(*sys.argv[1:])
