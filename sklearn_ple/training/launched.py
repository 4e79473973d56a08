"""Which processes share a fit, and what they agree on before it begins."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from multiprocessing import parent_process
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.distributed as dist

from sklearn_ple.training.process_group import ProcessGroup

if TYPE_CHECKING:
    from torch.distributed.distributed_c10d import Store


@contextmanager
def process_group() -> Iterator[ProcessGroup | None]:
    """The processes that share what is done inside; None where there is but this one.

    They are those of the `torch.distributed` group that a launcher or the user has made. Where
    there is none, and the environment has a `WORLD_SIZE` above 1, as torchrun leaves it, one is
    made and ended again. A process that `multiprocessing` or joblib made makes none: it has
    inherited that environment.

    Yields
    ------
    ProcessGroup or None

    Raises
    ------
    ProcessGroupError
        In all other processes, if one leaves.
    """
    with _launched():
        if not dist.is_available() or not dist.is_initialized() or dist.get_world_size() == 1:
            yield None
            return
        group = ProcessGroup.meet()
        try:
            yield group
            group.finish()
        except BaseException as error:
            group.leave(error)
            raise


@contextmanager
def _launched() -> Iterator[None]:
    """With the group that the environment asks for, if there is none."""
    asked = int(os.environ.get("WORLD_SIZE", "1")) > 1 and parent_process() is None
    if not asked or not dist.is_available() or dist.is_initialized():
        yield
        return
    from torch.distributed.distributed_c10d import PrefixStore  # which not every torch has

    store, rank, size = _meeting_point()
    number = store.add(f"sklearn_ple/{rank}", 1)  # keys of earlier groups would be taken for ours
    dist.init_process_group(
        store=PrefixStore(f"sklearn_ple/{number}", store), rank=rank, world_size=size
    )
    try:
        yield
    finally:
        dist.destroy_process_group()


@cache
def _meeting_point() -> tuple[Store, int, int]:
    """The store that the environment names, this process's rank and the number of processes."""
    from torch.distributed.rendezvous import rendezvous

    store, rank, size = next(rendezvous("env://"))
    return store, rank, size


def shared_random_state(
    given: int | np.random.RandomState | None, group: ProcessGroup
) -> np.random.RandomState:
    """The random state that an estimator's parameter means, the first process's in all.

    Parameters
    ----------
    given : int, RandomState or None
        An object stays the one that is drawn from.
    group : ProcessGroup

    Returns
    -------
    RandomState
        In the same state in all processes.
    """
    if isinstance(given, np.random.RandomState):
        given.set_state(group.from_first(given.get_state(legacy=False)))
        return given
    # None is NumPy's global generator, as everywhere in scikit-learn.
    drawn = int(np.random.randint(2**31)) if given is None else given  # noqa: NPY002
    return np.random.RandomState(group.from_first(drawn))


def own_device(device: str) -> str:
    """The GPU of this process, by its number on its host, where "auto" or "cuda" leaves it open.

    Without one, "auto" is the CPU: nothing is exchanged between devices of another kind.

    Parameters
    ----------
    device : str
        As in `resolve_device`.

    Returns
    -------
    str
        For `resolve_device` again.
    """
    if device not in ("auto", "cuda"):
        return device
    if not torch.cuda.is_available():
        return "cpu" if device == "auto" else device
    return f"cuda:{int(os.environ.get('LOCAL_RANK', '0')) % torch.cuda.device_count()}"
