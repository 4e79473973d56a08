"""What a person sees while a fit runs, and what another program is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from skorch import NeuralNet
from skorch.callbacks import Callback


class ProgressLine(Callback):
    """One live line: epoch, losses and validation scores.

    Parameters
    ----------
    label : str
        What is being fitted.
    max_epochs : int
    """

    def __init__(self, label: str, max_epochs: int) -> None:
        self.label = label
        self.max_epochs = max_epochs

    def on_train_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        # Here and not above, for it warns in a notebook that lacks widgets.
        from tqdm.auto import tqdm

        self._bar = tqdm(
            total=self.max_epochs,
            initial=net.epochs_done_,
            desc=self.label,
            unit="epoch",
            dynamic_ncols=True,
        )

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        row = net.history[-1]
        shown = {"loss": f"{row['train_loss']:.4f}"}
        for prefix in ("loss/", "score/") if len(net.task_names) <= 4 else ("score/",):
            values = {n: row.get(prefix + n) for n in net.task_names}
            shown |= {
                f"{prefix}{name}" if prefix == "loss/" else f"D²/{name}": f"{value:.3f}"
                for name, value in values.items()
                if value is not None
            }
        self._bar.set_postfix(shown, refresh=False)
        self._bar.update()

    def on_train_end(self, net: NeuralNet, **kwargs: Any) -> None:
        self._bar.close()
        del self._bar


class EpochHook(Callback):
    """Call functions at the ends of every epoch; one that returns True stops training.

    Parameters
    ----------
    begin : callable
        Called without arguments.
    end : callable
        Called without arguments; a true value it returns stops training.
    """

    def __init__(self, begin: Callable[[], None], end: Callable[[], bool]) -> None:
        self.begin = begin
        self.end = end

    def on_epoch_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        self.begin()

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        if self.end():
            net.stop_requested_ = True
