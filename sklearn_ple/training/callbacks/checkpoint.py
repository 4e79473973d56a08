"""`Checkpoint`: all that a fit needs to go on later, kept at the ends of epochs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from skorch.callbacks import Callback
from torch import nn

from sklearn_ple.tasks.user_warning import warn_user
from sklearn_ple.training.callbacks.averaging import WeightAveraging
from sklearn_ple.training.callbacks.best_weights import BestWeights
from sklearn_ple.training.callbacks.schedule import LearningRateSchedule
from sklearn_ple.training.checkpoint_files import CheckpointFolder, State
from sklearn_ple.training.plain_state import (
    packed_history,
    plain,
    tell_of_left_out,
    unpacked_history,
)

_TENSORS = 5  # of a parameter's size: itself, its average, its best, two moments of Adam's


def size_on_disk(module: nn.Module) -> int:
    """About how many bytes a checkpoint of a module's training takes.

    Parameters
    ----------
    module : nn.Module

    Returns
    -------
    int
    """
    return _TENSORS * sum(p.numel() * p.element_size() for p in module.parameters())


class Checkpoint(Callback):
    """Take up the state that was found, and write the state down every few epochs.

    It comes after the callbacks whose state it keeps and before all others, who find the history
    and the weights of the epochs before already there when training begins.

    Parameters
    ----------
    folder : CheckpointFolder or None
        None in a process that shares the fit with one that writes.
    every : int
        Epochs from one checkpoint to the next; one more is written at the end.
    schedule : LearningRateSchedule
    averaging : WeightAveraging or None
    best : BestWeights
    about : dict
        What else to keep: data about the fit, for whoever resumes it.
    found : dict or None
        The state to go on from; with None, the folder is cleared.
    """

    def __init__(
        self,
        folder: CheckpointFolder | None,
        every: int,
        *,
        schedule: LearningRateSchedule,
        averaging: WeightAveraging | None,
        best: BestWeights,
        about: Mapping[str, Any],
        found: State | None = None,
    ) -> None:
        self.folder = folder
        self.every = every
        self.schedule = schedule
        self.averaging = averaging
        self.best = best
        self.about = about
        self.found = found
        self._left_out: dict[str, str] = {}

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:
        found, self.found = self.found, None  # which is as large as the net, several times
        if found is not None:
            self._restore(net, found)
        elif self.folder is not None:
            self.folder.clear()

    def after_epoch(self, net: Any, *, last: bool) -> None:
        """Write the state down if it is time to; called when all callbacks have seen the epoch.

        A disk that is full for a while is no reason to lose a fit: that is a warning.

        Raises
        ------
        TypeError
            If the state holds something else than data.
        """
        if self.folder is None or (not last and net.epochs_done_ % self.every):
            return
        state = self._state(net, ended=last)
        try:
            self.folder.write(net.epochs_done_, state)
        except (OSError, RuntimeError) as error:
            warn_user(
                f"The checkpoint after epoch {net.epochs_done_} could not be written to "
                f"{self.folder.path} ({error}). Training goes on; earlier checkpoints are whole.",
                RuntimeWarning,
            )

    def _parts(self, net: Any) -> dict[str, Any]:
        parts = {
            "module": net.plain_module,
            "criterion": net.criterion_,
            "optimizer": net.optimizer_,
            "streams": net.streams,
            "schedule": self.schedule,
            "best": self.best,
        }
        return parts if self.averaging is None else parts | {"averaging": self.averaging}

    def _state(self, net: Any, *, ended: bool) -> State:
        parts = {name: part.state_dict() for name, part in self._parts(net).items()}
        state: State = plain(parts | dict(self.about))
        return state | {
            "history": self._history(net),
            "epochs_done": net.epochs_done_,
            "stopped": net.stop_requested_,
            "patience": self.best.patience,
            "ended": ended,
        }

    def _history(self, net: Any) -> list[dict[str, Any]]:
        """The history as data; of what is no data a fit warns once."""
        left_out: dict[str, str] = {}
        packed = packed_history(net.history, left_out)
        new = {name: kind for name, kind in left_out.items() if name not in self._left_out}
        tell_of_left_out(new, "A checkpoint")
        self._left_out |= new
        return packed

    @torch.no_grad()
    def _restore(self, net: Any, found: State) -> None:
        for name, part in self._parts(net).items():
            part.load_state_dict(found[name])
        net.history[:] = unpacked_history(found["history"])
        net.epochs_done_ = found["epochs_done"]
        net.stop_requested_ = found["stopped"]
        if found["patience"] != self.best.patience and self.best.best_epoch_ is not None:
            net.stop_requested_ = self.best.is_out_of_patience(len(net.history))
