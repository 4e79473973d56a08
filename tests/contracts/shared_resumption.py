"""A fit that processes share, whole, and cut short and resumed: `shared_resumption.py FOLDER`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import torch
from architecture_walk import small
from people import make_people
from power_cut import BUSY, PowerCut, PowerCutError, assert_same

from sklearn_ple import PLEEstimator

X, Y = make_people(157)
SETTINGS: dict[str, Any] = BUSY | {"early_stopping": True, "weighting": "rlw", "max_epochs": 4}


def begin(folder: Path) -> None:
    """Fit until the current fails in the third epoch, in all processes."""
    try:
        small(PLEEstimator, **SETTINGS, checkpoint_dir=folder, callbacks=[PowerCut(3)]).fit(X, Y)
    except PowerCutError:
        return
    raise AssertionError("the fit ended")


def resume(folder: Path) -> PLEEstimator:
    """Go on from there."""
    return small(PLEEstimator, **SETTINGS, checkpoint_dir=folder).fit(X, Y, resume=True)


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    begin(folder / "group")
    one = small(PLEEstimator, **SETTINGS).fit(X, Y)
    for _ in ("stopped", "ended"):
        # How many rows of a batch were whose is noted for the first process alone.
        assert_same(one, resume(folder / "group"), X, batches=False)
    begin(folder / "alone")
    (folder / f"{os.environ['RANK']}.done").touch()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
