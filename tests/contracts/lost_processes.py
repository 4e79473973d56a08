"""A script whose processes leave a fit that they share, each time in another way.

`python lost_processes.py FOLDER`, as one of three. A process writes into a file of FOLDER, named
after its rank, what each fit raised and after how many seconds since the second one left.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import shared_fits
import torch
from skorch.callbacks import Callback

VICTIM = 1


class Leaves(Callback):
    """Does something in the second epoch, in the second process alone."""

    def __init__(self, how: str, left: Path) -> None:
        self.how = how
        self.left = left

    def on_batch_end(self, net: Any, **kwargs: Any) -> None:
        if torch.distributed.get_rank() != VICTIM or len(net.history) != 2:
            return
        self.left.write_text(str(time.time()))
        if self.how == "raises":
            raise LookupError("the table has no such page")
        if self.how == "interrupted":
            raise KeyboardInterrupt
        os.kill(os.getpid(), signal.SIGKILL)


def attempt(how: str, folder: Path) -> dict[str, Any]:
    """What a fit raised, and how long after the second process had left."""
    changes: dict[str, Any] = {"callbacks": [Leaves(how, folder / f"{how}.left")]}
    X, y = shared_fits.rows()
    rank = torch.distributed.get_rank()
    if how == "other rows" and rank == VICTIM:
        X = X[::-1]
    if how == "bad rows" and rank == VICTIM:
        X = X[:-1]
    if how in ("other rows", "bad rows", "nothing", "other settings"):
        changes = {}
    if how == "other settings" and rank == VICTIM:
        changes = {"lr": 0.2}
    try:
        shared_fits.made(early_stopping=False, **changes).fit(X, y)
    except BaseException as error:
        left = folder / f"{how}.left"
        late = time.time() - float(left.read_text()) if left.exists() else 0.0
        return {"raised": type(error).__name__, "message": str(error), "late": late}
    return {"raised": None}


def main(folder: Path) -> None:
    """Leave in every way, the last of which no process survives."""
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo")
    rank, seen = torch.distributed.get_rank(), {}
    for how in sys.argv[2:]:
        seen[how] = attempt(how, folder)
        (folder / f"{rank}.json").write_text(json.dumps(seen))
    os._exit(0)  # with a lost process there is no orderly end


if __name__ == "__main__":
    main(Path(sys.argv[1]))
