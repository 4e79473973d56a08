"""`DivergenceGuard`: a loss that is no number ends training with an error."""

from __future__ import annotations

import math
from typing import Any

from skorch import NeuralNet
from skorch.callbacks import Callback


class DivergenceError(ArithmeticError):
    """The training loss became infinite or NaN; the message names the epoch and the tasks."""


class DivergenceGuard(Callback):
    """Raise `DivergenceError` at the end of an epoch whose loss is not finite."""

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        row = net.history[-1]
        bad = [n for n in net.task_names if not math.isfinite(row.get(f"loss/{n}", math.nan))]
        if bad or not math.isfinite(row["train_loss"]):
            raise DivergenceError(
                f"Training diverged in epoch {row['epoch']}: the loss of {bad or 'the sum'} is not "
                f"finite. Try a lower lr, or look for extreme values in y."
            )
