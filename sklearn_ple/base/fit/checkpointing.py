"""What a fit has to do with its checkpoints: where they are, whose they are, where to go on."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import sklearn
import torch

from sklearn_ple.base.fit.identity import differences
from sklearn_ple.tasks.user_warning import warn_user
from sklearn_ple.training import (
    BestWeights,
    Checkpoint,
    CheckpointFolder,
    LearningRateSchedule,
    MultiTaskNet,
    ProcessGroup,
    WeightAveraging,
    size_on_disk,
)
from sklearn_ple.training.checkpoint_files import State

if TYPE_CHECKING:
    from sklearn_ple.base.estimator import MultiTaskEstimator


class Checkpoints:
    """The checkpoints of one fit.

    Parameters
    ----------
    folder : CheckpointFolder
    every : int
        Epochs from one to the next.
    found : dict or None
        The state to go on from.
    group : ProcessGroup or None
        The processes that share the fit, of which the first writes.

    Attributes
    ----------
    pilot_epochs : int or None
        What a pilot run found, in this process or in the one that was stopped.
    """

    def __init__(
        self, folder: CheckpointFolder, every: int, found: State | None, group: ProcessGroup | None
    ) -> None:
        self.folder = folder
        self.every = every
        self.found = found
        self.group = group
        self.pilot_epochs: int | None = found["pilot_epochs"] if found else None
        self._about: dict[str, Any] = {}

    @property
    def begins_anew(self) -> bool:
        """Whether what is resumed did not go on from an earlier fit itself."""
        return self.found is not None and self.found["identity"].get("begins") == "anew"

    def belong_to(
        self, identity: Mapping[str, str], random_state: np.random.RandomState, given: Any
    ) -> np.random.RandomState:
        """Say which fit this is, and get the random state that it began with.

        Parameters
        ----------
        identity : dict of str to str
        random_state : RandomState
            What the estimator's parameter means now.
        given : int, RandomState or None
            That parameter. An object stays the one that is drawn from; it is in the same state as
            when the fit began, or the fit is another.

        Raises
        ------
        ValueError
            If the checkpoint found is of another fit; the message says what differs.
        """
        if self.found is not None:
            self._check(identity, self.found)
            if not isinstance(given, np.random.RandomState):
                random_state = np.random.RandomState()
                random_state.set_state(self.found["random_state"])
        start = random_state.get_state(legacy=False)
        self._about = {
            "identity": identity,
            "random_state": start,
            "circumstances": self._circumstances(),
        }
        return random_state

    def callback(
        self,
        net: MultiTaskNet,
        schedule: LearningRateSchedule,
        averaging: WeightAveraging | None,
        best: BestWeights,
    ) -> Checkpoint:
        """Make what restores the net and writes checkpoints while it trains.

        Raises
        ------
        OSError
            If the disk has no room for them.
        """
        writes = self.group is None or self.group.is_first
        if writes:
            self.folder.require_space(size_on_disk(net.module_))
        found, self.found = self.found, None
        return Checkpoint(
            self.folder if writes else None,
            self.every,
            schedule=schedule,
            averaging=averaging,
            best=best,
            about=self._about | {"pilot_epochs": self.pilot_epochs},
            found=found,
        )

    def _check(self, identity: Mapping[str, str], found: Mapping[str, Any]) -> None:
        if differ := differences(found["identity"], identity):
            raise ValueError(
                f"The checkpoints in {self.folder.path} are of another fit: {differ}. To go on "
                f"with that one, restore what it was; to begin anew, remove them or name another "
                f"checkpoint_dir."
            )
        if differ := differences(found["circumstances"], self._circumstances()):
            warn_user(
                f"The checkpoint in {self.folder.path} was written in other circumstances: "
                f"{differ}. Training goes on; it may not end on the very same weights.",
                UserWarning,
            )

    def _circumstances(self) -> dict[str, str]:
        """What may change the last bits of a sum, and nothing more."""
        package = sys.modules[__name__.partition(".")[0]]  # which has its version, and imports us
        modules = (package, torch, np, sklearn)
        versions = {module.__name__: str(module.__version__) for module in modules}
        n_processes = 1 if self.group is None else self.group.share.size
        return versions | {"threads": str(torch.get_num_threads()), "processes": str(n_processes)}


@contextmanager
def checkpoints_of(
    estimator: MultiTaskEstimator, *, resume: bool, group: ProcessGroup | None = None
) -> Iterator[Checkpoints | None]:
    """The checkpoints that an estimator asks for, locked for as long as the context lasts.

    Parameters
    ----------
    estimator : MultiTaskEstimator
    resume : bool
        Whether to go on from what is there.
    group : ProcessGroup or None
        The processes that share the fit: the first reads and writes for all.

    Raises
    ------
    ValueError
        If a fit is to be resumed and no directory is named, or none of its checkpoints is whole; if
        one was stopped and is not to be resumed; or if another fit has the directory.
    OSError
        If nothing can be written there.
    """
    params = estimator.get_params(deep=False)
    if params["checkpoint_dir"] is None:
        if resume:
            raise ValueError(
                "resume=True has nothing to go on from: checkpoint_dir is None. Set it before the "
                "first fit."
            )
        yield None
        return
    folder, every = CheckpointFolder(params["checkpoint_dir"]), params["checkpoint_every"]
    if group is not None and not group.is_first:
        yield Checkpoints(folder, every, group.from_first(None), group)
        return
    with folder:
        found = _found_in(folder, resume=resume)
        if group is not None:
            found = group.from_first(found)
        yield Checkpoints(folder, every, found, group)


def without_checkpoints(estimator: Any) -> Any:
    """The estimator, or pipeline, with `checkpoint_dir` set to None: for tools that fit many."""
    suffix = "checkpoint_every"  # which no one else's estimators have
    own = [name for name in estimator.get_params(deep=True) if name.endswith(suffix)]
    names = [name.removesuffix(suffix) + "checkpoint_dir" for name in own]
    return estimator.set_params(**dict.fromkeys(names))


def _found_in(folder: CheckpointFolder, *, resume: bool) -> State | None:
    """The state to go on from; an error where hours of work may be lost otherwise."""
    found = folder.read_newest()
    if resume and found is None and (files := folder.files()):
        raise ValueError(
            f"No checkpoint in {folder.path} can be read, of {[file.name for file in files]}. To "
            f"begin anew, remove them or name another checkpoint_dir."
        )
    if not resume and found is not None and not found["ended"]:
        raise ValueError(
            f"{folder.path} holds a fit that was stopped after epoch {found['epochs_done']}, and "
            f"would be lost. Go on with fit(..., resume=True); or, to begin anew, remove those "
            f"checkpoints or name another checkpoint_dir."
        )
    return found if resume else None
