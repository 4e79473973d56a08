"""`EpochReport`: tell somebody outside of the fit how each epoch did."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from skorch import NeuralNet
from skorch.callbacks import Callback


class EpochReport(Callback):
    """Call a function with every epoch's number and validation score; what it raises ends the fit.

    Estimators copy their callbacks, and searches copy estimators; this one is the same object in
    every copy, so that all report to the one who asked. Without held-out rows there is no score,
    and no call.

    Parameters
    ----------
    report : callable
        Called with the epoch, from 1, and the score; greater is better.
    column : str
        Of the history: "score", which early stopping goes by, or "score/<task>".
    """

    def __init__(self, report: Callable[[int, float], None], column: str = "score") -> None:
        self.report = report
        self.column = column

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        row = net.history[-1]
        if self.column in row:
            self.report(row["epoch"], row[self.column])

    def __sklearn_clone__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self
