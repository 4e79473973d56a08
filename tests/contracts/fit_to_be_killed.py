"""A fit in a process of its own that asks, at every step and at every stage of a write, to live on.

    python fit_to_be_killed.py FOLDER RESULT

It prints the name of each moment and waits for a line; whoever runs it can kill it in the midst.
"""

from __future__ import annotations

import io
import pickle
import sys
from pathlib import Path
from typing import Any

import torch
from architecture_walk import small
from people import make_people
from power_cut import without_seconds
from skorch.callbacks import Callback

from sklearn_ple import PLEEstimator
from sklearn_ple.training import checkpoint_files

X, Y = make_people(211)
SETTINGS: dict[str, Any] = {
    "batch_size": 48,
    "lr": 0.05,
    "dropout": 0.3,
    "max_epochs": 30,
    "patience": 3,
    "early_stopping": True,
    "validation_fraction": 0.2,
}


def say(name: str) -> None:
    sys.stdout.write(name + "\n")
    sys.stdout.flush()


def moment(name: str) -> None:
    """Say where this process is, and wait to be told to go on."""
    say(name)
    sys.stdin.readline()


class Steps(Callback):
    def on_batch_end(self, net: Any, **kwargs: Any) -> None:
        moment("step")


def asking() -> None:
    """Make every write of a checkpoint ask in its middle, before and after it gets its name."""
    save, replace = torch.save, Path.replace

    def slow_save(state: Any, file: Any) -> None:
        content = io.BytesIO()
        save(state, content)
        half = len(content.getvalue()) // 2
        file.write(content.getvalue()[:half])
        file.flush()
        moment("half written")
        file.write(content.getvalue()[half:])

    def slow_replace(part: Path, target: Path) -> Path:
        moment("unnamed")
        replaced = replace(part, target)
        moment("named")
        return replaced

    checkpoint_files.torch.save = slow_save
    Path.replace = slow_replace


def outcome(model: PLEEstimator) -> dict[str, Any]:
    """All that a fit is for."""
    return {
        "weights": [p.detach().numpy() for p in model.module_.parameters()],
        "history": without_seconds(model),
        "best epoch": model.best_epoch_,
        "predictions": model.predict_frame(X),
    }


def main() -> None:
    torch.set_num_threads(1)
    folder, result = map(Path, sys.argv[1:])
    asking()
    model = small(PLEEstimator, **SETTINGS, callbacks=[Steps()], checkpoint_dir=folder)
    model.fit(X, Y, resume=True)
    result.write_bytes(pickle.dumps(outcome(model)))
    say("ended")


if __name__ == "__main__":
    main()
