"""`DivergenceGuard`: a loss that is no number ends training with an error."""

from __future__ import annotations

import math
from typing import Any

from skorch import NeuralNet
from skorch.callbacks import Callback

from sklearn_ple.training.row_data import RowData

_ROWS = 256


class DivergenceError(ArithmeticError):
    """The training loss became infinite or NaN; the message names the epoch and the tasks."""


class DivergenceGuard(Callback):
    """Raise `DivergenceError` at the end of an epoch whose loss is not finite.

    The last step may break a net whose losses were all fine, so a few rows are predicted too.
    """

    def on_epoch_end(
        self, net: NeuralNet, dataset_train: RowData | None = None, **kwargs: Any
    ) -> None:
        row = net.history[-1]
        bad = [n for n in net.task_names if not math.isfinite(row.get(f"loss/{n}", math.nan))]
        if bad or not math.isfinite(row["train_loss"]):
            broken = f"the loss of {bad or 'the sum'} is"
        elif dataset_train is not None and not _predicts_numbers(net, dataset_train):
            broken = "the outputs after its last step are"
        else:
            return
        raise DivergenceError(
            f"Training diverged in epoch {row['epoch']}: {broken} not finite. Try a lower lr, or "
            f"look for extreme values in y."
        )


def _predicts_numbers(net: NeuralNet, data: RowData) -> bool:
    few = {name: tensor[:_ROWS] for name, tensor in data.X.items()}
    return bool(net.raw_outputs(few).isfinite().all())
